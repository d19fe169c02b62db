//! Collateral, and prepaid lots against spot.

use caplet_forward::cover::{Act, Policy, Standing};
use caplet_forward::exercise::{Held, choose};
use caplet_forward::watch::{self, Margin, due};
use caplet_protocol::Bps;
use proptest::prelude::*;

const POLICY: Policy = Policy { buffer: Bps(1_000), most: 10_000 };

fn act(collateral: u64, required: u128, bound: u64, free: u64) -> Option<Act> {
    POLICY.act(Standing { collateral, required }, bound, free)
}

#[test]
fn collateral_is_topped_up_to_the_buffer_within_money_and_limit() {
    assert_eq!(act(900, 1_000, 900, 5_000), Some(Act::TopUp(200)));
    assert_eq!(act(900, 1_000, 900, 150), Some(Act::TopUp(150)), "all there is");
    assert_eq!(act(900, 1_000, 900, 99), Some(Act::Short { by: 100 }));
    assert_eq!(act(900, 1_000, 9_950, 5_000), Some(Act::Short { by: 100 }), "beyond the limit");
    assert_eq!(act(1_000, 1_000, 900, 0), None);
    assert_eq!(act(1_200, 1_000, 900, 0), None);
    assert_eq!(act(1_201, 1_000, 900, 0), Some(Act::Release(101)));
    assert_eq!(act(500, 0, 500, 0), Some(Act::Release(500)), "a series without lots needs none");
}

#[test]
fn prepaid_lots_are_used_when_spot_is_no_cheaper_than_what_would_come_back() {
    let held = |reservation| Held { lots: 5, strike: 100, reservation: Bps(reservation) };
    // take-or-pay: nothing comes back, so any spot price is dearer
    assert_eq!(held(10_000).use_now(3, Some(1)), 3);
    assert_eq!([held(2_500).use_now(9, Some(74)), held(2_500).use_now(9, Some(75))], [0, 5]);
    assert_eq!(held(0).use_now(9, None), 5, "spot has nothing");
    let positions = [held(0), held(10_000), held(5_000)];
    assert_eq!(choose(&positions, 8, Some(100)), [0, 5, 3]);
    assert_eq!(choose(&positions, 8, Some(10)), [0, 5, 0]);
}

#[test]
fn a_short_seller_is_called_once_and_defaults_after_its_grace() {
    let series = Margin { collateral: 99, required: 100, called: None, grace_secs: 60 };
    assert_eq!(due(series, 5), Some(watch::Act::Call));
    let called = Margin { called: Some(10), ..series };
    assert_eq!([due(called, 69), due(called, 70)], [None, Some(watch::Act::Default)]);
    assert_eq!(due(Margin { collateral: 100, ..called }, 99), None, "it was topped up");
}

proptest! {
    #[test]
    fn after_an_act_nothing_is_due_and_limits_hold(
        collateral in 0u64..20_000, required in 0u128..20_000, other in 0u64..5_000, free in 0u64..20_000,
        buffer in 0u16..5_000,
    ) {
        let policy = Policy { buffer: Bps(buffer), most: 10_000 };
        let at = |collateral| Standing { collateral, required };
        let bound = collateral + other;
        match policy.act(at(collateral), bound, free) {
            Some(Act::TopUp(amount)) => {
                prop_assert!(amount <= free && bound + amount <= 10_000);
                prop_assert!(u128::from(collateral + amount) >= required);
                prop_assert_eq!(policy.act(at(collateral + amount), bound + amount, free - amount), None);
            }
            Some(Act::Release(amount)) => {
                prop_assert!(u128::from(collateral - amount) >= required);
                prop_assert_eq!(policy.act(at(collateral - amount), bound - amount, free + amount), None);
            }
            Some(Act::Short { by }) => {
                prop_assert_eq!(u128::from(collateral) + u128::from(by), required);
                prop_assert!(free < by || bound + by > 10_000);
            }
            None => prop_assert!(u128::from(collateral) >= required),
        }
    }

    #[test]
    fn no_more_is_used_than_is_needed_or_held_and_never_what_spot_undercuts(
        held in prop::collection::vec((0u16..20, 1u64..500, 0u16..10_001), 0..6), need in 0u16..60,
        spot in prop::option::of(0u64..600),
    ) {
        let held: Vec<Held> = held
            .into_iter()
            .map(|(lots, strike, bps)| Held { lots, strike, reservation: Bps(bps) })
            .collect();
        let used = choose(&held, need, spot);
        prop_assert!(used.iter().sum::<u16>() <= need);
        for (one, lots) in held.iter().zip(&used) {
            prop_assert!(*lots <= one.lots);
            prop_assert!(*lots == 0 || spot.is_none_or(|spot| one.cost() <= spot));
        }
    }
}
