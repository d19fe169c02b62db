//! What the provider's side measures of a lane by itself: its own time for each call, what failed by its own fault, and
//! for how much of the time the consumer was connected. Sessions of a host keep one of each lane; so does whoever serves
//! leases another way.

use crate::client::Quality;
use crate::end::Stop;
use caplet_mechanism::quality::{Agreed, Band, Counts, Doubt, Schedule};
use caplet_metering::Allowed;
use caplet_protocol::Bps;
use std::time::{Duration, Instant};

/// Times that units are charged for before a consumer's word is doubted: of a few calls each is too much of a share.
const LEAST: u64 = 10;

/// What was measured of a lane, cumulative. Over a restart of the host it begins anew, but for the units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Units served.
    pub units: u64,
    /// Operations as they ended here: good ones, and those that failed after units were charged for them. Latencies are the
    /// host's own time for calls that were answered as a whole, and the link's round trip; what was waited for the
    /// consumer to send, take or pay is not in them.
    pub quality: Quality,
    /// Since the first session.
    pub lasted: Duration,
    /// Share of that in which there was one.
    pub connected: Bps,
    /// The rate that is held to where the consumer signs at a lower one that nothing here supports.
    pub disputed: Option<Bps>,
}

/// How an operation ended, as far as it tells of the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// As it should.
    Good,
    /// By this side's fault.
    Failed,
    /// By the consumer's, the link's, or nobody's.
    Other,
}

impl Ended {
    /// `paid` says whether units were charged for it: an operation that cost nothing may have been made to fail, and
    /// proves nothing.
    pub(super) const fn of(outcome: &Result<(), Stop>, paid: bool) -> Self {
        match outcome {
            Ok(()) => Self::Good,
            Err(Stop::Refused(_) | Stop::Deadline(_)) if paid => Self::Failed,
            Err(_) => Self::Other,
        }
    }
}

/// Counters of a lane; they outlive connections.
pub struct Gauge {
    /// Times that units are charged for before a consumer's word is doubted.
    least: u64,
    quality: Quality,
    units: u64,
    charges: u64,
    /// Units at the last look back.
    looked: u64,
    doubt: Option<Doubt>,
    disputed: Option<Bps>,
    began: Instant,
    sessions: u32,
    since: Instant,
    connected: Duration,
}

impl Default for Gauge {
    fn default() -> Self {
        let now = Instant::now();
        Self {
            least: LEAST,
            quality: Quality::default(),
            units: 0,
            charges: 0,
            looked: 0,
            doubt: None,
            disputed: None,
            began: now,
            sessions: 0,
            since: now,
            connected: Duration::ZERO,
        }
    }
}

impl Gauge {
    /// One by which a consumer's word is doubted from the first charge on.
    #[must_use]
    pub fn strict() -> Self {
        Self { least: 1, ..Self::default() }
    }

    /// A session begins, with so much taken off before, in units x basis points.
    pub fn open(&mut self, allowed: Option<Allowed>, off: u128) {
        if self.sessions == 0 {
            self.since = Instant::now();
        }
        self.sessions = self.sessions.saturating_add(1);
        if self.doubt.is_none() {
            // from which quality the full price is due is not looked at: without it less is supported, never more
            let schedule = |allowed: Allowed| Schedule {
                floor: allowed.floor,
                full: Bps::ALL,
                step: allowed.step,
            };
            self.doubt = allowed.map(|allowed| Doubt::new(schedule(allowed), off));
        }
    }

    /// A session is over.
    pub fn close(&mut self) {
        self.sessions = self.sessions.saturating_sub(1);
        if self.sessions == 0 {
            self.connected = self.connected.saturating_add(self.since.elapsed());
        }
    }

    /// Counts units that are served. Whether a segment is over, and there is enough of it to look back at.
    pub fn charged(&mut self, units: u64, segment: u64) -> bool {
        self.units = self.units.saturating_add(units);
        self.charges = self.charges.saturating_add(1);
        self.charges >= self.least && self.units.saturating_sub(self.looked) >= segment
    }

    /// Counts an operation; `took` is the time of a call, and none of a stream.
    pub fn ended(&mut self, took: Option<Duration>, how: Ended) {
        match (how, took) {
            (Ended::Other, _) => {}
            (Ended::Good, Some(took)) => self.quality.add(took, true),
            (how, _) => self.quality.count(how == Ended::Good),
        }
    }

    /// Looks back at the segment that is over: the rate to hold to, if what was agreed is not borne any more.
    pub fn look(
        &mut self,
        segment: u64,
        agreed: Agreed,
        band: impl FnOnce(&[u32]) -> Option<Band>,
    ) -> Option<Bps> {
        self.looked = self.units;
        let Self { quality, doubt, units, .. } = self;
        let (good, failed) = (quality.served, quality.failed);
        let now = Counts { units: *units, good, failed, ..Counts::default() };
        let newest_first = quality.latencies.iter().rev().copied();
        doubt.as_mut()?.next(segment, now, agreed, newest_first, band)
    }

    /// Whether a segment at `rate` may be served, as far as is known here.
    #[must_use]
    pub fn bears(&self, segment: u64, rate: Bps) -> bool {
        let doubt = self.doubt.as_ref().filter(|_| self.charges >= self.least);
        doubt.is_none_or(|doubt| doubt.bears(segment, rate))
    }

