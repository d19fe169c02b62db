//! Enclaves that work for devices.

use crate::ContractError;
use caplet_protocol::DeviceId;
use cosmwasm_schema::cw_serde;
use cosmwasm_std::{HexBinary, Order, StdResult, Storage, Uint64};
use cw_storage_plus::{Bound, Map};

/// Maps a device to the enclave that works for it.
const ENCLAVES: Map<u32, Enclave> = Map::new("enclave");
/// Maps a device to the last sequence of an enclave it ever had.
const SEQUENCES: Map<u32, u64> = Map::new("enclave_sequence");

/// An enclave as it was registered.
#[cw_serde]
pub(crate) struct Enclave {
    /// Sequence.
    pub(crate) sequence: Uint64,
    /// X25519 key.
    pub(crate) sealing: HexBinary,
    /// ed25519 key.
    pub(crate) signing: HexBinary,
    /// Height of the registration.
    pub(crate) height: Uint64,
}

/// The enclave of a device, which must have one.
pub(crate) fn get(storage: &dyn Storage, device: DeviceId) -> Result<Enclave, ContractError> {
    ENCLAVES.may_load(storage, device.0)?.ok_or(ContractError::NoEnclave { device })
}

/// Enclaves after a device, at most `limit`.
pub(crate) fn list(
    storage: &dyn Storage,
    start_after: Option<DeviceId>,
    limit: usize,
) -> StdResult<Vec<(DeviceId, Enclave)>> {
    let from = start_after.map(|device| Bound::exclusive(device.0));
    let range = ENCLAVES.range(storage, from, None, Order::Ascending);
    range.take(limit).map(|entry| entry.map(|(device, found)| (DeviceId(device), found))).collect()
}

/// Sequence of the last enclave that a device ever had.
pub(crate) fn last(storage: &dyn Storage, device: DeviceId) -> StdResult<Option<u64>> {
    SEQUENCES.may_load(storage, device.0)
}

/// Replaces a device's enclave.
pub(crate) fn save(
    storage: &mut dyn Storage,
    device: DeviceId,
    enclave: &Enclave,
) -> StdResult<()> {
    SEQUENCES.save(storage, device.0, &enclave.sequence.u64())?;
    ENCLAVES.save(storage, device.0, enclave)
}

/// Forgets a device's enclave, but not its sequence: what was signed for it is good once.
pub(crate) fn remove(storage: &mut dyn Storage, device: DeviceId) {
    ENCLAVES.remove(storage, device.0);
}
