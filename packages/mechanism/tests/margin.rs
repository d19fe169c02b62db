//! Collateral and defaults.

use caplet_mechanism::margin::{Margin, share};
use caplet_protocol::Bps;
use proptest::prelude::*;

fn margin() -> impl Strategy<Value = Margin> {
    (0u16..=5_000, 0u16..=5_000, 0u16..=5_000).prop_map(|(more, headroom, penalty)| Margin {
        least: Bps(penalty + more),
        headroom: Bps(headroom),
        penalty: Bps(penalty),
    })
}

#[test]
fn collateral_follows_the_mark_and_has_a_floor() {
    let margin = Margin { least: Bps(1_000), headroom: Bps(2_000), penalty: Bps(1_000) };
    assert_eq!(margin.required(10, 100, 50), 100); // m F
    assert_eq!(margin.required(10, 100, 100), 300); // 120 - 100 + 10
    assert_eq!(margin.required(10, 100, 200), 1_500); // 240 - 100 + 10
    assert_eq!(margin.due(100, 150), 60);
    assert_eq!(margin.due(100, 60), 10);
    assert_eq!((share(7, Bps(10_000)), share(7, Bps(5_000)), share(7, Bps(0))), (7, 3, 0));
}

#[test]
fn a_floor_below_the_penalty_is_refused() {
    let margin = Margin { least: Bps(999), headroom: Bps(2_000), penalty: Bps(1_000) };
    let text = margin.check().unwrap_err().to_string();
    assert!(text.contains("999") && text.contains("1000") && text.contains(':'), "{text}");
    assert!(Margin { least: Bps(1_000), ..margin }.check().is_ok());
    assert!(Margin { headroom: Bps(10_001), least: Bps(1_000), ..margin }.check().is_err());
}

#[test]
fn a_partial_default_keeps_what_the_collateral_covers() {
    let margin = Margin { least: Bps(1_000), headroom: Bps(2_000), penalty: Bps(1_000) };
    // posted at 100, the mark rises to 120: 54 a lot are needed, 30 are there, 30 are due
    let split = margin.default_of(300, 10, 100, 120, 120);
    assert_eq!((split.kept, split.defaulted, split.paid_per_lot, split.dust), (0, 10, 30, 0));
    // with more collateral some lots stay
    let split = margin.default_of(400, 10, 100, 120, 120);
    assert_eq!((split.kept, split.defaulted, split.paid_per_lot), (4, 6, 30));
    assert_eq!((split.retained, split.dust), (216, 4));
}

proptest! {
    #[test]
    fn required_collateral_covers_every_default_up_to_the_headroom(
        margin in margin(), lots in 1u64..1_000, strike in 1u64..1_000_000, mark in 1u64..1_000_000, rise in 0u64..=10_000,
    ) {
        // any price of settlement up to (1 + h) M
        let most = u128::from(mark) * (10_000 + u128::from(margin.headroom.0)) / 10_000;
        let settle = (most * u128::from(rise) / 10_000) as u64;
        let collateral = margin.required(lots, strike, mark) as u64;
        let all = margin.settle(collateral, lots, 0, strike, mark, settle);
        prop_assert_eq!(all.paid_per_lot, margin.due(strike, settle));
    }

    #[test]
    fn default_is_never_profitable_up_to_the_headroom(
        margin in margin(), lots in 1u64..1_000, strike in 1u64..1_000_000, mark in 1u64..1_000_000, rise in 0u64..=10_000,
    ) {
        let most = u128::from(mark) * (10_000 + u128::from(margin.headroom.0)) / 10_000;
        let price = (most * u128::from(rise) / 10_000) as u64;
        let collateral = margin.required(lots, strike, mark) as u64;
        let split = margin.settle(collateral, lots, 0, strike, mark, price);
        // delivering earns the strike; defaulting earns the spot price less what is paid
        let deliver = i128::from(lots) * i128::from(strike);
        let default = i128::from(lots) * (i128::from(price) - i128::from(split.paid_per_lot));
        prop_assert!(default <= deliver, "{default} > {deliver}");
    }

    #[test]
    fn a_default_pays_out_exactly_the_collateral(
        margin in margin(), collateral in 0u64..10_000_000, lots in 0u64..1_000, strike in 1u64..10_000,
        mark in 0u64..30_000, settle in 0u64..30_000,
    ) {
        let split = margin.default_of(collateral, lots, strike, mark, settle);
        prop_assert_eq!(split.kept + split.defaulted, lots);
        prop_assert_eq!(split.retained + split.paid_per_lot * split.defaulted + split.dust, collateral);
        prop_assert!(split.paid_per_lot <= margin.due(strike, settle));
        // what is kept is fully margined, and whoever is defaulted on beside kept lots is paid in full
        if split.kept > 0 && split.defaulted > 0 {
            prop_assert!(u128::from(split.retained) >= margin.required(split.kept, strike, mark));
            prop_assert_eq!(split.paid_per_lot, margin.due(strike, settle));
        }
    }

    #[test]
    fn collateral_never_falls_as_the_mark_rises(margin in margin(), strike in 1u64..1_000_000, a: u32, b: u32) {
        let (low, high) = (u64::from(a.min(b)), u64::from(a.max(b)));
        prop_assert!(margin.per_lot(strike, low) <= margin.per_lot(strike, high));
    }
}
