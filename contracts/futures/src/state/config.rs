//! The contracts this one reads and calls.

use caplet_api::futures::InstantiateMsg;
use cosmwasm_schema::cw_serde;
use cosmwasm_std::{Addr, Api, StdResult, Storage};
use cw_storage_plus::Item;

/// Addresses of the peers, fixed at instantiation.
#[cw_serde]
pub(crate) struct Peers {
    /// Accounts and devices.
    pub(crate) registry: Addr,
    /// The money and the leases.
    pub(crate) escrow: Addr,
    /// Reliability tiers and suspensions.
    pub(crate) reputation: Addr,
    /// Markets and the capacity ledger.
    pub(crate) auction: Addr,
}

/// The peers.
const PEERS: Item<Peers> = Item::new("peers");

/// Fixes the peers.
pub(crate) fn init(
    storage: &mut dyn Storage,
    api: &dyn Api,
    msg: &InstantiateMsg,
) -> StdResult<()> {
    let peers = Peers {
        registry: api.addr_validate(&msg.registry)?,
        escrow: api.addr_validate(&msg.escrow)?,
        reputation: api.addr_validate(&msg.reputation)?,
        auction: api.addr_validate(&msg.auction)?,
    };
    PEERS.save(storage, &peers)
}

/// The peers.
pub(crate) fn load(storage: &dyn Storage) -> StdResult<Peers> {
    PEERS.load(storage)
}
