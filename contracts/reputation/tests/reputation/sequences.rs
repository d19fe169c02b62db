//! Random leases, waits, ratings and reinstatements; what must hold after any of them.

use crate::peers::{Lease, burned};
use crate::suite::{DAY, Suite, rules};
use caplet_api::escrow::CloseReason;
use caplet_api::event::{LeaseRated, SuspensionChanged};
use caplet_protocol::{Bps, LeaseId, layout::QosReport};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

const DEVICES: u32 = 3;

#[derive(Clone, Debug)]
enum Act {
    Close {
        provider: u32,
        payer: u32,
        redeemed: u64,
        reason: usize,
        score: Option<u16>,
    },
    /// Submits some of the leases so far, rated or not.
    Rate {
        picks: Vec<prop::sample::Index>,
    },
    Wait {
        seconds: u64,
    },
    Reinstate {
        device: u32,
    },
}

fn act() -> impl Strategy<Value = Act> {
    let close =
        (0..DEVICES, 0u32..3, 0u64..40_000, 0usize..10, proptest::option::of(0u16..=10_000));
    prop_oneof![
        5 => close.prop_map(|(provider, payer, redeemed, reason, score)| Act::Close { provider, payer, redeemed, reason, score }),
        4 => proptest::collection::vec(any::<prop::sample::Index>(), 1..6).prop_map(|picks| Act::Rate { picks }),
        2 => prop_oneof![0u64..DAY, 0u64..60 * DAY].prop_map(|seconds| Act::Wait { seconds }),
        1 => (0..DEVICES).prop_map(|device| Act::Reinstate { device }),
    ]
}

/// What the test knows beside the contract.
#[derive(Default)]
struct Ledger {
    leases: Vec<(Lease, Option<QosReport>)>,
    rated: BTreeSet<u64>,
    /// Weight by device and payer, and the windows in which their leases ended.
    weights: BTreeMap<(u32, u32), (u64, BTreeSet<u64>)>,
    /// Burned fees and weight by device.
    burned: BTreeMap<u32, u64>,
    weight: BTreeMap<u32, u64>,
    /// Since when a device is suspended, and what its cool-down must be.
    suspended: BTreeMap<u32, u64>,
    suspensions: BTreeMap<u32, u32>,
}

impl Ledger {
    fn close(&mut self, suite: &mut Suite, act: &Act) {
        let Act::Close { provider, payer, redeemed, reason, score } = *act else { return };
        let end = suite.now();
        let mut lease =
            Lease { end, lots: 4, redeemed: vec![redeemed], ..suite.lease(provider, payer) };
        lease.reason = CloseReason::ALL[reason];
        let report = score.map(|score| QosReport {
            lease: LeaseId(lease.id),
            units: 100,
            availability: Bps(score),
            score: Bps(score),
            ..QosReport::default()
        });
        if let Some(report) = &report {
            lease = lease.reported(report);
        }
        suite.write(&lease);
        self.leases.push((lease, report));
    }

    fn rate(&mut self, suite: &mut Suite, picks: &[prop::sample::Index]) {
        if self.leases.is_empty() {
            return;
        }
        let items: Vec<_> = picks
            .iter()
            .map(|pick| pick.get(&self.leases))
            .map(|(lease, report)| (lease.id, *report))
            .collect();
        let now = suite.now();
        for event in suite.submit(&items).unwrap() {
            if let Ok(event) = LeaseRated::try_from(&event) {
                self.note(&event);
            }
            if let Ok(event) = SuspensionChanged::try_from(&event) {
                let times = self.suspensions.entry(event.device).or_default();
                assert!(event.suspended);
                assert_eq!(event.until, now + (3_600 << (*times).min(6)));
                *times += 1;
                let flapped = self.suspended.insert(event.device, event.until);
                assert_eq!(flapped, None, "suspended while suspended");
            }
        }
    }

    fn note(&mut self, event: &LeaseRated) {
        assert!(self.rated.insert(event.lease), "lease {} was rated twice", event.lease);
        assert!(event.rating <= 10_000 && event.score <= 10_000);
        let (lease, _) = self.leases.iter().find(|(lease, _)| lease.id == event.lease).unwrap();
        assert_eq!(lease.provider, event.device);
        let added = self.weights.entry((lease.provider, lease.payer)).or_default();
        added.0 += event.weight;
        added.1.insert(lease.end / DAY);
        *self.weight.entry(event.device).or_default() += event.weight;
        *self.burned.entry(event.device).or_default() += burned(lease.redeemed[0]);
    }

