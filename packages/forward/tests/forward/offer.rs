//! Offers of a pool.

use caplet_forward::offer::{Offer, Policy, Standing};
use caplet_protocol::Bps;
use proptest::prelude::*;

const POLICY: Policy = Policy { least: 95, instant: Bps(5_000), stands_secs: 60 };

fn standing(free: &[u16], base: u64) -> Standing {
    Standing { free: free.to_vec(), declared: 5, sellable: 5, base, tick: 10 }
}

#[test]
fn what_is_free_in_every_slot_is_offered_in_both_lanes() {
    let due = POLICY.due(1_000, &standing(&[5, 3, 4], 40));
    assert_eq!(due, Some(Offer { ask: 100, batch: 2, instant: 1, not_after: 1_060 }));
    assert_eq!(POLICY.due(1_000, &standing(&[5, 0], 40)), None, "a lease may run into the second");
    assert_eq!(POLICY.due(1_000, &standing(&[], 40)), None, "it is not on the ledger");
}

#[test]
fn what_may_be_sold_now_counts_and_not_what_an_old_ledger_says() {
    // of 5 declared 2 are promised in the slot that has the least
    let lots = |declared, sellable| {
        let standing = Standing { declared, sellable, ..standing(&[5, 3, 4], 40) };
        POLICY.due(0, &standing).map(|offer| offer.batch + offer.instant)
    };
    assert_eq!(lots(5, 5), Some(3));
    assert_eq!(lots(5, 3), Some(1), "a member cannot serve any more");
    assert_eq!([lots(5, 2), lots(5, 1), lots(5, 0)], [None; 3], "promises take it all");
    assert_eq!(lots(5, 9), Some(7), "one has come");
    let off = Standing { declared: 0, sellable: 4, ..standing(&[0, 0], 40) };
    assert_eq!(POLICY.due(0, &off).map(|offer| offer.batch), Some(2), "it is put on the ledger");
}

#[test]
fn the_ask_is_the_base_price_and_never_less_than_the_least() {
    let ask = |base| POLICY.due(0, &standing(&[1], base)).unwrap().ask;
    assert_eq!((ask(0), ask(95), ask(120), ask(121)), (100, 100, 120, 130));
}

proptest! {
    #[test]
    fn an_offer_is_never_more_than_is_free_nor_cheaper_than_allowed(
        free in prop::collection::vec(0u16..50, 0..6), base in 0u64..10_000, tick in 0u64..50,
        least in 0u64..10_000, instant in 0u16..12_000, promised in 0u16..50, sellable in 0u16..120,
    ) {
        let policy = Policy { least, instant: Bps(instant), stands_secs: 5 };
        let least_free = free.iter().copied().min();
        let declared = least_free.unwrap_or(0) + promised;
        let left = least_free.map_or(0, |_| sellable.saturating_sub(promised));
        match policy.due(7, &Standing { free, declared, sellable, base, tick }) {
            None => prop_assert_eq!(left, 0),
            Some(offer) => {
                prop_assert_eq!(offer.batch + offer.instant, left);
                prop_assert!(offer.ask >= least.max(base) && offer.ask % tick.max(1) == 0 && offer.ask > 0);
            }
        }
    }
}
