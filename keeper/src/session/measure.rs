//! What a consumer may take off the price over MQTT: what the market's schedule gives, as far as this gateway's own sight of
//! the service bears it out. It carries ciphertext between two devices, but it carries each call and each answer, so it knows
//! how long its device took for every one and what was charged. Beyond that the consumer's word is taken as over links
//! (`packages/mechanism/src/quality/doubt.rs`), and how far it was taken outlives a restart.

use super::count::{self, Count};
use crate::fabric::measured;
use crate::latencies::Latencies;
use crate::leases::Lease;
use crate::store::Store;
use caplet_fabric::host::{Account, Before, Ended, Gauge};
use caplet_mechanism::quality::Agreed;
use caplet_metering::Allowed;
use caplet_protocol::{Bps, Lane, LeaseId};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// Leases that are known; the lowest number is the oldest one.
const LEASES: usize = 16_384;

/// What became of a rate that a consumer said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// It is agreed to already.
    Known,
    /// It is agreed to from now on.
    Agreed,
    /// The schedule does not give it.
    NotGiven,
    /// The schedule gives it, what was measured does not bear it out, and no more is taken on the consumer's word.
    Doubted,
}

/// One lease.
struct Measured {
    gauge: Gauge,
    /// Calls that brought nothing. They cost nothing, so the consumer may have made them fail: they bear no rate out, and
    /// contradict no report.
    failed: u64,
    /// When the last answer came.
    answered: Option<Instant>,
}

/// What was measured of each lease since this gateway started, and what is usual of its devices.
#[derive(Default)]
pub(super) struct Measures {
    leases: Mutex<BTreeMap<LeaseId, Measured>>,
    /// By market, of what is provided here; what is used here is another matter.
    usual: Latencies,
}

impl Measures {
    /// Looks at a lease from here on, if it is not looked at yet.
    ///
    /// # Errors
    /// If the store fails.
    pub(super) fn begin(
        &self,
        store: &Store,
        lease: &Lease,
        allowed: Allowed,
    ) -> anyhow::Result<()> {
        if self.with(lease.id, |_| ()).is_some() {
            return Ok(());
        }
        let Count { units, rates, .. } = count::get(store, lease.id)?;
        let kept = measured::kept(store, lease.id, lane_of(lease))?;
        let mut gauge = Gauge::default();
        gauge.open(Some(allowed), Before { units, off: rates.off(units), kept });
        let mut leases = self.leases.lock().unwrap_or_else(PoisonError::into_inner);
        if leases.len() >= LEASES {
            leases.pop_first();
        }
        // whoever looked first goes on
        leases.entry(lease.id).or_insert(Measured { gauge, failed: 0, answered: None });
        Ok(())
    }

    /// The consumer signs at `rate` from unit `from` on.
    ///
    /// # Errors
    /// If the store fails.
    pub(super) fn said(
        &self,
        store: &Store,
        lease: &Lease,
        allowed: &Allowed,
        (from, rate): (u64, Bps),
    ) -> anyhow::Result<Said> {
        let (id, segment) = (lease.id, lease.segment());
        let known = count::get(store, id)?.rates;
        let said = if (known.switch, known.next) == (from, rate) {
            Said::Known
        } else {
            let bears = self.with(id, |it| it.gauge.bears(segment, rate)).unwrap_or(true);
            count::change(store, id, |count| {
                if !count.is_given(allowed, segment, from, rate) {
                    Said::NotGiven
                } else if !bears {
                    Said::Doubted
                } else if count.agree_to(allowed, segment, from, rate) {
                    Said::Agreed
                } else {
                    Said::NotGiven
                }
            })?
        };
        let disputed = self.disputed(id).is_some();
        self.with(id, |it| match said {
            Said::Known | Said::Agreed => it.gauge.dispute(None),
            Said::Doubted => it.gauge.dispute(Some(it.gauge.supported())),
            Said::NotGiven => {}
        });
        match said {
            Said::Known | Said::Agreed if disputed => {
                self.keep(store, lease)?;
            }
            Said::Agreed => self.remember(store, lease)?,
            Said::Known | Said::NotGiven | Said::Doubted => {}
        }
        Ok(said)
    }

