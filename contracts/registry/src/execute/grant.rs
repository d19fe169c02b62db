//! Records delegations to gateway keys.

use super::check::{self, Signed};
use crate::{
    ContractError,
    state::{devices::Devices, grants},
};
use caplet_api::event::GrantRecorded;
use caplet_api::registry::{GrantInput, GrantRecord};
use caplet_base::domain;
use caplet_protocol::{Domain, layout::Grant};
use cosmwasm_std::{Api, Event, Storage};

/// Records each grant if its device signed it with its present key; the latest epoch wins.
pub(super) fn grant(
    storage: &mut dyn Storage,
    api: &dyn Api,
    now: u64,
    items: &[GrantInput],
) -> Result<Vec<Event>, ContractError> {
    check::batch(items.len())?;
    let domain = domain::load(storage)?;
    let mut devices = Devices::open();
    let mut statements = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        let statement = statement(storage, &mut devices, now, item, &domain);
        statements.push(statement.map_err(|e| e.at(index))?);
    }
    check::all_signed(api, "grant signature", &statements)?;

    let mut events = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        grants::record(storage, item.device, as_record(item)).map_err(|e| e.at(index))?;
        let event = GrantRecorded {
            device: item.device.0,
            delegate: item.delegate.key.to_vec(),
            scopes: item.scopes,
            epoch: item.epoch,
        };
        events.push(event.into());
    }
    Ok(events)
}

fn statement<'a>(
    storage: &dyn Storage,
    devices: &mut Devices,
    now: u64,
    item: &'a GrantInput,
    domain: &Domain,
) -> Result<Signed<'a, { Grant::LEN }>, ContractError> {
    let device = devices.get(storage, item.device)?;
    device.assert_alive()?;
    let grant = Grant {
        device: item.device,
        delegate: check::key("delegate key", &item.delegate)?,
        scopes: item.scopes,
        spend_cap: item.spend_cap.u64(),
        not_after: item.not_after.u64(),
        epoch: item.epoch,
    };
    sound(&grant, now)?;
    let preimage = grant.preimage(domain);
    Ok(Signed { preimage, signature: &item.signature, key: device.key })
}

/// A revocation needs no date; anything else must be able to take effect.
fn sound(grant: &Grant, now: u64) -> Result<(), ContractError> {
    if grant.scopes & !Grant::ALL != 0 {
        let reason = "unknown scope bits: use dial 1, read 2, meter 4, vouch 8, order 16";
        return Err(ContractError::Grant { reason });
    }
    if grant.spend_cap != 0 && grant.scopes & (Grant::VOUCH | Grant::ORDER) == 0 {
        let reason = "a spend cap without the vouch or order scope: set it to 0";
        return Err(ContractError::Grant { reason });
    }
    if grant.scopes != 0 {
        check::in_force("the grant", grant.not_after, now)?;
    }
    Ok(())
}

fn as_record(item: &GrantInput) -> GrantRecord {
    GrantRecord {
        delegate: item.delegate.clone(),
        scopes: item.scopes,
        spend_cap: item.spend_cap,
        not_after: item.not_after,
        epoch: item.epoch,
    }
}