    fn reinstate(&mut self, suite: &mut Suite, device: u32) {
        let (now, bound) = (suite.now(), suite.standing(device).bound);
        let evidence = {
            let standing = suite.standing(device);
            (standing.alpha + standing.beta).u128() / 1_000
        };
        let cooled = self.suspended.get(&device).is_some_and(|until| now >= *until);
        let fit = bound >= rules().reinstate_above || 2 * evidence < 3_000;
        assert_eq!(suite.reinstate(device).is_ok(), cooled && fit);
        if cooled && fit {
            self.suspended.remove(&device);
        }
    }

    fn check(&self, suite: &Suite) {
        let cap = rules().payer_cap.u64();
        for (weight, windows) in self.weights.values() {
            let most = cap * u64::try_from(windows.len()).unwrap();
            assert!(*weight <= most, "a payer is over its cap");
        }
        for device in 0..DEVICES {
            let burned = self.burned.get(&device).copied().unwrap_or_default();
            let weight = self.weight.get(&device).copied().unwrap_or_default();
            assert!(weight <= burned * 1_000 / 100, "more weight than fees pay for");
            let standing = suite.standing(device);
            let known = (standing.alpha + standing.beta).u128();
            assert!(known <= u128::from(weight) * 1_000, "evidence out of nothing");
            assert_eq!(suite.flags(device).1, self.suspended.contains_key(&device));
            let times = self.suspensions.get(&device).copied().unwrap_or_default();
            assert_eq!(standing.suspensions, times);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn ratings_stay_shares_come_once_and_cost_their_fees(acts in proptest::collection::vec(act(), 1..60)) {
        let mut suite = Suite::new();
        let mut ledger = Ledger::default();
        for act in acts {
            match &act {
                Act::Close { .. } => ledger.close(&mut suite, &act),
                Act::Rate { picks } => ledger.rate(&mut suite, picks),
                Act::Wait { seconds } => suite.wait(*seconds),
                Act::Reinstate { device } => ledger.reinstate(&mut suite, *device),
            }
            ledger.check(&suite);
        }
    }

    #[test]
    fn splitting_a_payment_over_payers_never_weighs_more_than_the_fees_it_burns(
        parts in proptest::collection::vec((0u32..50, 0u64..20_000), 1..12),
    ) {
        let (mut split, mut whole) = (Suite::new(), Suite::new());
        let total: u64 = parts.iter().map(|(_, part)| part).sum();
        // small payouts burn more, as the keeper's part is rounded down: that is paid for, and weighs what it cost
        let fees: u64 = parts.iter().map(|(_, part)| burned(*part)).sum();
        for (payer, part) in parts {
            let lease = split.lease(1, payer).ended(CloseReason::Exhausted, part);
            split.rate(&lease).unwrap();
        }
        // one payer without a cap
        let mut uncapped = rules();
        uncapped.payer_cap = 1_000_000u64.into();
        whole.send("governance", &caplet_api::reputation::ExecuteMsg::SetRules(uncapped)).unwrap();
        let lease = whole.lease(1, 1).ended(CloseReason::Exhausted, total);
        whole.rate(&lease).unwrap();
        let weight = |suite: &Suite| suite.standing(1).alpha.u128();
        prop_assert_eq!(weight(&whole), u128::from(burned(total)) * 10_000);
        prop_assert!(weight(&split) <= u128::from(fees) * 10_000);
    }

    #[test]
    fn the_order_of_ratings_within_a_block_changes_no_standing(
        order in Just((0..8usize).collect::<Vec<_>>()).prop_shuffle(),
        shares in proptest::collection::vec(0u64..=10_000, 8),
    ) {
        let (mut one, mut other) = (Suite::new(), Suite::new());
        let leases: Vec<Lease> = shares
            .iter()
            .map(|share| one.lease(1, 1 + u32::try_from(share % 2).unwrap()).ended(CloseReason::Expired, *share / 4))
            .collect();
        for (i, at) in order.into_iter().enumerate() {
            one.rate(&leases[i]).unwrap();
            other.rate(&leases[at]).unwrap();
        }
        let (one, other) = (one.standing(1), other.standing(1));
        prop_assert_eq!((one.alpha, one.beta, one.score, one.tier), (other.alpha, other.beta, other.score, other.tier));
    }
}
