//! Changes a device's keys.

use super::check;
use crate::{
    ContractError,
    state::{
        attestations,
        devices::{self, Device, Devices},
        enclaves, grants, keys, profiles,
    },
};
use caplet_api::{event::KeyRotated, registry::RotateInput};
use caplet_base::{domain, peer::OldKey};
use caplet_protocol::layout::Rotation;
use cosmwasm_std::{Addr, Api, BlockInfo, Event, Storage};

/// Begins the next key epoch: at once for everything but vouchers, for which peers read the old key
/// until their settle window ends, unless it was compromised.
///
/// Whoever held a compromised key may have signed grants, or a profile with the highest sequence
/// there is: both go with the key.
pub(super) fn rotate(
    storage: &mut dyn Storage,
    api: &dyn Api,
    block: &BlockInfo,
    sender: &Addr,
    input: &RotateInput,
) -> Result<Vec<Event>, ContractError> {
    let now = block.time.seconds();
    let mut devices = Devices::open();
    let mut device = devices.get(storage, input.device)?;
    device.assert_alive()?;
    next_epoch(&device, input.epoch)?;
    let key = check::key("new device key", &input.key)?;
    let sealing = check::sealing(input.sealing.as_ref())?;

    let rotation = Rotation { device: input.device, epoch: input.epoch, key, sealing };
    let preimage = rotation.preimage(&domain::load(storage)?);
    check::signed(api, "new key's proof", &preimage, &input.proof, key)?;
    if devices::owner(storage, &device)? != *sender {
        let consent = input.consent.as_ref().ok_or_else(|| ContractError::NoConsent {
            device: input.device,
            sender: sender.clone(),
        })?;
        check::signed(api, "present key's consent", &preimage, consent, device.key)?;
    }

    keys::take(storage, &key, input.device)?;
    let retired = OldKey {
        key: device.key,
        rotated: now,
        height: block.height,
        compromised: input.compromised,
    };
    keys::retire(storage, input.device, retired)?;
    device.record.key_epoch = input.epoch;
    device.key = key;
    device.sealing = sealing;
    devices.put(storage, &device)?;
    devices.flush(storage);
    grants::rotate(storage, input.device, now, input.compromised)?;
    if input.compromised {
        profiles::remove(storage, input.device);
        enclaves::remove(storage, input.device);
        attestations::clear(storage, input.device)?;
    }
    let event =
        KeyRotated { device: input.device.0, epoch: input.epoch, compromised: input.compromised };
    Ok(vec![event.into()])
}

/// Epochs go up by one, so a rotation signed once is good once.
fn next_epoch(device: &Device, epoch: u32) -> Result<(), ContractError> {
    let last = device.record.key_epoch;
    if last.checked_add(1) == Some(epoch) {
        return Ok(());
    }
    Err(ContractError::Order {
        what: "key epoch",
        found: epoch.into(),
        last: last.into(),
        remedy: "sign the next one, exactly one higher",
    })
}
