//! What a lease is rated, and that it is rated once.

use crate::peers::{self, Lease, START};
use crate::suite::{DAY, Suite, refused, rules};
use caplet_api::common::AdminMsg;
use caplet_api::escrow::{CloseReason, LeaseState};
use caplet_api::event::LeaseRated;
use caplet_api::registry::DeviceStatus;
use caplet_api::reputation::{AvoidedResponse, ExecuteMsg, QueryMsg, RateInput, Rules};
use caplet_protocol::{Bps, DeviceId};

#[test]
fn a_standard_lease_served_in_full_weighs_one() {
    let mut suite = Suite::new();
    let lease = suite.lease(1, 1);
    let event = suite.rated(&lease);
    assert_eq!((event.device, event.rating, event.weight), (1, 10_000, 1_000));
    let standing = suite.standing(1);
    assert_eq!((standing.alpha.u128(), standing.beta.u128()), (1_000_000, 0));
    assert_eq!(standing.score, Bps(6_666)); // (1 + 1) / (1 + 2)
    assert_eq!(standing.leases, 1);
    let rating = suite.rating(lease.id);
    assert_eq!((rating.rating, rating.weight), (Some(Bps(10_000)), Some(1_000u64.into())));
}

#[test]
fn a_lease_rates_once_however_often_it_is_sent() {
    let mut suite = Suite::new();
    let lease = suite.lease(1, 1);
    suite.rate(&lease).unwrap();
    let before = suite.standing(1);
    assert!(suite.submit(&[(lease.id, None)]).unwrap().is_empty());
    assert_eq!(suite.standing(1), before);

    let other = suite.lease(1, 1);
    suite.write(&other);
    let events = suite.submit(&[(lease.id, None), (other.id, None), (other.id, None)]).unwrap();
    assert_eq!(events.len(), 1, "those that were rated do not stand in the way");
    assert_eq!(suite.standing(1).leases, 2);
}

#[test]
fn only_a_closed_lease_rates() {
    let mut suite = Suite::new();
    for state in [LeaseState::Open, LeaseState::Notice, LeaseState::Closing] {
        let lease = Lease { state, ..suite.lease(1, 1) };
        refused(suite.rate(&lease), "is not closed yet: settle and sweep it first");
    }
    for lease in [7, u64::MAX] {
        refused(suite.submit(&[(lease, None)]), &format!("there is no lease {lease} in escrow"));
    }
    assert_eq!(suite.standing(1).leases, 0);
    assert!(!suite.rating(7).rated);
}

#[test]
fn one_bad_item_is_named_and_nothing_of_the_batch_is_rated() {
    let mut suite = Suite::new();
    let good = suite.lease(1, 1);
    suite.write(&good);
    refused(suite.submit(&[(good.id, None), (5_000, None)]), "item 1: there is no lease 5000");
    assert!(!suite.rating(good.id).rated);
}

#[test]
fn batches_are_neither_empty_nor_over_a_hundred() {
    let mut suite = Suite::new();
    refused(suite.submit(&[]), "0 leases in one message, 1 to 100");
    let leases: Vec<(u64, _)> = (0..101).map(|_| (4, None)).collect();
    refused(suite.submit(&leases), "101 leases in one message, 1 to 100");
}

#[test]
fn a_hundred_leases_rate_like_a_hundred_messages() {
    let (mut together, mut apart) = (Suite::new(), Suite::new());
    let leases: Vec<Lease> = (0..100u32).map(|i| together.lease(i % 7, i % 3)).collect();
    let mut batch = Vec::new();
    for lease in &leases {
        together.write(lease);
        batch.push((lease.id, None));
        apart.rate(lease).unwrap();
    }
    assert_eq!(together.submit(&batch).unwrap().len(), 100);
    for device in 0..7 {
        assert_eq!(together.standing(device), apart.standing(device));
    }
}

