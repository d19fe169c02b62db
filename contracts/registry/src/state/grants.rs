//! Grants: for each device one short list, so that it is bounded and read at once.

use crate::ContractError;
use caplet_api::registry::GrantRecord;
use caplet_protocol::DeviceId;
use cosmwasm_std::{StdResult, Storage};
use cw_storage_plus::Map;

/// Most delegates of one device on record, revoked ones included: these must be remembered, or an
/// older grant could be brought again.
pub(crate) const MAX_DELEGATES: usize = 16;

/// Maps a device to its grants, one a delegate, in the order they first came.
const GRANTS: Map<u32, Vec<GrantRecord>> = Map::new("grants");

/// All grants on record, revoked and void ones too.
pub(crate) fn all(storage: &dyn Storage, device: DeviceId) -> StdResult<Vec<GrantRecord>> {
    Ok(GRANTS.may_load(storage, device.0)?.unwrap_or_default())
}

/// Grants that delegate something at `now` (Unix seconds).
pub(crate) fn live(
    storage: &dyn Storage,
    device: DeviceId,
    now: u64,
) -> StdResult<Vec<GrantRecord>> {
    let mut grants = all(storage, device)?;
    grants.retain(|grant| is_live(grant, now));
    Ok(grants)
}

fn is_live(grant: &GrantRecord, now: u64) -> bool {
    grant.scopes != 0 && grant.not_after.u64() > now
}

/// Records a grant if its epoch is above the last one's to the same delegate.
pub(crate) fn record(
    storage: &mut dyn Storage,
    device: DeviceId,
    grant: GrantRecord,
) -> Result<(), ContractError> {
    let mut grants = all(storage, device)?;
    let count = grants.len();
    match grants.iter_mut().find(|known| known.delegate == grant.delegate) {
        Some(known) if known.epoch >= grant.epoch => {
            return Err(ContractError::Order {
                what: "grant epoch",
                found: grant.epoch.into(),
                last: known.epoch.into(),
                remedy: "sign a higher one",
            });
        }
        Some(known) => *known = grant,
        None if count >= MAX_DELEGATES => {
            return Err(ContractError::TooManyDelegates { device, count });
        }
        None => grants.push(grant),
    }
    Ok(GRANTS.save(storage, device.0, &grants)?)
}

/// What a key rotation leaves: live grants, or none if the old key was compromised. What it drops
/// cannot be brought again, since the old key signed it.
pub(crate) fn rotate(
    storage: &mut dyn Storage,
    device: DeviceId,
    now: u64,
    compromised: bool,
) -> StdResult<()> {
    let mut grants = all(storage, device)?;
    grants.retain(|grant| !compromised && is_live(grant, now));
    if grants.is_empty() {
        GRANTS.remove(storage, device.0);
        return Ok(());
    }
    GRANTS.save(storage, device.0, &grants)
}
