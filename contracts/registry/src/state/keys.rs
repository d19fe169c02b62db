//! Keys: each registered once, ever; earlier ones of a device stay readable for the settle window.

use crate::ContractError;
use caplet_api::layout::old_keys_key;
use caplet_base::peer::OldKey;
use caplet_protocol::{DeviceId, layout::PublicKey};
use cosmwasm_std::{StdError, StdResult, Storage};
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

/// Most old keys a device keeps at once. More rotations than this within the longest settle window
/// would push out a key whose vouchers are still due, so they are refused.
const MOST: usize = 32;

/// The longest settle window that escrow takes, in seconds and in blocks.
const LONGEST: u64 = 7 * 24 * 3600;

/// Keeps the key that a rotation ends, where peers read it, before those that ended earlier and are
/// still in a settle window: so no number of quick rotations takes back what an old key signed.
///
/// # Errors
/// If so many keys are in their window that there is no room for another.
pub(crate) fn retire(
    storage: &mut dyn Storage,
    device: DeviceId,
    retired: OldKey,
) -> Result<(), ContractError> {
    let place = old_keys_key(device);
    let before = OldKey::list(&storage.get(&place).unwrap_or_default())
        .ok_or_else(|| StdError::msg("a device's old keys are malformed"))?;
    let since = |old: &OldKey| {
        (retired.rotated.saturating_sub(old.rotated), retired.height.saturating_sub(old.height))
    };
    let mut kept: Vec<OldKey> = before
        .into_iter()
        // a halted chain defeats seconds alone
        .filter(|old| since(old).0 <= LONGEST || since(old).1 <= LONGEST)
        .collect();
    if kept.len() >= MOST
        && let Some(oldest) = kept.pop()
        && since(&oldest).0 <= LONGEST
    {
        let until = oldest.rotated.saturating_add(LONGEST);
        return Err(ContractError::TooManyRotations { device, most: MOST, until });
    }
    let mut bytes = retired.encode();
    bytes.extend(kept.iter().flat_map(OldKey::encode));
    storage.set(&place, &bytes);
    Ok(())
}
