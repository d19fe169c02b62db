//! Peers: who the registry is, who may lock and open, where protocol fees go.

use crate::ContractError;
use cosmwasm_schema::cw_serde;
use cosmwasm_std::{Addr, StdResult, Storage};
use cw_storage_plus::Item;

/// Most contracts that may lock and open.
const MAX_OPENERS: usize = 16;

/// Peers of this escrow.
#[cw_serde]
pub(crate) struct Config {
    /// The registry.
    pub(crate) registry: Addr,
    /// Where protocol fees go; burned when absent.
    pub(crate) treasury: Option<Addr>,
}

/// Peers that never change.
const CONFIG: Item<Config> = Item::new("config");
/// The contract whose suspensions close leases; none before the owner names it.
const REPUTATION: Item<Addr> = Item::new("reputation");
/// Contracts that may lock and open.
const OPENERS: Item<Vec<Addr>> = Item::new("openers");

/// Fixes the peers; nobody may open yet.
pub(crate) fn init(storage: &mut dyn Storage, config: &Config) -> StdResult<()> {
    CONFIG.save(storage, config)?;
    OPENERS.save(storage, &Vec::new())
}

/// The peers.
pub(crate) fn load(storage: &dyn Storage) -> StdResult<Config> {
    CONFIG.load(storage)
}

/// Who may lock and open.
pub(crate) fn openers(storage: &dyn Storage) -> StdResult<Vec<Addr>> {
    OPENERS.load(storage)
}

/// The contract whose suspensions close leases, once it is named.
pub(crate) fn reputation(storage: &dyn Storage) -> StdResult<Option<Addr>> {
    REPUTATION.may_load(storage)
}

/// Names the contract whose suspensions close leases.
pub(crate) fn set_reputation(storage: &mut dyn Storage, reputation: &Addr) -> StdResult<()> {
    REPUTATION.save(storage, reputation)
}

/// Replaces who may lock and open.
pub(crate) fn set_openers(
    storage: &mut dyn Storage,
    openers: &Vec<Addr>,
) -> Result<(), ContractError> {
    if openers.len() > MAX_OPENERS {
        return Err(ContractError::TooMany { count: openers.len(), most: MAX_OPENERS });
    }
    Ok(OPENERS.save(storage, openers)?)
}

/// Passes for a contract that may lock and open.
pub(crate) fn assert_opener(storage: &dyn Storage, sender: &Addr) -> Result<(), ContractError> {
    if openers(storage)?.contains(sender) {
        return Ok(());
    }
    Err(ContractError::NotOpener { sender: sender.clone() })
}