    /// A call that was asked of the device then was answered, and `units` were charged for it; `count` has them. Whether the
    /// rate that was agreed to is given up: what is measured here is owed from now on.
    ///
    /// # Errors
    /// If the store fails.
    pub(super) fn served(
        &self,
        store: &Store,
        lease: &Lease,
        asked: Instant,
        (units, count): (u64, &Count),
    ) -> anyhow::Result<bool> {
        let (segment, market) = (lease.segment(), lease.terms.market);
        let agreed = Agreed { off: count.rates.off(count.units), rate: count.rates.next };
        let looked = self.with(lease.id, |it| {
            it.has_answered(asked, Instant::now());
            let over = it.gauge.charged(units, segment);
            let usual = |of_it: &[u32]| self.usual.learn(market, of_it.iter().copied());
            over.then(|| it.gauge.look(segment, agreed, usual))
        });
        let Some(held) = looked.flatten() else { return Ok(false) };
        let insists = match held {
            // where a switch is ahead still it is looked at again a segment later
            Some(rate) => count::change(store, lease.id, |count| count.insist(rate))?,
            None => false,
        };
        if insists {
            // who hears of it has it kept
            self.with(lease.id, |it| it.gauge.dispute(held));
        } else if agreed.off > 0 {
            self.remember(store, lease)?;
        }
        Ok(insists)
    }

    /// Keeps what was measured of a lease, if anything was, to be held against what its consumer reports. Whether its rate
    /// has come to be disputed since the last time.
    ///
    /// # Errors
    /// If the store fails.
    pub(super) fn keep(&self, store: &Store, lease: &Lease) -> anyhow::Result<bool> {
        let units = count::get(store, lease.id)?.units;
        let Some(account) = self.account(lease.id, units) else { return Ok(false) };
        measured::keep(store, lease, lane_of(lease), &account)
    }

    /// Keeps it if more was taken on the consumer's word, or a restart would forget that.
    fn remember(&self, store: &Store, lease: &Lease) -> anyhow::Result<()> {
        if self.with(lease.id, |it| it.gauge.has_news()) == Some(true) {
            self.keep(store, lease)?;
        }
        Ok(())
    }

    /// A call brought nothing.
    pub(super) fn failed(&self, lease: LeaseId) {
        self.with(lease, |it| it.failed = it.failed.saturating_add(1));
    }

    /// The rate that is held to, where the consumer signs at another.
    pub(super) fn disputed(&self, lease: LeaseId) -> Option<Bps> {
        self.with(lease, |it| it.gauge.disputed()).flatten()
    }

    /// What was measured of a lease of which so many units were served, if anything was.
    pub(super) fn account(&self, lease: LeaseId, units: u64) -> Option<Account> {
        self.with(lease, |it| {
            let mut account = it.gauge.account(units);
            account.quality.failed = account.quality.failed.saturating_add(it.failed);
            account
        })
    }

    fn with<T>(&self, lease: LeaseId, f: impl FnOnce(&mut Measured) -> T) -> Option<T> {
        let mut leases = self.leases.lock().unwrap_or_else(PoisonError::into_inner);
        leases.get_mut(&lease).map(f)
    }
}

/// The one lane of a lease that is served over MQTT.
fn lane_of(lease: &Lease) -> Lane {
    lease.lanes.first().map_or(Lane(0), |lane| lane.lane)
}

