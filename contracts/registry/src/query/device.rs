//! Devices by number, by key and as a list.

use crate::{
    ContractError,
    state::{
        accounts,
        devices::{self, Device, Devices},
        keys, profiles,
    },
};
use caplet_api::common::Key;
use caplet_api::layout::ATTESTED;
use caplet_api::registry::{DeviceResponse, DevicesResponse};
use caplet_base::cursor;
use caplet_protocol::{AccountId, DeviceId, layout::PublicKey};
use cosmwasm_std::Storage;

pub(super) fn by_number(
    storage: &dyn Storage,
    device: DeviceId,
) -> Result<DeviceResponse, ContractError> {
    show(storage, &Devices::open().get(storage, device)?)
}

/// The device that signs with `key` now; a key it rotated away from is named in the error.
pub(super) fn by_key(storage: &dyn Storage, key: &Key) -> Result<DeviceResponse, ContractError> {
    let none = |was| ContractError::NoDeviceByKey { was };
    let key = PublicKey::new(key.scheme, &key.key).ok_or_else(|| none(None))?;
    let id = keys::device_of(storage, &key)?.ok_or_else(|| none(None))?;
    let device = Devices::open().get(storage, id)?;
    if device.key != key {
        return Err(none(Some(id)));
    }
    show(storage, &device)
}

pub(super) fn list(
    storage: &dyn Storage,
    start_after: Option<DeviceId>,
    limit: Option<u32>,
) -> Result<DevicesResponse, ContractError> {
    let first = start_after.map_or(1, |device| device.0.saturating_add(1));
    let last = devices::count(storage)?;
    let mut pages = Devices::open();
    let devices = (first..=last)
        .take(cursor::limit(limit))
        .map(|id| show(storage, &pages.get(storage, DeviceId(id))?))
        .collect::<Result<_, _>>()?;
    Ok(DevicesResponse { devices })
}

fn show(storage: &dyn Storage, device: &Device) -> Result<DeviceResponse, ContractError> {
    let record = &device.record;
    Ok(DeviceResponse {
        device: device.id,
        owner: accounts::response(storage, AccountId(record.owner))?,
        gateway: accounts::response(storage, record.gateway())?,
        cell: record.cell(),
        status: device.status()?,
        attested: record.flags & ATTESTED != 0,
        key_epoch: record.key_epoch,
        key: Key { scheme: device.key.scheme(), key: device.key.key().into() },
        sealing: (device.sealing != [0; 32]).then(|| device.sealing.into()),
        profile: profiles::find(storage, device.id)?,
    })
}
