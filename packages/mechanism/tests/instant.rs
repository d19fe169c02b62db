//! The instant lane's premium.

use caplet_mechanism::price::{Premium, lanes, of_tier, posted, take};
use caplet_protocol::{Bps, Lots};
use proptest::prelude::*;

const PLAIN: Premium = Premium { at_target: Bps(400), scarce: Bps(6_000), target: Bps(8_000) };

fn premium() -> impl Strategy<Value = Premium> {
    (any::<u16>(), any::<u16>(), 0..=10_000u16).prop_map(|(s1, s2, target)| Premium {
        at_target: Bps(s1),
        scarce: Bps(s2),
        target: Bps(target),
    })
}

proptest! {
    #[test]
    fn the_premium_rises_with_use_up_to_the_whole(p in premium(), a: u64, b: u64, total: u64) {
        prop_assert!(p.at(a.min(b), total) <= p.at(a.max(b), total));
        let most = u32::from(p.at_target.0) + u32::from(p.scarce.0);
        prop_assert!(p.at(a, total) <= most);
        prop_assert_eq!(p.at(total, total), if p.target.0 == 10_000 && total > 0 {
            u32::from(p.at_target.0) // no room beyond the target
        } else {
            most
        });
    }

    #[test]
    fn the_curve_is_continuous_at_the_kink(p in premium(), scale in 1u64..1 << 20) {
        // a lot in a million around the target
        let total = scale * 1_000_000;
        let at = total / 10_000 * u64::from(p.target.0);
        let here = p.at(at, total);
        prop_assert!(here.abs_diff(u32::from(p.at_target.0)) <= 1);
        if p.target.0 > 100 && p.target.0 < 9_900 {
            prop_assert!(p.at(at - scale, total).abs_diff(here) <= 8);
            prop_assert!(p.at(at + scale, total).abs_diff(here) <= 8);
        }
    }

    #[test]
    fn a_better_tier_never_has_a_lower_premium_where_the_list_never_falls(mut list in proptest::collection::vec(0u16..5_000, 0..8), a: u8, b: u8) {
        list.sort_unstable();
        let list: Vec<Bps> = list.into_iter().map(Bps).collect();
        prop_assert!(of_tier(&list, a.min(b)) <= of_tier(&list, a.max(b)));
        prop_assert_eq!(of_tier(&list, u8::MAX), list.last().map_or(0, |last| last.0.into()));
    }

    #[test]
    fn nobody_sells_below_its_ask_or_buys_above_its_limit(ask: u64, base: u64, premium in 0u32..131_071, cost: u64, limit: u64) {
        let price = posted(ask, base, premium);
        prop_assert!(price >= ask && price >= base);
        match take(price, cost, limit) {
            Some(paid) => prop_assert!(paid == price && u128::from(paid) + u128::from(cost) <= u128::from(limit)),
            None => prop_assert!(u128::from(price) + u128::from(cost) > u128::from(limit)),
        }
    }
}

#[test]
fn the_curve_has_its_kink_at_the_target() {
    assert_eq!([0, 40, 80, 90, 100].map(|taken| PLAIN.at(taken, 100)), [0, 200, 400, 3_400, 6_400]);
    assert_eq!(PLAIN.at(0, 0), 6_400);
    assert_eq!(PLAIN.at(7, 5), 6_400);
}

#[test]
fn a_fixed_price_offer_is_its_ask() {
    assert_eq!(posted(1_500, 1_000, 400), 1_500);
    assert_eq!(posted(900, 1_000, 400), 1_040);
    assert_eq!(posted(0, u64::MAX, 1), u64::MAX);
}

#[test]
fn a_quarter_of_an_offer_can_be_had_at_once_and_one_lot_of_two() {
    let of = |lots| lanes(Lots(lots));
    let split = [0, 1, 2, 3, 4, 7, 8, 9].map(|lots| (lots, of(lots).1.0));
    assert_eq!(split, [(0, 0), (1, 0), (2, 1), (3, 1), (4, 1), (7, 1), (8, 2), (9, 2)]);
    for lots in 0..=u16::MAX {
        let (batch, instant) = of(lots);
        assert_eq!(u32::from(batch.0) + u32::from(instant.0), u32::from(lots));
    }
}
