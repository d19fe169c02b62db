//! Markets and where they stand, rolled forward to the block of the query.

use crate::ContractError;
use crate::book::Book;
use crate::market;
use caplet_api::auction::{EpochResponse, MarketResponse, MarketsResponse};
use caplet_base::cursor;
use caplet_protocol::{MarketId, layout::Side};
use cosmwasm_std::Storage;

/// One market.
pub(super) fn one(
    storage: &dyn Storage,
    market: MarketId,
    now: u64,
) -> Result<MarketResponse, ContractError> {
    let mut book = Book::open(storage, market, now)?;
    let epoch = epoch(storage, &mut book)?;
    let Book { config, state, .. } = book;
    let base = state.base_tick();
    Ok(MarketResponse {
        market,
        config,
        genesis: state.genesis.into(),
        epoch,
        base,
        utilisation: state.utilisation.into(),
        open_orders: state.open_orders,
    })
}

fn epoch(storage: &dyn Storage, book: &mut Book) -> Result<EpochResponse, ContractError> {
    let (offers, demands) = (book.state.offer_pages, book.state.demand_pages);
    let first_offer_page = book.pages(Side::Offer).first(storage, offers)?;
    let first_demand_page = book.pages(Side::Demand).first(storage, demands)?;
    let state = &book.state;
    Ok(EpochResponse {
        collecting: state.collecting,
        clearing: state.clearable,
        offer_pages: state.frozen_offer_pages,
        demand_pages: state.frozen_demand_pages,
        first_offer_page,
        first_demand_page,
        ends: market::ends(state, book.config.epoch_secs, state.collecting).into(),
        last_cleared: state.last_cleared,
    })
}

/// Markets by number.
pub(super) fn list(
    storage: &dyn Storage,
    start_after: Option<MarketId>,
    limit: Option<u32>,
    now: u64,
) -> Result<MarketsResponse, ContractError> {
    let numbers = market::numbers(storage, start_after, cursor::limit(limit))?;
    let markets = numbers.into_iter().map(|market| one(storage, market, now));
    Ok(MarketsResponse { markets: markets.collect::<Result<_, _>>()? })
}
