//! Leases that the pool serves.

use crate::ContractError;
use caplet_protocol::DeviceId;
use cosmwasm_schema::cw_serde;
use cosmwasm_std::{Empty, Order, StdResult, Storage};
use cw_storage_plus::{Bound, Map};

/// A challenge to the serving member.
#[cw_serde]
#[derive(Copy)]
pub(crate) struct Challenge {
    /// Who would take over.
    pub(crate) by: DeviceId,
    /// Unix seconds until when it must be answered.
    pub(crate) answer_by: u64,
}

/// A lease that a member serves.
#[cw_serde]
#[derive(Copy)]
pub(crate) struct Served {
    /// Who serves.
    pub(crate) member: DeviceId,
    /// Lots.
    pub(crate) lots: u16,
    /// Base units of the whole lease.
    pub(crate) price: u64,
    /// Base units after fees that were credited for it.
    pub(crate) credited: u64,
    /// The open challenge.
    pub(crate) challenge: Option<Challenge>,
}

/// Maps a lease to who serves it.
const SERVED: Map<u64, Served> = Map::new("served");
/// Leases that were accounted to the end: no lease is served twice.
const DONE: Map<u64, Empty> = Map::new("done");

/// A lease that is served.
pub(crate) fn load(storage: &dyn Storage, lease: u64) -> Result<Served, ContractError> {
    let is = "is not assigned to a member, or was accounted to its end";
    find(storage, lease)?.ok_or(ContractError::Lease { lease, is })
}

/// A lease, if it is served.
pub(crate) fn find(storage: &dyn Storage, lease: u64) -> StdResult<Option<Served>> {
    SERVED.may_load(storage, lease)
}

/// Whether a lease was accounted to its end.
pub(crate) fn is_done(storage: &dyn Storage, lease: u64) -> bool {
    DONE.has(storage, lease)
}

/// Stores who serves a lease.
pub(crate) fn save(storage: &mut dyn Storage, lease: u64, served: &Served) -> StdResult<()> {
    SERVED.save(storage, lease, served)
}

/// Notes that a lease was accounted to its end.
pub(crate) fn finish(storage: &mut dyn Storage, lease: u64) -> StdResult<()> {
    SERVED.remove(storage, lease);
    DONE.save(storage, lease, &Empty {})
}

/// Leases that are served, at most `MAX_LEASES`.
pub(crate) fn all(storage: &dyn Storage) -> impl Iterator<Item = StdResult<(u64, Served)>> + '_ {
    after(storage, None)
}

/// Leases that are served after a number, ascending.
pub(crate) fn after(
    storage: &dyn Storage,
    lease: Option<u64>,
) -> impl Iterator<Item = StdResult<(u64, Served)>> + '_ {
    SERVED.range(storage, lease.map(Bound::exclusive), None, Order::Ascending)
}
