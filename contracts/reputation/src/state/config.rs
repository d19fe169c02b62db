//! Peers and rules.

use caplet_api::reputation::Rules;
use cosmwasm_schema::cw_serde;
use cosmwasm_std::{Addr, StdResult, Storage};
use cw_storage_plus::Item;

/// Peers and rules.
#[cw_serde]
pub(crate) struct Config {
    /// Whose devices are rated.
    pub(crate) registry: Addr,
    /// Whose leases rate.
    pub(crate) escrow: Addr,
    /// Rules for ratings from now on.
    pub(crate) rules: Rules,
}

/// The contract's configuration.
const CONFIG: Item<Config> = Item::new("config");

/// The configuration.
pub(crate) fn load(storage: &dyn Storage) -> StdResult<Config> {
    CONFIG.load(storage)
}

/// Replaces the configuration.
pub(crate) fn save(storage: &mut dyn Storage, config: &Config) -> StdResult<()> {
    CONFIG.save(storage, config)
}
