//! Where a market stands.

use crate::ContractError;
use caplet_mechanism::price::Base;
use caplet_protocol::{MarketId, Tick, layout::Side};
use cosmwasm_schema::cw_serde;
use cosmwasm_std::{StdResult, Storage};
use cw_storage_plus::Map;

/// Where a market stands as of its last message; the clock in `epoch` rolls it forward.
#[cw_serde]
pub(crate) struct MarketState {
    /// Unix seconds of its first epoch's start.
    pub(crate) genesis: u64,
    /// The epoch that collects.
    pub(crate) collecting: u32,
    /// The epoch whose frozen book may be cleared: the one before the collecting, until it is cleared.
    pub(crate) clearable: Option<u32>,
    /// Number of the next offer page.
    pub(crate) offer_pages: u32,
    /// Number of the next demand page.
    pub(crate) demand_pages: u32,
    /// Offer pages below this number are in the frozen book.
    pub(crate) frozen_offer_pages: u32,
    /// Demand pages below this number are in the frozen book.
    pub(crate) frozen_demand_pages: u32,
    /// Last epoch that was cleared.
    pub(crate) last_cleared: Option<u32>,
    /// Base price, as `caplet_mechanism::price::Base` counts it: small steps are not lost to rounding.
    pub(crate) base: u64,
    /// Utilisation of the last cleared book in basis points.
    pub(crate) utilisation: u64,
    /// Orders that are open, or cancelled and not yet folded.
    pub(crate) open_orders: u32,
    /// Vector numbers ever allotted, at most `MAX_VECTORS`.
    pub(crate) vectors: u16,
}

/// Maps a market's number to where it stands.
const STATES: Map<u32, MarketState> = Map::new("states");

impl MarketState {
    /// A market that begins now.
    pub(crate) fn new(genesis: u64, start: Tick) -> Self {
        Self {
            genesis,
            collecting: 0,
            clearable: None,
            offer_pages: 0,
            demand_pages: 0,
            frozen_offer_pages: 0,
            frozen_demand_pages: 0,
            last_cleared: None,
            base: Base::from(start).0,
            utilisation: 0,
            open_orders: 0,
            vectors: 0,
        }
    }

    /// Base price in ticks.
    pub(crate) fn base_tick(&self) -> Tick {
        Base(self.base).tick()
    }

    /// Numbers the next page of a side.
    pub(crate) fn next_page(&mut self, side: Side) -> Result<u32, ContractError> {
        let next = match side {
            Side::Offer => &mut self.offer_pages,
            Side::Demand => &mut self.demand_pages,
        };
        let page = *next;
        *next = page.checked_add(1).ok_or(ContractError::Exhausted("page numbers"))?;
        Ok(page)
    }

    /// Pages below this number are in the frozen book, while there is one to clear.
    pub(crate) const fn frozen_pages(&self, side: Side) -> u32 {
        match (self.clearable, side) {
            (None, _) => 0,
            (Some(_), Side::Offer) => self.frozen_offer_pages,
            (Some(_), Side::Demand) => self.frozen_demand_pages,
        }
    }
}

/// Where a market stands. The market exists.
pub(crate) fn load(storage: &dyn Storage, market: MarketId) -> StdResult<MarketState> {
    STATES.load(storage, market.0)
}

/// Stores where a market stands.
pub(crate) fn save(
    storage: &mut dyn Storage,
    market: MarketId,
    state: &MarketState,
) -> StdResult<()> {
    STATES.save(storage, market.0, state)
}
