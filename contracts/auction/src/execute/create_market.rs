//! `CreateMarket`: governance opens a market.

use crate::ContractError;
use crate::market::{self, MarketState};
use caplet_api::auction::MarketConfig;
use caplet_api::event::MarketCreated;
use cosmwasm_std::{Response, Storage};

/// Opens a market whose first epoch begins now.
pub(super) fn create_market(
    storage: &mut dyn Storage,
    now: u64,
    config: &MarketConfig,
) -> Result<Response, ContractError> {
    market::check(config)?;
    let number = market::create(storage, config)?;
    market::save(storage, number, &MarketState::new(now, config.price.start))?;
    Ok(Response::new().add_event(MarketCreated { market: number.0 }))
}
