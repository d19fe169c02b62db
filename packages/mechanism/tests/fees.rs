//! Fees as differences of a cumulative function.

use caplet_mechanism::fees::{Schedule, Split};
use caplet_protocol::Bps;
use proptest::{collection::vec, prelude::*};

fn schedule() -> impl Strategy<Value = Schedule> {
    (0..=10_000u16).prop_flat_map(|protocol| {
        let keeper = 0..=10_000 - protocol;
        keeper.prop_map(move |keeper| Schedule { protocol: Bps(protocol), keeper: Bps(keeper) })
    })
}

proptest! {
    #[test]
    fn shares_add_up_to_the_payout(fees in schedule(), a: u64, b: u64) {
        let (before, after) = (a.min(b), a.max(b));
        let Split { protocol, keeper, payee } = fees.split(before, after);
        let sum = u128::from(protocol) + u128::from(keeper) + u128::from(payee);
        prop_assert_eq!(sum, u128::from(after - before));
    }

    #[test]
    fn splitting_a_settlement_gains_nothing(fees in schedule(), mut cuts in vec(0u64..100_000, 2..20)) {
        cuts.sort_unstable();
        let parts = cuts.windows(2).map(|cut| fees.split(cut[0], cut[1]));
        let sum = parts.fold(Split::default(), |a, b| Split {
            protocol: a.protocol + b.protocol,
            keeper: a.keeper + b.keeper,
            payee: a.payee + b.payee,
        });
        prop_assert_eq!(sum, fees.split(cuts[0], cuts[cuts.len() - 1]));
    }

    #[test]
    fn each_fee_is_within_a_unit_of_its_own_floor(fees in schedule(), redeemed: u64) {
        let Split { protocol, keeper, .. } = fees.of(redeemed);
        let floor = |bps: Bps| u128::from(redeemed) * u128::from(bps.0) / 10_000;
        prop_assert!(u128::from(protocol).abs_diff(floor(fees.protocol)) <= 1);
        prop_assert!(u128::from(keeper).abs_diff(floor(fees.keeper)) <= 1);
        let both = u128::from(fees.protocol.0) + u128::from(fees.keeper.0);
        prop_assert_eq!(u128::from(protocol) + u128::from(keeper), u128::from(redeemed) * both / 10_000);
    }

    #[test]
    fn a_payout_that_does_not_rise_pays_nothing(fees in schedule(), a: u64, b: u64) {
        prop_assert_eq!(fees.split(a.max(b), a.min(b)), Split::default());
    }
}

#[test]
fn round_amounts_pay_round_fees() {
    let fees = Schedule { protocol: Bps(100), keeper: Bps(50) }.check().unwrap();
    let split = Split { protocol: 10_000, keeper: 5_000, payee: 985_000 };
    assert_eq!(fees.split(0, 1_000_000), split);
}

#[test]
fn one_base_unit_never_pays_two_fees() {
    // two floors side by side would both step at 100
    let fees = Schedule { protocol: Bps(100), keeper: Bps(100) };
    for redeemed in 0..1_000 {
        let Split { protocol, keeper, .. } = fees.split(redeemed, redeemed + 1);
        assert!(protocol + keeper <= 1);
    }
}

#[test]
fn rates_beyond_the_whole_are_refused() {
    let excess = Schedule { protocol: Bps(9_000), keeper: Bps(1_001) }.check().unwrap_err();
    assert!(excess.to_string().contains("9000 and keeper fee 1001 bps exceed 10000"));
    assert!(Schedule { protocol: Bps(9_000), keeper: Bps(1_000) }.check().is_ok());
}
