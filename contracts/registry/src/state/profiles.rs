//! Profiles: the chain keeps the digest; the document travels off chain.

use caplet_api::registry::ProfileRecord;
use caplet_protocol::DeviceId;
use cosmwasm_std::{StdResult, Storage};
use cw_storage_plus::Map;

/// Maps a device to its latest profile.
const PROFILES: Map<u32, ProfileRecord> = Map::new("profile");

/// A device's latest profile.
pub(crate) fn find(storage: &dyn Storage, device: DeviceId) -> StdResult<Option<ProfileRecord>> {
    PROFILES.may_load(storage, device.0)
}

/// Replaces a device's profile.
pub(crate) fn save(
    storage: &mut dyn Storage,
    device: DeviceId,
    profile: &ProfileRecord,
) -> StdResult<()> {
    PROFILES.save(storage, device.0, profile)
}

/// Forgets a device's profile with its sequence.
pub(crate) fn remove(storage: &mut dyn Storage, device: DeviceId) {
    PROFILES.remove(storage, device.0);
}