impl Measured {
    /// A call that waits behind another one of its lease is not slow: its consumer had it wait.
    fn has_answered(&mut self, asked: Instant, now: Instant) {
        let began = self.answered.map_or(asked, |last| last.max(asked));
        self.answered = Some(now);
        self.gauge.ended(Some(now.saturating_duration_since(began)), Ended::Good);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::arithmetic_side_effects, reason = "small numbers")]

    use super::super::risk::tests::lease;
    use super::*;
    use std::time::Duration;

    const ALLOWED: Allowed = Allowed { floor: Bps(5_000), step: Bps(2_500) };
    /// Units of a lease, of which an eighth is a segment.
    const UNITS: u64 = 40;
    const SEGMENT: u64 = 5;

    /// A lease that is served a unit a call, and a consumer that says what it likes.
    struct Served {
        store: Store,
        measures: Measures,
        lease: Lease,
    }

    impl Served {
        fn new() -> Self {
            let lease = lease();
            assert_eq!(lease.segment(), SEGMENT);
            let tables = [crate::session::TABLES, crate::fabric::TABLES];
            let store = Store::in_memory(&tables).unwrap();
            Self { store, measures: Measures::default(), lease }
        }

        /// The gateway starts anew, with what is on its disk.
        fn restart(&mut self) {
            self.measures = Measures::default();
        }

        fn count(&self) -> Count {
            count::get(&self.store, self.lease.id).unwrap()
        }

        /// Serves a call that took so long.
        fn call(&self, took: Duration) {
            self.measures.begin(&self.store, &self.lease, ALLOWED).unwrap();
            // as if every call had been asked when the one before was answered
            self.measures.with(self.lease.id, |it| it.answered = None);
            let asked = Instant::now().checked_sub(took).unwrap();
            let count = count::change(&self.store, self.lease.id, |count| {
                count.add(1);
                *count
            })
            .unwrap();
            let served = self.measures.served(&self.store, &self.lease, asked, (1, &count));
            if served.unwrap() {
                self.measures.keep(&self.store, &self.lease).unwrap();
            }
        }

        /// Serves a segment whose calls took so long, then hears a rate.
        fn segment(&self, took: Duration, says: u16) -> Said {
            (0..SEGMENT).for_each(|_| self.call(took));
            let from = self.count().units;
            self.measures.begin(&self.store, &self.lease, ALLOWED).unwrap();
            self.measures.said(&self.store, &self.lease, &ALLOWED, (from, Bps(says))).unwrap()
        }

        /// What was taken off so far, in units x basis points.
        fn off(&self) -> u128 {
            let count = self.count();
            count.rates.off(count.units)
        }
    }

    const QUICK: Duration = Duration::from_millis(1);

    #[test]
    fn whatever_a_consumer_says_of_good_service_costs_a_segment_and_a_twentieth_of_the_others() {
        let most = u128::from(SEGMENT) * 10_000 + u128::from(UNITS - SEGMENT) * 500;
        let mut worst = 0;
        for (course, restarts) in (0..3u32.pow(4)).flat_map(|it| [(it, false), (it, true)]) {
            let mut served = Served::new();
            for segment in 0..8u32 {
                let says = match (course / 3u32.pow(segment % 4)) % 3 {
                    0 => 10_000,
                    1 => 7_500,
                    _ => 5_000,
                };
                served.segment(QUICK, says);
                if restarts {
                    served.restart();
                }
            }
            assert_eq!(served.count().units, UNITS);
            assert!(served.off() <= most, "{} of {most}: course {course}", served.off());
            worst = worst.max(served.off());
        }
        assert!(worst > u128::from(SEGMENT) * 7_500, "the word is good for something: {worst}");
    }

    #[test]
    fn a_rate_that_nothing_bears_out_is_held_back_and_a_higher_one_ends_the_dispute() {
        let (served, all) = (Served::new(), Some(Bps::ALL));
        let disputed = || served.measures.disputed(served.lease.id);
        assert_eq!(served.segment(QUICK, 7_500), Said::Agreed, "the first time it may be so");
        assert_eq!(served.segment(QUICK, 5_000), Said::Agreed);
        assert_eq!(disputed(), None);
        assert_eq!(served.segment(QUICK, 5_000), Said::NotGiven, "the full price holds by now");
        assert_eq!((disputed(), served.count().rates.next), (all, Bps::ALL));
        assert_eq!(served.segment(QUICK, 7_500), Said::Agreed, "some of the word is left");
        assert_eq!(disputed(), None);
        assert_eq!(served.segment(QUICK, 7_500), Said::NotGiven);
        assert_eq!(served.segment(QUICK, 7_500), Said::Doubted);
        assert_eq!(served.segment(QUICK, 1_000), Said::NotGiven, "under the floor");
        assert_eq!(served.measures.account(served.lease.id, 35).unwrap().disputed, all);
        assert_eq!(served.segment(QUICK, 9_500), Said::Agreed, "as good as the same");
        assert_eq!(disputed(), None);
    }

    #[test]
    fn a_restart_in_the_middle_of_a_segment_forgets_nothing_of_a_word() {
        let mut served = Served::new();
        served.segment(QUICK, 7_500);
        served.segment(QUICK, 5_000);
        let word = |served: &Served| {
            let kept = measured::kept(&served.store, served.lease.id, lane_of(&served.lease));
            kept.unwrap().word.map(|word| (word.units, word.taken))
        };
        // 2,000 of 10,000 beyond the tolerance
        assert_eq!(word(&served), Some((10, u128::from(SEGMENT) * 2_000)));
        for _ in 0..SEGMENT {
            served.restart();
            served.call(QUICK);
        }
        assert_eq!(word(&served), Some((15, u128::from(SEGMENT) * (2_000 + 4_500))));
        assert_eq!(served.count().rates.next, Bps::ALL, "another one would be too much");
        served.restart();
        served.measures.begin(&served.store, &served.lease, ALLOWED).unwrap();
        assert_eq!(served.measures.disputed(served.lease.id), Some(Bps::ALL));
        assert_eq!(served.segment(QUICK, 10_000), Said::Agreed);
        served.restart();
        served.measures.begin(&served.store, &served.lease, ALLOWED).unwrap();
        assert_eq!(served.measures.disputed(served.lease.id), None, "it is over");
    }

    #[test]
    fn a_consumer_of_service_that_was_seen_to_be_slow_is_believed_to_the_end() {
        let served = Served::new();
        // what this gateway's devices take in that market as a rule
        let usual = std::iter::repeat_n(10, 10_000);
        assert_eq!(served.measures.usual.learn(served.lease.terms.market, usual), None);
        for segment in 0..UNITS / SEGMENT {
            let says = if segment == 0 { 7_500 } else { 5_000 };
            let said = served.segment(Duration::from_millis(400), says);
            assert!(said == Said::Agreed, "segment {segment}: {said:?}");
        }
        assert_eq!(served.measures.disputed(served.lease.id), None);
        let signed = u128::from(SEGMENT) * (2_500 + 6 * 5_000);
        assert_eq!(served.off(), signed, "as the consumer has it");
    }

    #[test]
    fn what_fails_for_nothing_bears_no_rate_out_and_contradicts_no_report() {
        let served = Served::new();
        for says in [7_500, 5_000, 5_000] {
            served.segment(QUICK, says);
            (0..100).for_each(|_| served.measures.failed(served.lease.id));
        }
        assert_eq!(served.measures.disputed(served.lease.id), Some(Bps::ALL));
        let account = served.measures.account(served.lease.id, 15).unwrap();
        assert_eq!((account.quality.served, account.quality.failed), (15, 300));
    }

    #[test]
    fn a_call_that_waited_behind_another_is_not_slow() {
        let served = Served::new();
        served.measures.begin(&served.store, &served.lease, ALLOWED).unwrap();
        let asked = Instant::now();
        let at = |ms| asked.checked_add(Duration::from_millis(ms)).unwrap();
        served.measures.with(served.lease.id, |it| {
            for ms in [100, 200, 300] {
                it.has_answered(asked, at(ms));
            }
            it.has_answered(at(400), at(420));
        });
        let account = served.measures.account(served.lease.id, 0).unwrap();
        assert_eq!(account.quality.latencies, [100, 100, 100, 20]);
    }
}