#[test]
fn the_share_redeemed_speaks_where_no_report_does() {
    let mut suite = Suite::new();
    for (reason, redeemed, rating, weight) in [
        (CloseReason::Expired, 4_000, 4_000, 400),
        (CloseReason::ProviderFinished, 9_999, 9_999, 1_000), // of fees of 149 the keeper's part is 49
        (CloseReason::ConsumerClosed, 5_000, 5_000, 0),
        (CloseReason::Reclaimed, 5_000, 0, 500),
        (CloseReason::Suspended, 5_000, 0, 500),
        (CloseReason::CountMismatch, 5_000, 0, 500),
        (CloseReason::PoolDefault, 5_000, 0, 500),
    ] {
        let lease = suite.lease(1, 1).ended(reason, redeemed);
        let event = suite.rated(&lease);
        assert_eq!((event.rating, event.weight), (rating, weight), "{reason:?}");
    }
}

#[test]
fn lanes_add_up_and_each_lane_s_fee_is_rounded_down_as_escrow_took_it() {
    let mut suite = Suite::new();
    let lease = Lease { lots: 2, redeemed: vec![9_999, 199, 0, 199], ..suite.lease(1, 1) };
    let lease = Lease { reason: CloseReason::Expired, ..lease };
    let event = suite.rated(&lease);
    assert_eq!(event.rating, 5_198); // 10,397 of 20,000
    // as escrow takes it: both fees together 149, 2, 0, 2, of which the keeper's third is rounded down
    assert_eq!(event.weight, 1_040); // 100 + 2 + 0 + 2 of 100
}

#[test]
fn a_lease_in_another_asset_is_measured_by_that_asset_s_standard() {
    let mut suite = Suite::new();
    let lease = Lease { asset: 2, ..suite.lease(1, 1) };
    assert_eq!(suite.rated(&lease).weight, 100);
    let lease = Lease { asset: 3, ..suite.lease(1, 1) };
    refused(suite.rate(&lease), "asset 3 has no standard fee: governance must add one");

    let mut rules = rules();
    rules.standard_fee.push(50u64.into());
    suite.send("governance", &ExecuteMsg::SetRules(rules)).unwrap();
    assert_eq!(suite.rated(&lease).weight, 2_000, "nothing was lost by waiting");
}

#[test]
fn a_payer_adds_at_most_its_cap_a_window_and_the_next_window_anew() {
    let mut suite = Suite::new();
    let weights = |suite: &mut Suite, payer: u32, count: usize| -> Vec<u64> {
        (0..count)
            .map(|_| {
                let end = suite.now();
                let lease = Lease { redeemed: vec![20_000], lots: 2, end, ..suite.lease(1, payer) };
                suite.rated(&lease).weight
            })
            .collect()
    };
    assert_eq!(weights(&mut suite, 1, 4), [2_000, 2_000, 1_000, 0]);
    assert_eq!(weights(&mut suite, 2, 1), [2_000], "another payer has its own cap");
    suite.wait(DAY);
    assert_eq!(weights(&mut suite, 1, 1), [2_000]);
}

#[test]
fn rules_with_longer_windows_leave_a_payer_its_cap_from_the_next_window_on() {
    let mut suite = Suite::new();
    let adds = |suite: &mut Suite| {
        let end = suite.now();
        let lease = Lease { end, redeemed: vec![60_000], lots: 6, ..suite.lease(1, 1) };
        suite.rated(&lease).weight
    };
    assert_eq!(adds(&mut suite), 5_000, "the cap");
    let longer = Rules { window_secs: 10 * 86_400, ..rules() };
    suite.send("governance", &ExecuteMsg::SetRules(longer)).unwrap();
    assert_eq!(adds(&mut suite), 0, "the longer window began before and has it already");
    suite.wait(10 * DAY);
    assert_eq!(adds(&mut suite), 5_000);
    let shorter = Rules { window_secs: 3_600, ..rules() };
    suite.send("governance", &ExecuteMsg::SetRules(shorter)).unwrap();
    suite.wait(3_600);
    assert_eq!(adds(&mut suite), 5_000);
}

