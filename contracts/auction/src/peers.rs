//! The contracts this one reads and calls.

use caplet_api::auction::{ConfigResponse, InstantiateMsg, ReserversResponse};
use cosmwasm_schema::cw_serde;
use cosmwasm_std::{Addr, Api, StdResult, Storage};
use cw_storage_plus::Item;

/// Addresses of the peers, fixed at instantiation.
#[cw_serde]
pub(crate) struct Peers {
    /// Accounts, devices, keys.
    pub(crate) registry: Addr,
    /// The money.
    pub(crate) escrow: Addr,
    /// Reliability tiers and suspensions.
    pub(crate) reputation: Addr,
}

/// Contracts that may reserve on the capacity ledger.
const RESERVERS: Item<Vec<Addr>> = Item::new("reservers");
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
    };
    PEERS.save(storage, &peers)
}

/// The peers.
pub(crate) fn load(storage: &dyn Storage) -> StdResult<Peers> {
    PEERS.load(storage)
}

/// Contracts that may reserve; nobody until governance names them.
pub(crate) fn reservers(storage: &dyn Storage) -> StdResult<Vec<Addr>> {
    Ok(RESERVERS.may_load(storage)?.unwrap_or_default())
}

/// Names the contracts that may reserve.
pub(crate) fn set_reservers(storage: &mut dyn Storage, contracts: Vec<Addr>) -> StdResult<()> {
    RESERVERS.save(storage, &contracts)
}

/// Answers the `Reservers` query.
pub(crate) fn query_reservers(storage: &dyn Storage) -> StdResult<ReserversResponse> {
    Ok(ReserversResponse { contracts: reservers(storage)?.into_iter().map(Into::into).collect() })
}

/// Answers the `Config` query.
pub(crate) fn query(storage: &dyn Storage) -> StdResult<ConfigResponse> {
    let Peers { registry, escrow, reputation } = load(storage)?;
    Ok(ConfigResponse {
        registry: registry.into(),
        escrow: escrow.into(),
        reputation: reputation.into(),
    })
}
