//! What a market's lots are worth: the index, its fallback, and the price of settlement.

use crate::ContractError;
use crate::context::Context;
use crate::state::{rules, trades};
use caplet_mechanism::index::Trade;
use caplet_protocol::MarketId;
use cosmwasm_std::Storage;

/// Where a market stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    /// The median of trades within the window; `None` if too few owners traded.
    pub(crate) index: Option<u64>,
    /// What margins use: the index, or the auction's base price, which moves by bounded steps only.
    pub(crate) mark: u64,
    /// What defaults are settled at: the mark, or the median of the window's latest quarter if that is
    /// higher, under the same caps: no single trade sets it.
    pub(crate) settle: u64,
    /// Trades within the window.
    pub(crate) trades: u32,
}

impl Mark {
    /// Where a market stands now.
    pub(crate) fn of(
        storage: &dyn Storage,
        context: &Context<'_>,
        market: MarketId,
    ) -> Result<Self, ContractError> {
        let rules = rules::load(storage)?;
        let all = trades::load(storage, market)?;
        let within = |secs: u64| -> Vec<Trade> {
            let since = context.now.saturating_sub(secs);
            all.iter().filter(|seen| u64::from(seen.at) >= since).map(|seen| seen.trade()).collect()
        };
        let window = u64::from(rules.index_secs);
        let recent = within(window);
        let index = rules::index(&rules).median(&recent);
        let latest = rules::index(&rules).median(&within(window / 4));
        let mark = match index {
            Some(index) => index,
            None => {
                let market = context.market(market)?;
                u64::from(market.base.0).saturating_mul(market.config.tick_size.u64())
            }
        };
        let trades = u32::try_from(recent.len()).unwrap_or(u32::MAX);
        Ok(Self { index, mark, settle: latest.map_or(mark, |latest| latest.max(mark)), trades })
    }
}