#[test]
fn holding_ratings_back_gains_neither_cap_nor_freshness() {
    let (mut prompt, mut late) = (Suite::new(), Suite::new());
    let end = prompt.now();
    let lease =
        |suite: &mut Suite| Lease { end, redeemed: vec![30_000], lots: 3, ..suite.lease(1, 1) };
    let first = lease(&mut prompt);
    prompt.rate(&first).unwrap();
    prompt.wait(30 * DAY);
    late.wait(30 * DAY);
    let first = lease(&mut late);
    late.rate(&first).unwrap();
    assert_eq!(late.standing(1).alpha, prompt.standing(1).alpha, "as old as it is");
    let second = lease(&mut late);
    assert_eq!(late.rated(&second).weight, 2_000, "both leases share one window's cap");
}

#[test]
fn evidence_fades_and_the_score_returns_to_the_prior() {
    let mut suite = Suite::new();
    let lease = suite.lease(1, 1);
    suite.rate(&lease).unwrap();
    suite.wait(30 * DAY);
    assert_eq!(suite.standing(1).alpha.u128(), 500_000);
    suite.wait(30 * 64 * DAY);
    let standing = suite.standing(1);
    assert_eq!((standing.alpha.u128(), standing.score), (0, Bps(5_000)));
}

#[test]
fn good_service_climbs_the_tiers_that_peers_read() {
    let mut suite = Suite::new();
    assert_eq!(suite.flags(1), (0, false));
    let mut seen = vec![0];
    for payer in 0..60 {
        let lease = suite.lease(1, payer);
        let tier = suite.rated(&lease).tier;
        assert_eq!(suite.flags(1), (tier, false));
        if seen.last() != Some(&tier) {
            seen.push(tier);
        }
    }
    assert_eq!(seen, [0, 1, 2, 3]);
    assert_eq!(suite.standing(2).tier, 0, "an unrated device is in tier 0");
}

#[test]
fn a_retired_device_pays_for_its_own_leases_only() {
    let mut suite = Suite::new();
    let registry = suite.registry.clone();
    let mut storage = suite.app.contract_storage_mut(&registry);
    peers::write_device(storage.as_mut(), 1, DeviceStatus::Retired);
    peers::write_device(storage.as_mut(), 2, DeviceStatus::Active);
    drop(storage);
    for (provider, rating, weight) in [(1, 0, 300), (2, 3_000, 0)] {
        let lease = suite.lease(provider, 1).ended(CloseReason::DeviceRetired, 3_000);
        let event = suite.rated(&lease);
        assert_eq!((event.rating, event.weight), (rating, weight), "{provider}");
    }
    assert_eq!([1, 2].map(|device| suite.standing(device).faults), [1, 0]);
}

#[test]
fn a_compromised_key_is_the_fault_of_the_device_that_had_it() {
    let (during, before) = (START + 5, START - 5);
    for (provider, consumer, guilty) in [
        (None, None, false),
        (None, Some((during, true)), false),
        (Some((during, false)), None, false), // an orderly rotation
        (Some((during, true)), None, true),
        (Some((during, true)), Some((during, true)), true),
        (Some((before, true)), None, true), // between opening and start
        (Some((before, true)), Some((during, true)), false),
    ] {
        let mut suite = Suite::new();
        let registry = suite.registry.clone();
        let mut storage = suite.app.contract_storage_mut(&registry);
        for (device, key) in [(1, provider), (peers::CONSUMER, consumer)] {
            if let Some((time, compromised)) = key {
                peers::write_old_key(storage.as_mut(), device, time, compromised);
            }
        }
        drop(storage);
        let lease = suite.lease(1, 1).ended(CloseReason::KeyCompromised, 3_000);
        let event = suite.rated(&lease);
        let wanted = if guilty { (0, 300) } else { (3_000, 0) };
        assert_eq!((event.rating, event.weight), wanted, "{provider:?} {consumer:?}");
        assert_eq!(suite.standing(1).faults, u32::from(guilty));
    }
}

