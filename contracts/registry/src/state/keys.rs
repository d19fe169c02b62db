//! Keys: each registered once, ever; the previous one of a device stays readable for the settle window.

use crate::ContractError;
use caplet_api::layout::old_key_key;
use caplet_protocol::{DeviceId, layout::PublicKey};
use cosmwasm_std::{StdResult, Storage};
use cw_storage_plus::Map;

/// Maps every key that ever was a device's (scheme and key, 34 bytes) to that device.
const TAKEN: Map<&[u8], u32> = Map::new("key");

/// The device whose key this is or was.
pub(crate) fn device_of(storage: &dyn Storage, key: &PublicKey) -> StdResult<Option<DeviceId>> {
    Ok(TAKEN.may_load(storage, &key.encode())?.map(DeviceId))
}

/// Notes that the key is the device's, for good.
pub(crate) fn take(
    storage: &mut dyn Storage,
    key: &PublicKey,
    device: DeviceId,
) -> Result<(), ContractError> {
    if let Some(device) = device_of(storage, key)? {
        return Err(ContractError::KeyTaken { device });
    }
    Ok(TAKEN.save(storage, &key.encode(), &device.0)?)
}

/// Keeps the key that a rotation ends, where peers read it. A device has one old key: a second
/// rotation ends what was left of the first one's settle window.
pub(crate) fn retire(
    storage: &mut dyn Storage,
    device: DeviceId,
    key: &PublicKey,
    now: u64,
    compromised: bool,
) {
    let mut record = key.encode().to_vec();
    record.extend_from_slice(&now.to_be_bytes());
    record.push(u8::from(compromised));
    storage.set(&old_key_key(device), &record);
}
