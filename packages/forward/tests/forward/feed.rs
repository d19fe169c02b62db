//! What the index is told.

use caplet_forward::feed::{LATER_SECS, MOST, Opened, due};
use caplet_protocol::MarketId;
use proptest::prelude::*;
use std::collections::BTreeSet;

const WINDOW: u64 = 1_000;
const HERE: MarketId = MarketId(1);
const TRADE: Opened = Opened { lease: 7, market: HERE, start: 5_000, traded: true, provides: true };

fn told(now: u64, lease: Opened, told: &[u64]) -> Vec<u64> {
    let told: BTreeSet<u64> = told.iter().copied().collect();
    due(now, WINDOW, &BTreeSet::from([HERE]), &[lease], &told).remove(&HERE).unwrap_or_default()
}

#[test]
fn a_trade_is_told_once_while_it_counts_in_a_market_with_series() {
    assert_eq!(told(5_000, TRADE, &[]), [7]);
    assert_eq!(told(6_000, TRADE, &[]), [7]);
    assert!(told(6_001, TRADE, &[]).is_empty(), "it left the window");
    assert!(told(5_000, TRADE, &[7]).is_empty(), "it was told");
    let ahead = Opened { traded: false, ..TRADE };
    assert!(told(5_000, ahead, &[]).is_empty(), "no trade of the auction");
    let elsewhere = Opened { market: MarketId(2), ..TRADE };
    assert!(told(5_000, elsewhere, &[]).is_empty(), "nothing is margined there");
}

#[test]
fn the_providers_side_tells_at_once_and_the_consumers_later() {
    let consumes = Opened { provides: false, ..TRADE };
    assert!(told(5_000 + LATER_SECS - 1, consumes, &[]).is_empty());
    assert_eq!(told(5_000 + LATER_SECS, consumes, &[]), [7]);
}

#[test]
fn the_latest_are_told_first() {
    let leases: Vec<Opened> =
        (0..40).map(|lease| Opened { lease, start: 5_000 + lease, ..TRADE }).collect();
    let markets = BTreeSet::from([HERE]);
    let due = due(5_040, WINDOW, &markets, &leases, &BTreeSet::new());
    let latest: Vec<u64> = (0..40).rev().take(MOST).collect();
    assert_eq!(due[&HERE], latest);
}

proptest! {
    /// Pass after pass: never more than the bound, each once, in the end all that count, whatever order they came in.
    #[test]
    fn everything_that_counts_is_told_once_and_no_more_than_the_bound_at_a_time(
        leases in prop::collection::btree_map(0u64..200, (1u32..4, 4_500u64..6_100, any::<bool>(), any::<bool>()), 0..120),
    ) {
        let leases: Vec<Opened> = leases
            .into_iter()
            .map(|(lease, (market, start, traded, provides))| Opened {
                lease, market: MarketId(market), start, traded, provides,
            })
            .collect();
        let reversed: Vec<Opened> = leases.iter().rev().copied().collect();
        let (now, markets) = (6_000, BTreeSet::from([HERE, MarketId(3)]));
        let mut told = BTreeSet::new();
        loop {
            let pass = due(now, WINDOW, &markets, &leases, &told);
            prop_assert_eq!(&pass, &due(now, WINDOW, &markets, &reversed, &told));
            if pass.is_empty() {
                break;
            }
            for (market, some) in pass {
                prop_assert!(!some.is_empty() && some.len() <= MOST && markets.contains(&market));
                for lease in some {
                    prop_assert!(told.insert(lease), "lease {} is told twice", lease);
                }
            }
        }
        let counts = |one: &&Opened| {
            one.traded && one.start >= 5_000 && markets.contains(&one.market)
                && (one.provides || one.start + LATER_SECS <= now)
        };
        let wanted: BTreeSet<u64> = leases.iter().filter(counts).map(|one| one.lease).collect();
        prop_assert_eq!(told, wanted);
    }
}
