//! The price controller of `MECHANISMS.md` 3, driven by frozen books through the contract.

use crate::suite::{ALICE, CAROL, Suite, find, market_config};
use caplet_api::auction::MarketConfig;
use caplet_api::event::PriceMoved;
use caplet_protocol::layout::Side;
use caplet_protocol::{Lots, Tick};
use proptest::prelude::*;

const START: u16 = 10_000;

/// A market whose ticks are fine, so that a price's logarithm is well seen.
fn market() -> Suite {
    let mut config = MarketConfig { tick_size: 1u64.into(), ..market_config() };
    config.price.start = Tick(START);
    (config.price.floor, config.price.ceiling) = (Tick(2_000), Tick(40_000));
    (config.order_bond, config.close_bond) = (0u64.into(), 0u64.into());
    let mut suite = Suite::with(config);
    for _ in 0..8 {
        suite.deposit("alice"); // what clears is paid for, whatever it costs
    }
    suite
}

/// One epoch with so many lots demanded above every price and offered below every one; what is left is
/// taken back. Returns the base price after it.
fn epoch(suite: &mut Suite, demanded: u16, offered: u16) -> u16 {
    if offered > 0 {
        let mut offer = suite.offer(CAROL, 0, offered);
        offer.ask = 1u64.into();
        suite.place_offer(offer);
    }
    if demanded > 0 {
        let mut demand = suite.demand(ALICE, 0, 1);
        (demand.limit, demand.lots) = (41_000u64.into(), Lots(demanded));
        suite.place_demand(demand);
    }
    suite.next_epoch();
    suite.clear().unwrap();
    for side in [Side::Offer, Side::Demand] {
        for order in suite.orders(side) {
            suite.cancel(Suite::owner(order.device), side, order.order.u64()).unwrap();
        }
    }
    suite.market().base.0
}

#[test]
fn the_target_is_a_fixed_point_and_steps_are_bounded() {
    let mut suite = market();
    assert_eq!(epoch(&mut suite, 4, 5), START);
    // e^(1/8) = 1.13315, e^(-1/8) = 0.88250
    assert_eq!(epoch(&mut suite, 5, 0), 11_331, "no offers: the ceiling step");
    assert_eq!(epoch(&mut suite, 0, 5), START, "no demand: the floor step");
    assert_eq!(epoch(&mut suite, 9, 1), 11_331, "ten times the target: the same step");
    assert_eq!(epoch(&mut suite, 0, 0), 11_331, "nobody: no step");
}

#[test]
fn the_price_stays_inside_floor_and_ceiling() {
    let mut suite = market();
    for _ in 0..14 {
        assert!((2_000..=40_000).contains(&epoch(&mut suite, 3, 1)));
    }
    assert_eq!(suite.market().base.0, 40_000);
    for _ in 0..26 {
        assert!((2_000..=40_000).contains(&epoch(&mut suite, 0, 1)));
    }
    assert_eq!(suite.market().base.0, 2_000);
}

#[test]
fn orders_beyond_the_base_price_do_not_count() {
    let mut suite = market();
    let mut offer = suite.offer(CAROL, 0, 5);
    offer.ask = (u64::from(START) + 1).into();
    suite.place_offer(offer);
    let mut demand = suite.demand(ALICE, 0, 4);
    demand.limit = (u64::from(START) - 1).into();
    suite.place_demand(demand);
    suite.next_epoch();
    let events = suite.clear().unwrap();
    assert!(find::<PriceMoved>(&events).is_none());
    assert_eq!(suite.market().utilisation.u64(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    /// While nothing binds, |mean(U/U*) - 1| <= |ln(p_N / p_0)| / (d N): exactly, since every step adds
    /// d (U/U* - 1) to the logarithm; here up to the rounding of a price to ticks.
    #[test]
    fn mean_utilisation_is_the_target_up_to_the_price_that_moved(
        demanded in prop::collection::vec(1u16..15, 4..14),
    ) {
        let mut suite = market();
        let (mut sum, mut last) = (0.0, START);
        let epochs = demanded.len() as f64;
        for lots in demanded {
            last = epoch(&mut suite, lots, 10); // U/U* below 2, so the step is not clamped
            prop_assume!(last > 2_000 && last < 40_000);
            sum += f64::from(lots) / 8.0;
        }
        let moved = (f64::from(last) / f64::from(START)).ln();
        let mean = sum / epochs - 1.0;
        prop_assert!((mean - moved * 8.0 / epochs).abs() < 0.004, "{} against {}", mean, moved);
    }

    #[test]
    fn more_demand_never_means_a_lower_price(few in 0u16..20, more in 0u16..20, offered in 1u16..20) {
        let (mut a, mut b) = (market(), market());
        let (low, high) = (epoch(&mut a, few, offered), epoch(&mut b, few + more, offered));
        prop_assert!(low <= high);
    }
}
