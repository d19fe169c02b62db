//! Leases that burned nothing: what a complaint weighs, what it costs, what a badmouther gets for its money.

use crate::peers::{Lease, burned};
use crate::suite::{DAY, Suite, rules};
use caplet_api::escrow::CloseReason;
use caplet_api::event::{LeaseRated, SuspensionChanged};
use caplet_api::reputation::{
    Complaints, ConsumerResponse, QueryMsg, Rules, Speaker, VoiceResponse,
};
use caplet_protocol::{AccountId, Bps, DeviceId};
use proptest::prelude::*;

fn complaining() -> Rules {
    let complaints = Complaints { share: Bps(5_000), fault: 1_000u64.into(), most: Bps(5_000) };
    Rules { complaints, ..rules() }
}

fn suite() -> Suite {
    Suite::with_rules(complaining())
}

/// A lease that ends now.
fn ended(
    suite: &mut Suite,
    provider: u32,
    payer: u32,
    reason: CloseReason,
    redeemed: u64,
) -> Lease {
    let end = suite.now();
    Lease { end, ..suite.lease(provider, payer).ended(reason, redeemed) }
}

/// Has `payer` burn the fees of `leases` standard leases with a provider that serves well.
fn burn(suite: &mut Suite, provider: u32, payer: u32, leases: u64) {
    for _ in 0..leases {
        let lease = ended(suite, provider, payer, CloseReason::Exhausted, 10_000);
        suite.rate(&lease).unwrap();
    }
}

fn unserved(suite: &mut Suite, provider: u32, payer: u32) -> LeaseRated {
    let lease = ended(suite, provider, payer, CloseReason::Expired, 0);
    suite.rated(&lease)
}

fn voice(suite: &Suite, of: Speaker) -> u64 {
    let voice: VoiceResponse = suite.ask(&QueryMsg::Voice { of });
    voice.weight.u64()
}

#[test]
fn a_provider_that_serves_nothing_is_rated_by_a_consumer_that_pays_elsewhere() {
    let mut suite = suite();
    burn(&mut suite, 2, 1, 4);
    assert_eq!(voice(&suite, Speaker::Payer(AccountId(1))), 2_000);
    let event = unserved(&mut suite, 1, 1);
    assert_eq!((event.rating, event.weight, event.complaint), (0, 1_000, 1_000));
    assert!(suite.standing(1).score < Bps(5_000));
    assert_eq!(voice(&suite, Speaker::Payer(AccountId(1))), 1_000, "a complaint is spent");
}

#[test]
fn who_has_burned_nothing_says_nothing() {
    let mut suite = suite();
    for payer in 0..20 {
        assert_eq!(unserved(&mut suite, 1, payer).weight, 0, "{payer}");
    }
    let standing = suite.standing(1);
    assert_eq!((standing.score, standing.faults), (Bps(5_000), 0));
}

#[test]
fn what_a_lease_burns_does_not_complain_about_the_same_lease() {
    let mut suite = suite();
    let lease = ended(&mut suite, 1, 1, CloseReason::Expired, 5_000);
    let event = suite.rated(&lease);
    assert_eq!((event.weight, event.complaint), (500, 0));
    assert_eq!(voice(&suite, Speaker::Payer(AccountId(1))), 250, "but about the next one");
}

#[test]
fn complaints_of_several_payers_are_faults_and_suspend() {
    let mut suite =
        Suite::with_rules(Rules { suspend_evidence: 10_000u64.into(), ..complaining() });
    for payer in 1..4 {
        burn(&mut suite, 2, payer, 4);
    }
    for (payer, faults) in [(1, 1), (1, 1), (2, 2)] {
        unserved(&mut suite, 1, payer);
        assert_eq!(suite.standing(1).faults, faults, "one a payer and window");
    }
    let lease = ended(&mut suite, 1, 3, CloseReason::Expired, 0);
    let events = suite.rate(&lease).unwrap();
    assert!(events.iter().any(|event| SuspensionChanged::try_from(event).is_ok()));
}

#[test]
fn a_device_with_a_record_is_not_complained_out_of_the_market_however_much_voice_is_bought() {
    let mut suite = suite();
    for payer in 100..120 {
        burn(&mut suite, 1, payer, 1);
    }
    // ten accounts with the fees of fifty leases
    for payer in 0..10 {
        burn(&mut suite, 9, payer, 5);
    }
    let said: u64 = (0..10)
        .flat_map(|payer| [payer; 5])
        .map(|payer| unserved(&mut suite, 1, payer).weight)
        .sum();
    assert_eq!(said, 13_000, "three, and half of twenty; 25 were bought");
    let standing = suite.standing(1);
    assert_eq!((standing.suspended_until, standing.faults), (None, 0));
    assert_eq!(standing.score, Bps(6_000)); // (20 + 1) / (20 + 13 + 2)
}

