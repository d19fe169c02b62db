//! Complaints cost fees; exposure is paid for in advance.

use caplet_mechanism::reputation::{
    Evidence, Prior, Voice, allowance, complaint, headroom, hearing, weight,
};
use caplet_protocol::Bps;
use proptest::prelude::*;
use std::num::NonZeroU32;

const MONTH: NonZeroU32 = NonZeroU32::new(30 * 86_400).unwrap();

#[test]
fn who_burned_nothing_has_no_voice_and_half_of_what_was_burned_can_be_lent() {
    assert_eq!(Voice::default().lends(), 0);
    let voice = Voice::default().earned(3_000, Bps(5_000));
    assert_eq!(voice.lends(), 1_500);
    assert_eq!(voice.spent(1_000).lends(), 500);
    assert_eq!(voice.spent(2_000), Voice(0));
    assert_eq!(voice.decayed(u64::from(MONTH.get()), MONTH).lends(), 750);
}

#[test]
fn a_lease_that_was_not_served_at_all_wants_the_weight_of_a_whole_one() {
    assert_eq!(complaint(1_000, 0, Bps(0)), 1_000);
    assert_eq!(complaint(1_000, 400, Bps(4_000)), 360);
    assert_eq!(complaint(1_000, 0, Bps(10_000)), 0);
    assert_eq!(complaint(1_000, 2_000, Bps(0)), 0);
}

proptest! {
    /// However much voice there is, good service outlasts complaints.
    #[test]
    fn complaints_alone_leave_a_record_its_floor(
        good in 5_000u64..1_000_000, share in 0..=10_000u16, wanted in proptest::collection::vec(1u64..100_000, 1..60),
    ) {
        let mut evidence = Evidence::default().rated(good, Bps(10_000));
        let mut heard = 0;
        for wanted in wanted {
            let weight = wanted.min(hearing(evidence.alpha, heard, 3_000, Bps(share)));
            heard += weight * 1_000;
            evidence = evidence.rated(weight, Bps(0));
        }
        let worst = Evidence { alpha: good * 1_000, beta: 3_000_000 + good * u64::from(share) / 10 };
        prop_assert!(evidence.beta <= worst.beta);
        let prior = Prior { mean: Bps(5_000), weight: 2_000 };
        prop_assert!(prior.mean_of(evidence) >= prior.mean_of(worst));
    }

    #[test]
    fn a_better_rating_never_wants_a_heavier_complaint(full: u64, burned: u64, a in 0..=10_000u16, b in 0..=10_000u16) {
        prop_assert!(complaint(full, burned, Bps(a.max(b))) <= complaint(full, burned, Bps(a.min(b))));
    }

    /// A badmouther splits its fees and its complaints over payers as it likes.
    #[test]
    fn over_any_split_of_payers_complaints_weigh_at_most_their_share_of_the_fees(
        payers in proptest::collection::vec((0u64..1 << 40, proptest::collection::vec(0u64..1 << 30, 0..8)), 1..12),
        standard in 1u64..1 << 30, share in 0..=10_000u16,
    ) {
        let (mut fees, mut said) = (0u128, 0u128);
        for (fee, complaints) in payers {
            fees += u128::from(fee);
            let mut voice = Voice::default().earned(weight(fee, standard, 0, u64::MAX), Bps(share));
            for wanted in complaints {
                let lent = complaint(wanted, 0, Bps(0)).min(voice.lends());
                voice = voice.spent(lent);
                said += u128::from(lent);
            }
        }
        prop_assert!(said * u128::from(standard) * 10_000 <= fees * 1_000 * u128::from(share));
    }

    #[test]
    fn a_voice_fades_like_the_evidence_it_makes(burned in 0u64..1 << 30, secs in 0u64..1 << 28) {
        let voice = Voice::default().earned(burned, Bps(10_000)).decayed(secs, MONTH);
        let evidence = Evidence::default().rated(burned, Bps(10_000)).decayed(secs, MONTH);
        prop_assert_eq!(voice.0, evidence.alpha);
    }

    #[test]
    fn exposure_is_what_was_given_put_up_or_burned(starter: u64, stake: u64, burned: u64, open: u64) {
        let all = allowance(starter.into(), stake.into(), burned.into());
        prop_assert_eq!(all, u128::from(starter) + u128::from(stake) + u128::from(burned));
        let left = headroom(all, open.into());
        prop_assert!(left + u128::from(open) <= all.max(open.into()));
    }
}
