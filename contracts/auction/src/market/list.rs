//! The markets there are, by number.

use crate::ContractError;
use caplet_api::auction::MarketConfig;
use caplet_protocol::MarketId;
use cosmwasm_std::{StdResult, Storage};
use cw_storage_plus::{Bound, Item, Map};

/// Maps a market's number to what governance defined.
const CONFIGS: Map<u32, MarketConfig> = Map::new("configs");
/// Number of the market made last; 0 before the first.
const LAST: Item<u32> = Item::new("last_market");

/// Stores a new market under the next number.
pub(crate) fn create(
    storage: &mut dyn Storage,
    config: &MarketConfig,
) -> Result<MarketId, ContractError> {
    let last = LAST.may_load(storage)?.unwrap_or(0);
    let number = last.checked_add(1).ok_or(ContractError::Exhausted("market numbers"))?;
    LAST.save(storage, &number)?;
    CONFIGS.save(storage, number, config)?;
    Ok(MarketId(number))
}

/// A market as defined.
pub(crate) fn config(
    storage: &dyn Storage,
    market: MarketId,
) -> Result<MarketConfig, ContractError> {
    CONFIGS.may_load(storage, market.0)?.ok_or(ContractError::UnknownMarket { market })
}

/// Numbers of at most `limit` markets above `after`.
pub(crate) fn numbers(
    storage: &dyn Storage,
    after: Option<MarketId>,
    limit: usize,
) -> StdResult<Vec<MarketId>> {
    let from = after.map(|market| Bound::exclusive(market.0));
    CONFIGS
        .keys(storage, from, None, cosmwasm_std::Order::Ascending)
        .take(limit)
        .map(|number| number.map(MarketId))
        .collect()
}
