//! What a gateway measured of others, and where others' measurements put one.

use super::assign_cell::assign_cell;
use crate::{
    ContractError,
    state::{accounts, gateways, rtts},
};
use caplet_api::event::RttMeasured;
use caplet_api::registry::{MIN_REPORTERS, RttInput};
use caplet_protocol::CellId;
use cosmwasm_std::{Addr, Event, Storage};

/// Most measurements in one message.
const MAX_ENTRIES: usize = 64;
/// Longest round trip that is believed, in milliseconds.
const MAX_MS: u16 = 60_000;

/// Notes the sender's measurements: all or none.
pub(super) fn measure(
    storage: &mut dyn Storage,
    sender: &Addr,
    now: u64,
    entries: &[RttInput],
) -> Result<Vec<Event>, ContractError> {
    if entries.is_empty() || entries.len() > MAX_ENTRIES {
        return Err(ContractError::Measurements { count: entries.len(), most: MAX_ENTRIES });
    }
    let (reporter, from) = gateways::resolve(storage, sender.as_str())?;
    if from == CellId(0) {
        return Err(ContractError::NoCell { reporter });
    }
    let (mut targets, mut all) = (Vec::new(), Vec::new());
    for &RttInput { gateway, ms } in entries {
        if gateway == reporter {
            return Err(ContractError::OwnRtt { reporter });
        }
        if ms == 0 || ms > MAX_MS {
            return Err(ContractError::Rtt { ms, most: MAX_MS });
        }
        let address = accounts::address(storage, gateway)?;
        let target = gateways::resolve(storage, address.as_str())?;
        rtts::note(storage, (reporter, from), target, ms, now)?;
        targets.push(u64::from(gateway.0));
        all.push(u64::from(ms));
    }
    Ok(vec![RttMeasured { reporter: reporter.0, targets, ms: all }.into()])
}

/// Puts a gateway where others find it nearest.
pub(super) fn locate(
    storage: &mut dyn Storage,
    now: u64,
    gateway: &Addr,
) -> Result<Vec<Event>, ContractError> {
    let (account, _) = gateways::resolve(storage, gateway.as_str())?;
    let nearest = rtts::nearest(storage, account, now)?;
    let unmeasured = ContractError::Unmeasured { gateway: account, least: MIN_REPORTERS };
    assign_cell(storage, gateway, nearest.ok_or(unmeasured)?)
}