#[test]
fn a_badmouther_pays_two_fees_for_every_lease_of_weight_and_no_split_makes_it_cheaper() {
    // a rival with 20 good leases; the attacker burns the fees of 8 with a device of its own
    for payers in [1u32, 2, 4, 8] {
        let mut suite = suite();
        for payer in 100..120 {
            burn(&mut suite, 1, payer, 1);
        }
        let before = suite.standing(1);
        for payer in 0..payers {
            burn(&mut suite, 9, payer, u64::from(8 / payers));
        }
        let said: u64 = (0..payers)
            .flat_map(|payer| [payer; 10])
            .map(|payer| unserved(&mut suite, 1, payer).weight)
            .sum();
        assert_eq!(said, 4_000, "half of 8 leases, split over {payers}");
        let after = suite.standing(1);
        assert_eq!((after.beta - before.beta).u128(), 4_000_000);
        // 20 good leases bear it: (20 + 1) / (20 + 4 + 2)
        assert_eq!(after.score, Bps(8_076));
    }
}

#[test]
fn a_payer_s_complaints_stay_within_its_cap_and_voices_fade() {
    let mut suite = suite();
    for provider in 2..6 {
        burn(&mut suite, provider, 1, 5);
    }
    let said: u64 = (0..10).map(|_| unserved(&mut suite, 1, 1).weight).sum();
    assert_eq!(said, 3_000, "all that a device without a record hears");
    burn(&mut suite, 1, 7, 5);
    burn(&mut suite, 1, 8, 5);
    let said: u64 = (0..10).map(|_| unserved(&mut suite, 1, 1).weight).sum();
    assert_eq!(said, 2_000, "the cap of a payer, device and window");
    assert_eq!(voice(&suite, Speaker::Payer(AccountId(1))), 5_000);
    suite.wait(30 * DAY);
    assert_eq!(voice(&suite, Speaker::Payer(AccountId(1))), 2_500);
}

#[test]
fn praise_borrows_no_weight() {
    let mut suite = suite();
    burn(&mut suite, 2, 1, 4);
    let lease = ended(&mut suite, 1, 1, CloseReason::Exhausted, 100);
    let event = suite.rated(&lease);
    assert_eq!((event.rating, event.weight, event.complaint), (10_000, 10, 0));
}

#[test]
fn a_consumer_that_stops_paying_is_rated_by_a_provider_that_was_paid_elsewhere() {
    let mut suite = suite();
    let ask = |suite: &Suite| -> ConsumerResponse {
        suite.ask(&QueryMsg::Consumer { device: DeviceId(crate::peers::CONSUMER) })
    };
    // nobody knows the provider: it could say anything
    let lease = ended(&mut suite, 1, 1, CloseReason::CountMismatch, 0);
    suite.rate(&lease).unwrap();
    assert_eq!(ask(&suite).beta.u128(), 0);

    burn(&mut suite, 1, 2, 4);
    let before = ask(&suite);
    assert_eq!((before.alpha.u128(), before.beta.u128()), (4_000_000, 0));
    let lease = ended(&mut suite, 1, 1, CloseReason::ProviderFinished, 2_000);
    suite.rate(&lease).unwrap();
    let after = ask(&suite);
    // 0.2 burned at r = 0.2, and a complaint of (1 - 0.2)^2
    assert_eq!((after.beta - before.beta).u128(), 160_000 + 640_000);
    assert!(after.score < before.score && after.bound <= after.score);
    assert_eq!(voice(&suite, Speaker::Provider(DeviceId(1))), 2_000 - 640 + 100);
}

#[test]
fn a_consumer_that_ended_in_good_order_is_not_complained_of() {
    let mut suite = suite();
    burn(&mut suite, 1, 2, 4);
    for reason in [CloseReason::ConsumerClosed, CloseReason::Expired, CloseReason::Reclaimed] {
        let lease = ended(&mut suite, 1, 1, reason, 2_000);
        suite.rate(&lease).unwrap();
    }
    let known: ConsumerResponse =
        suite.ask(&QueryMsg::Consumer { device: DeviceId(crate::peers::CONSUMER) });
    assert_eq!((known.beta.u128(), known.leases, known.lies), (0, 7, 0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// MECHANISMS 4: no split of payers weighs more than the fees, a complaint's share included.
    #[test]
    fn all_weight_is_paid_for_by_fees(
        acts in proptest::collection::vec((1u32..4, 0u32..3, 0u64..=10_000, 0usize..10), 1..40),
    ) {
        let mut suite = suite();
        let (mut fees, mut weight, mut complaints) = (0u64, 0u64, 0u64);
        for (provider, payer, redeemed, reason) in acts {
            let lease = ended(&mut suite, provider, payer, CloseReason::ALL[reason], redeemed);
            let event = suite.rated(&lease);
            fees += burned(redeemed);
            weight += event.weight;
            complaints += event.complaint;
        }
        // a standard lease burns 100
        prop_assert!(weight - complaints <= fees * 10);
        prop_assert!(complaints * 2 <= fees * 10);
    }
}
