//! What a proven clearing is settled at: its midpoint prices; or, in a market that reduces trade, without its
//! marginal lot and at the price that leaves.

use crate::ContractError;
use caplet_api::auction::MarketConfig;
use caplet_clearing::Fill;
use caplet_clearing::certificate::Scan;

/// What is settled.
pub(super) struct Charged {
    /// The fills.
    pub(super) fills: Vec<Fill>,
    /// What a lot of each class is paid.
    pub(super) prices: Vec<Option<u64>>,
    /// Welfare of the full optimum, which was proven.
    pub(super) welfare: i128,
}

/// Ends a scan. Either way the certificate proves the full optimum first.
pub(super) fn prove(
    config: &MarketConfig,
    fills: &[Fill],
    scan: Scan<'_>,
) -> Result<Charged, ContractError> {
    if !config.trade_reduction {
        let verified = scan.finish()?;
        let (prices, welfare) = (verified.prices, verified.welfare);
        return Ok(Charged { fills: fills.to_vec(), prices, welfare });
    }
    let (verified, reduced) = scan.finish_reduced()?;
    let uniform = |price: Option<u64>| price.and(reduced.price);
    let prices = verified.prices.into_iter().map(uniform).collect();
    Ok(Charged { fills: reduced.fills, prices, welfare: verified.welfare })
}
