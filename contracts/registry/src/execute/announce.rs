//! Records profiles by digest.

use super::check::{self, Signed};
use crate::{
    ContractError,
    state::{devices::Devices, profiles},
};
use caplet_api::event::ProfileAnnounced;
use caplet_api::registry::{ProfileInput, ProfileRecord};
use caplet_base::domain;
use caplet_protocol::{Domain, layout::ProfileStatement};
use cosmwasm_std::{Api, Event, Storage};

/// Records each profile if its device signed it with its present key and it is newer than the last.
pub(super) fn announce(
    storage: &mut dyn Storage,
    api: &dyn Api,
    now: u64,
    items: &[ProfileInput],
) -> Result<Vec<Event>, ContractError> {
    check::batch(items.len())?;
    let domain = domain::load(storage)?;
    let mut devices = Devices::open();
    let mut statements = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        let statement = statement(storage, &mut devices, now, item, &domain);
        statements.push(statement.map_err(|e| e.at(index))?);
    }
    check::all_signed(api, "profile signature", &statements)?;

    let mut events = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        events.push(record(storage, item).map_err(|e| e.at(index))?);
    }
    Ok(events)
}

fn statement<'a>(
    storage: &dyn Storage,
    devices: &mut Devices,
    now: u64,
    item: &'a ProfileInput,
    domain: &Domain,
) -> Result<Signed<'a, { ProfileStatement::LEN }>, ContractError> {
    let device = devices.get(storage, item.device)?;
    device.assert_alive()?;
    check::in_force("the profile", item.not_after.u64(), now)?;
    let statement = ProfileStatement {
        device: item.device,
        sequence: item.sequence.u64(),
        not_after: item.not_after.u64(),
        digest: check::array32("profile digest", &item.digest)?,
    };
    let preimage = statement.preimage(domain);
    Ok(Signed { preimage, signature: &item.signature, key: device.key })
}

/// The sequence is compared here, not before, so that one batch may carry several of a device.
fn record(storage: &mut dyn Storage, item: &ProfileInput) -> Result<Event, ContractError> {
    let last = profiles::find(storage, item.device)?.map(|profile| profile.sequence.u64());
    check::follows("profile sequence", item.sequence.u64(), last)?;
    let profile = ProfileRecord {
        digest: item.digest.as_slice().into(),
        sequence: item.sequence,
        not_after: item.not_after,
    };
    profiles::save(storage, item.device, &profile)?;
    let event = ProfileAnnounced {
        device: item.device.0,
        digest: item.digest.to_vec(),
        sequence: item.sequence.u64(),
    };
    Ok(event.into())
}