#[test]
fn who_failed_a_consumer_is_not_given_to_it_again_for_a_while() {
    let mut suite = Suite::new();
    let (now, consumer) = (suite.now(), DeviceId(peers::CONSUMER));
    for (provider, reason, redeemed, avoided) in [
        (1, CloseReason::Exhausted, 10_000, 0),
        (2, CloseReason::Expired, 4_000, now + 600),
        (3, CloseReason::ConsumerClosed, 4_000, now + 600), // it weighs nothing, and is reason enough
    ] {
        let lease = suite.lease(provider, 1).ended(reason, redeemed);
        suite.rate(&Lease { end: now, ..lease }).unwrap();
        let standings = caplet_base::peer::Standings::new(suite.app.wrap(), &suite.reputation);
        assert_eq!(standings.avoided(DeviceId(provider), consumer).unwrap(), avoided, "{reason:?}");
        assert_eq!(standings.avoided(DeviceId(provider), DeviceId(1)).unwrap(), 0);
    }
    suite.wait(600);
    let old = suite.lease(4, 1).ended(CloseReason::Expired, 0);
    suite.rate(&Lease { end: now, ..old }).unwrap();
    let standings = caplet_base::peer::Standings::new(suite.app.wrap(), &suite.reputation);
    assert_eq!(standings.avoided(DeviceId(4), consumer).unwrap(), 0, "that is past");
}

fn avoided(suite: &Suite, start_after: Option<(DeviceId, DeviceId)>) -> Vec<(u32, u64)> {
    let msg = QueryMsg::Avoided { start_after, limit: Some(2) };
    let answer: AvoidedResponse = suite.ask(&msg);
    assert!(answer.pairs.iter().all(|pair| pair.consumer.0 == peers::CONSUMER));
    answer.pairs.iter().map(|pair| (pair.provider.0, pair.until.u64())).collect()
}

#[test]
fn pairs_to_be_kept_apart_are_listed_and_those_that_are_past_go() {
    let mut suite = Suite::new();
    let fail = |suite: &mut Suite, provider| {
        let lease = suite.lease(provider, 1).ended(CloseReason::Expired, 0);
        suite.rate(&Lease { end: suite.now(), ..lease }).unwrap();
    };
    let first = suite.now() + 600;
    for provider in [3, 5, 7] {
        fail(&mut suite, provider);
    }
    assert_eq!(avoided(&suite, None), [(3, first), (5, first)]);
    let cursor = Some((DeviceId(5), DeviceId(peers::CONSUMER)));
    assert_eq!(avoided(&suite, cursor), [(7, first)]);
    suite.wait(600);
    let later = suite.now() + 600;
    fail(&mut suite, 4); // clears away what is past behind it
    assert_eq!(avoided(&suite, None), [(3, first), (4, later)]);
    assert_eq!(avoided(&suite, Some((DeviceId(4), DeviceId(peers::CONSUMER)))), []);
}

#[test]
fn a_pause_stops_rating_and_loses_nothing() {
    let mut suite = Suite::new();
    let lease = suite.lease(1, 1);
    suite.send("governance", &ExecuteMsg::Admin(AdminMsg::Pause {})).unwrap();
    refused(suite.rate(&lease), "the contract is paused");
    suite.send("governance", &ExecuteMsg::Admin(AdminMsg::Unpause {})).unwrap();
    assert_eq!(suite.rated(&lease).weight, 1_000);
}

#[test]
fn anyone_submits_and_the_event_says_what_came_of_it() {
    let mut suite = Suite::new();
    let lease = suite.lease(9, 1);
    suite.write(&lease);
    let leases = vec![RateInput { lease: lease.id.into(), report: None }];
    let events = suite.send("mallory", &ExecuteMsg::Rate { leases }).unwrap();
    let event = LeaseRated::try_from(&events[0]).unwrap();
    let standing = suite.standing(9);
    assert_eq!((event.score, event.tier), (standing.score.0, standing.tier));
}