    /// The rate that is supported by what was measured here.
    #[must_use]
    pub fn supported(&self) -> Bps {
        self.doubt.as_ref().map_or(Bps::ALL, Doubt::supported)
    }

    /// Holds to a rate that the consumer does not sign at, or agrees with it again.
    pub const fn dispute(&mut self, rate: Option<Bps>) {
        self.disputed = rate;
    }

    /// The rate that is held to, if the consumer signs at another.
    #[must_use]
    pub const fn disputed(&self) -> Option<Bps> {
        self.disputed
    }

    /// What was measured, of `units` served.
    #[must_use]
    pub fn account(&self, units: u64) -> Account {
        let live = if self.sessions > 0 { self.since.elapsed() } else { Duration::ZERO };
        let (connected, lasted) = (self.connected.saturating_add(live), self.began.elapsed());
        let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        Account {
            units,
            quality: self.quality.clone(),
            lasted,
            connected: Bps::of(micros(connected), micros(lasted)).unwrap_or(Bps::ALL),
            disputed: self.disputed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALLOWED: Allowed = Allowed { floor: Bps(5_000), step: Bps(2_500) };
    const NOTHING: Agreed = Agreed { off: 0, rate: Bps::ALL };

    fn gauge() -> Gauge {
        let mut gauge = Gauge::default();
        gauge.open(Some(ALLOWED), 0);
        gauge
    }

    #[test]
    fn only_what_was_paid_for_and_failed_here_is_this_sides_fault() {
        let refused = || Err(Stop::refused("no"));
        assert_eq!(Ended::of(&refused(), true), Ended::Failed);
        assert_eq!(Ended::of(&Err(Stop::Deadline(1)), true), Ended::Failed);
        assert_eq!(Ended::of(&refused(), false), Ended::Other, "it may have been asked for that");
        let gone = Stop::Stream(std::io::ErrorKind::UnexpectedEof.into());
        assert_eq!(Ended::of(&Err(gone), true), Ended::Other);
        assert_eq!(Ended::of(&Err(Stop::MaxUnits { wanted: 2, allowed: 1 }), true), Ended::Other);
    }

    #[test]
    fn a_word_is_not_doubted_before_there_were_calls_enough() {
        let mut gauge = gauge();
        for call in 1..LEAST {
            assert!(!gauge.charged(100, 100), "call {call}");
            assert!(gauge.bears(100, Bps(0)));
        }
        assert!(gauge.charged(100, 100));
        // two and a half segments' price was taken off what nothing was wrong with
        let agreed = Agreed { off: 1_000 * 2_500, rate: Bps::ALL };
        assert_eq!(gauge.look(100, agreed, |_| None), None);
        assert!(!gauge.bears(100, Bps(9_000)));
        assert!(gauge.bears(100, Bps(9_500)), "as good as the same");
        let mut free = Gauge::default();
        free.open(None, 0);
        free.charged(1, 1);
        assert!(free.bears(1, Bps(0)), "a market without a schedule");
    }

    #[test]
    fn a_strict_gauge_doubts_from_the_first_charge_on() {
        let mut gauge = Gauge::strict();
        gauge.open(Some(ALLOWED), 0);
        assert!(gauge.charged(100, 100));
        let agreed = Agreed { off: 100 * 5_000, rate: Bps(5_000) };
        assert_eq!(gauge.look(100, agreed, |_| None), None);
        // 4,500 of the segment were taken on the consumer's word, and as much again still may be
        assert!(gauge.bears(100, Bps(5_000)));
        assert!(gauge.charged(100, 100));
        let agreed = Agreed { off: 200 * 5_000, rate: Bps(5_000) };
        assert_eq!(gauge.look(100, agreed, |_| None), Some(Bps::ALL), "a third is too much");
    }

    #[test]
    fn what_failed_here_is_borne_and_what_was_slow_where_it_is_known_what_is_slow() {
        let mut gauge = gauge();
        for _ in 0..LEAST {
            gauge.charged(10, 100);
            gauge.ended(Some(Duration::from_millis(150)), Ended::Good);
        }
        assert_eq!(
            gauge.look(100, NOTHING, |of_it| {
                assert_eq!(of_it, [150; 10]);
                Some(Band { good: 100, bad: 200 })
            }),
            None
        );
        assert_eq!(gauge.supported(), Bps(7_500), "half of the quality, by a schedule from 5,000");
        gauge.charged(100, 100);
        gauge.ended(None, Ended::Failed);
        gauge.ended(None, Ended::Other);
        assert_eq!(gauge.look(100, NOTHING, |_| None), None);
        assert_eq!(gauge.supported(), Bps(5_000));
        let account = gauge.account(200);
        assert_eq!((account.quality.served, account.quality.failed), (10, 1));
        assert_eq!((account.quality.latency_ms(50), account.units), (150, 200));
    }

    #[test]
    fn connected_is_the_time_in_which_there_was_a_session_whichever_it_was() {
        let mut gauge = gauge();
        gauge.open(None, 0);
        gauge.close();
        assert_eq!(gauge.connected, Duration::ZERO, "the other one goes on");
        gauge.close();
        assert!(gauge.account(0).connected <= Bps::ALL);
        assert!(gauge.connected <= gauge.began.elapsed());
    }
}
