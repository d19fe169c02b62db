//! What the story is played on: the usual deployment of a local network, and a market more in which the pool sells.

use crate::deploy::{Spec, local_spec};
use caplet_api::auction::MarketConfig;
use caplet_protocol::MarketId;

/// Readings of a lot of the pool, ten a second: enough that one lease sees a gateway die and another go on.
const LOT: u64 = 100;
/// Longer than that, a failover on a slow chain included: the end of a slot ends its leases, and the pool is offered anew.
const SLOT_SECS: u32 = 120;

/// The deployment; `holders` get a cw20 token to pay with.
#[must_use]
pub fn spec(holders: &[String]) -> Spec {
    let mut spec = local_spec(holders);
    let Some(first) = spec.markets.first().cloned() else { return spec };
    // another resource, so that nobody's offer or demand lands in the wrong one of two markets for the same
    let resource = format!("{}/long", first.resource);
    let lot_units = LOT.into();
    spec.markets.push(MarketConfig { resource, lot_units, slot_secs: SLOT_SECS, ..first });
    let last = u32::try_from(spec.markets.len()).unwrap_or(u32::MAX);
    if let Some(pool) = spec.pools.first_mut() {
        pool.market = MarketId(last);
    }
    spec
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pool_sells_in_a_market_of_its_own_with_longer_slots() {
        let (spec, usual) = (spec(&[]), local_spec(&[]));
        assert_eq!(spec.markets[..usual.markets.len()], usual.markets);
        let market = spec.markets.last().unwrap();
        assert_eq!(spec.pools[0].market, MarketId(spec.markets.len().try_into().unwrap()));
        let alike = |other: &&MarketConfig| {
            (other.kind, &other.resource) == (market.kind, &market.resource)
        };
        assert_eq!(spec.markets.iter().filter(alike).count(), 1);
        assert!(spec.markets.iter().all(|one| one.slot_secs <= market.slot_secs));
    }
}
