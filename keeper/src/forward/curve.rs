//! The forward curve, as the chain has it.

use super::ask::all_series;
use crate::deploy::Deployment;
use caplet_api::futures::{ListingsResponse, QueryMsg, RunResponse, SeriesResponse};
use caplet_chain::{Chain, ChainExt as _};
use caplet_forward::curve::{OnSale, Point, curve};
use serde::{Deserialize, Serialize};

/// What lots cost ahead, in all markets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forward {
    /// Windows by market and time.
    pub curve: Vec<Point>,
    /// Series that are not over.
    pub series: usize,
    /// Base units of collateral behind them.
    pub collateral: u64,
    /// How many of them are called for margin.
    pub called: usize,
}

/// Asks the futures contract; nothing if the deployment has none.
///
/// # Errors
/// If the chain cannot be asked.
pub async fn read(chain: &dyn Chain, deployment: &Deployment) -> anyhow::Result<Forward> {
    let Some(futures) = &deployment.contracts.futures else { return Ok(Forward::default()) };
    let mut all = all_series(chain, futures).await?;
    all.retain(|series| series.current < series.slots);
    let ask = QueryMsg::Listings { start_after: None, limit: Some(100) };
    let listings: ListingsResponse = chain.query(futures, &ask).await?;
    let mut on_sale: Vec<OnSale> = all.iter().flat_map(unsold).collect();
    on_sale.extend(listings.listings.iter().filter_map(|listing| {
        let series = all.iter().find(|series| series.series == listing.series)?;
        let run = RunResponse { from: listing.from, to: listing.to, lots: listing.lots.0.into() };
        Some(sale(series, run, listing.price.u64()))
    }));
    Ok(Forward {
        curve: curve(&on_sale),
        series: all.len(),
        collateral: all.iter().fold(0, |sum, one| sum.saturating_add(one.collateral.u64())),
        called: all.iter().filter(|series| series.called.is_some()).count(),
    })
}

fn unsold(series: &SeriesResponse) -> Vec<OnSale> {
    let Some(strike) = series.strike else { return Vec::new() };
    let open = series.unsold.iter().filter(|run| run.to > series.current);
    open.map(|run| sale(series, *run, strike.u64())).collect()
}

/// Lots on sale, without the slots that are over.
fn sale(series: &SeriesResponse, run: RunResponse, price: u64) -> OnSale {
    let from = run.from.max(series.current);
    OnSale {
        market: series.market.0,
        first: series.first_slot.saturating_add(from.into()),
        slots: run.to.saturating_sub(from),
        lots: run.lots,
        price,
    }
}
