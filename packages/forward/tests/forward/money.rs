//! Collateral, and prepaid lots against spot.

use caplet_forward::cover::{Act, Policy, Series, Standing};
use caplet_forward::exercise::{Held, choose};
use caplet_forward::watch::{self, Margin, due};
use caplet_protocol::{Bps, DeviceId};
use proptest::prelude::*;

const POLICY: Policy = Policy { buffer: Bps(1_000), most: 10_000 };

fn series(device: u32, purse: usize, collateral: u64, required: u128) -> Series {
    let standing = Standing { collateral, required };
    Series { device: DeviceId(device), purse, standing, called: false }
}

/// Of one series, beside others of its device that bind `other` and need nothing.
fn alone(policy: Policy, of: (u64, u128), other: u64, free: u64) -> Option<Act> {
    let all = [series(3, 0, of.0, of.1), series(3, 0, other, other.into())];
    let acts = policy.due(&all, &[free]);
    assert_eq!(acts[1], None, "the others need nothing");
    acts[0]
}

fn act(collateral: u64, required: u128, bound: u64, free: u64) -> Option<Act> {
    alone(POLICY, (collateral, required), bound.saturating_sub(collateral), free)
}

/// Base units that acts add to the series of a device, or out of a purse.
fn added(all: &[Series], acts: &[Option<Act>], whose: impl Fn(&Series) -> bool) -> u64 {
    let added = all.iter().zip(acts).map(|(one, act)| match act {
        Some(Act::TopUp(amount)) if whose(one) => *amount,
        _ => 0,
    });
    added.sum()
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
fn a_call_that_is_met_is_ended_whether_there_is_money_or_not() {
    let called =
        |collateral, required| Series { called: true, ..series(3, 0, collateral, required) };
    let due = |one: Series, free| POLICY.due(&[one], &[free])[0];
    assert_eq!(due(called(1_050, 1_000), 0), Some(Act::Lift), "the mark fell again");
    assert_eq!(
        due(called(1_201, 1_000), 0),
        Some(Act::Release(101)),
        "what is too much ends it as well"
    );
    // nothing is to spare and nothing is needed
    for free in [0, 1, 500] {
        assert_eq!(due(called(1_000, 1_000), free), Some(Act::Lift));
    }
    assert_eq!(due(called(10_000, 10_000), 500), Some(Act::Lift), "at the limit too");
    assert_eq!(due(called(900, 1_000), 500), Some(Act::TopUp(200)), "a call that is not met");
    assert_eq!(due(Series { called: false, ..called(1_050, 1_000) }, 0), None);
}

#[test]
fn the_limit_and_the_money_are_for_all_short_series_together() {
    // each alone could have 1,000 more and a buffer of 200
    let short = |device, purse| series(device, purse, 1_000, 2_000);
    let all = [short(3, 0), short(3, 0), short(3, 0)];
    let limit = Policy { most: 5_100, ..POLICY };
    // 3,000 are bound, 2,100 more may be: the margins of two, and half a buffer
    let acts = limit.due(&all, &[9_000]);
    assert_eq!(
        acts,
        [Some(Act::TopUp(1_100)), Some(Act::TopUp(1_000)), Some(Act::Short { by: 1_000 })]
    );
    assert_eq!(POLICY.due(&all, &[2_100]), acts, "the same with so much money");
    // another device has a limit of its own, and another purse money of its own
    let all = [short(3, 0), short(4, 1)];
    let acts = Policy { most: 2_000, ..POLICY }.due(&all, &[1_000, 999]);
    assert_eq!(acts, [Some(Act::TopUp(1_000)), Some(Act::Short { by: 1_000 })]);
    // what is taken back is there for others when it has come back
    let all = [series(3, 0, 5_000, 1_000), short(3, 0)];
    let acts = Policy { most: 6_500, ..POLICY }.due(&all, &[0]);
    assert_eq!(acts, [Some(Act::Release(3_900)), Some(Act::Short { by: 1_000 })]);
}

#[test]
fn a_new_series_is_afforded_within_the_limit() {
    let afford = |required, bound| POLICY.afford(required, bound);
    assert_eq!(afford(1_000, 0), Some(1_100));
    assert_eq!(afford(1_000, 8_950), Some(1_050), "less of the buffer");
    assert_eq!(afford(1_000, 9_000), Some(1_000));
    assert_eq!([afford(1_000, 9_001), afford(1, 10_001), afford(u128::MAX, 0)], [None; 3]);
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
    let series =
        Margin { collateral: 99, required: 100, called: None, grace_secs: 60, barred: false };
    assert_eq!(due(series, 5), Some(watch::Act::Call));
    let called = Margin { called: Some(10), ..series };
    assert_eq!([due(called, 69), due(called, 70)], [None, Some(watch::Act::Default)]);
    assert_eq!(due(Margin { collateral: 100, ..called }, 99), None, "it was topped up");
}

#[test]
fn a_seller_that_is_retired_or_suspended_defaults_at_once_whatever_is_behind_it() {
    let barred =
        Margin { collateral: 500, required: 100, called: None, grace_secs: 60, barred: true };
    assert_eq!(due(barred, 5), Some(watch::Act::Default));
    assert_eq!(
        due(Margin { collateral: 99, ..barred }, 5),
        Some(watch::Act::Default),
        "no call first"
    );
    assert_eq!(due(Margin { called: Some(5), ..barred }, 6), Some(watch::Act::Default));
    assert_eq!(due(Margin { barred: false, ..barred }, 5), None);
}

proptest! {
    #[test]
    fn after_an_act_nothing_is_due_and_limits_hold(
        collateral in 0u64..20_000, required in 0u128..20_000, other in 0u64..5_000, free in 0u64..20_000,
        buffer in 0u16..5_000,
    ) {
        let policy = Policy { buffer: Bps(buffer), most: 10_000 };
        let act = |collateral, free| alone(policy, (collateral, required), other, free);
        let bound = collateral + other;
        match act(collateral, free) {
            Some(Act::TopUp(amount)) => {
                prop_assert!(amount <= free && bound + amount <= 10_000);
                prop_assert!(u128::from(collateral + amount) >= required);
                prop_assert_eq!(act(collateral + amount, free - amount), None);
            }
            Some(Act::Release(amount)) => {
                prop_assert!(u128::from(collateral - amount) >= required);
                prop_assert_eq!(act(collateral - amount, free + amount), None);
            }
            Some(Act::Short { by }) => {
                prop_assert_eq!(u128::from(collateral) + u128::from(by), required);
                prop_assert!(free < by || bound + by > 10_000);
            }
            other => {
                prop_assert_eq!(other, None, "no call is open");
                prop_assert!(u128::from(collateral) >= required);
            }
        }
    }

    #[test]
    fn however_many_are_short_no_device_binds_more_than_the_limit_and_no_purse_gives_more_than_it_has(
        all in prop::collection::vec((0u32..3, 0usize..2, 0u64..5_000, 0u128..5_000), 0..8),
        free in prop::array::uniform2(0u64..8_000), most in 0u64..12_000, buffer in 0u16..5_000,
    ) {
        let policy = Policy { buffer: Bps(buffer), most };
        let all: Vec<Series> = all.into_iter().map(|(d, p, has, needs)| series(d, p, has, needs)).collect();
        let acts = policy.due(&all, &free);
        prop_assert_eq!(acts.len(), all.len());
        for device in (0..3).map(DeviceId) {
            let own = |one: &Series| one.device == device;
            let bound: u64 = all.iter().filter(|one| own(one)).map(|one| one.standing.collateral).sum();
            let added = added(&all, &acts, own);
            prop_assert!(added == 0 || bound + added <= most);
        }
        for (purse, free) in free.iter().enumerate() {
            prop_assert!(added(&all, &acts, |one| one.purse == purse) <= *free);
        }
        for (one, act) in all.iter().zip(&acts) {
            let short = u128::from(one.standing.collateral) < one.standing.required;
            prop_assert_eq!(short, matches!(act, Some(Act::TopUp(_) | Act::Short { .. })));
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
