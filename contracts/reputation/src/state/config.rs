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
    /// Of a contract that was migrated: where it has what payers added before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) former: Option<Former>,
}

/// What payers added was stored pair by pair, windows by their number, up to some moment.
#[cw_serde]
pub(crate) struct Former {
    /// Unix seconds.
    pub(crate) until: u64,
    /// Seconds of a window then.
    pub(crate) window_secs: u32,
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
