//! What the provider's side measures of a lane by itself: its own time for each call, what failed by its own fault, and
//! for how much of the time the consumer was connected. Sessions of a host keep one of each lane; so does whoever serves
//! leases another way.

use crate::client::Quality;
use crate::end::Stop;
use caplet_mechanism::quality::{Agreed, Band, Counts, Doubt, Schedule, Word};
use caplet_metering::Allowed;
use caplet_protocol::Bps;
use std::time::{Duration, Instant};

/// What was measured of a lane, cumulative. Over a restart of the host it begins anew, but for the units and how far the
/// consumer's word was taken.
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
    /// How far the consumer's word was taken by the last look; `None` where the market has no schedule.
    pub word: Option<Word>,
}

/// A lane as it stands when a session of it begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Before {
    /// Units served.
    pub units: u64,
    /// What was taken off for them, in units x basis points.
    pub off: u128,
    /// What is kept of it.
    pub kept: Kept,
}

/// What is to be kept of a lane over a restart, as an account has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// [`Account::word`].
    pub word: Option<Word>,
    /// [`Account::disputed`].
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
    pub(super) fn of(outcome: &Result<(), Stop>, paid: bool) -> Self {
        match outcome {
            Ok(()) => Self::Good,
            Err(stop) if stop.is_own() => Self::Other,
            Err(Stop::Refused(_) | Stop::Deadline(_)) if paid => Self::Failed,
            Err(_) => Self::Other,
        }
    }
}

/// Counters of a lane; they outlive connections.
pub struct Gauge {
    quality: Quality,
    /// Units of the lane, those included that were served before a restart.
    units: u64,
    /// Units at the last look back.
    looked: u64,
    doubt: Option<Doubt>,
    /// What was asked for last of what is to be remembered.
    told: Option<Word>,
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
            quality: Quality::default(),
            units: 0,
            looked: 0,
            doubt: None,
            told: None,
            disputed: None,
            began: now,
            sessions: 0,
            since: now,
            connected: Duration::ZERO,
        }
    }
}

impl Gauge {
    /// A session begins.
    pub fn open(&mut self, allowed: Option<Allowed>, before: Before) {
        if self.sessions == 0 {
            self.since = Instant::now();
        }
        self.sessions = self.sessions.saturating_add(1);
        if self.doubt.is_none()
            && let Some(Allowed { floor, step }) = allowed
        {
            let Before { units, off, kept } = before;
            let word = kept.word.unwrap_or_else(|| Word::new(units, off));
            // from which quality the full price is due is not looked at: without it less is supported, never more
            let schedule = Schedule { floor, full: Bps::ALL, step };
            (self.units, self.looked) = (units.max(word.units), word.units);
            (self.doubt, self.disputed) = (Some(Doubt::new(schedule, word)), kept.disputed);
        }
    }

    /// A session is over.
    pub fn close(&mut self) {
        self.sessions = self.sessions.saturating_sub(1);
        if self.sessions == 0 {
            self.connected = self.connected.saturating_add(self.since.elapsed());
        }
    }

    /// Counts units that are served. Whether a segment is over, and to be looked back at.
    pub const fn charged(&mut self, units: u64, segment: u64) -> bool {
        self.units = self.units.saturating_add(units);
        self.units.saturating_sub(self.looked) >= segment
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
        self.doubt.as_ref().is_none_or(|doubt| doubt.bears(segment, rate))
    }

    /// Whether there is more to remember of the consumer's word than when this was asked last.
    pub fn has_news(&mut self) -> bool {
        let word = self.doubt.as_ref().map(Doubt::word);
        std::mem::replace(&mut self.told, word) != word
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
            word: self.doubt.as_ref().map(Doubt::word),
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
        gauge.open(Some(ALLOWED), Before::default());
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
        assert_eq!(Ended::of(&Err(Stop::own("it trapped")), true), Ended::Other);
    }

    #[test]
    fn a_word_is_good_for_a_segment_and_as_good_as_the_same_for_ever() {
        let mut gauge = gauge();
        assert!(!gauge.charged(999, 1_000));
        assert!(gauge.charged(1, 1_000));
        // two and a half segments' price was taken off what nothing was wrong with
        let agreed = Agreed { off: 1_000 * 2_500, rate: Bps::ALL };
        assert_eq!(gauge.look(100, agreed, |_| None), None);
        assert!(!gauge.bears(100, Bps(9_000)));
        assert!(gauge.bears(100, Bps(9_500)), "as good as the same");
        let mut free = Gauge::default();
        free.open(None, Before::default());
        free.charged(1, 1);
        assert!(free.bears(1, Bps(0)), "a market without a schedule");
    }

    #[test]
    fn a_word_is_doubted_from_the_first_charge_on() {
        let mut gauge = gauge();
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
    fn a_word_that_was_taken_is_not_forgotten_over_a_restart() {
        let mut gauge = gauge();
        assert!(gauge.charged(100, 100));
        let agreed = Agreed { off: 100 * 5_000, rate: Bps(5_000) };
        assert_eq!(gauge.look(100, agreed, |_| None), None);
        assert!(!gauge.charged(60, 100));
        assert!(gauge.has_news());
        assert!(!gauge.has_news(), "nothing was taken since");
        gauge.dispute(Some(Bps(9_000)));
        let Account { word, disputed, .. } = gauge.account(160);
        // 60 units of the next segment were served at that rate before the restart, and 40 are after it
        let mut anew = Gauge::default();
        let kept = Kept { word, disputed };
        anew.open(Some(ALLOWED), Before { units: 160, off: 160 * 5_000, kept });
        assert_eq!(anew.disputed(), Some(Bps(9_000)));
        assert!(!anew.charged(39, 100));
        assert!(anew.charged(1, 100));
        let agreed = Agreed { off: 200 * 5_000, rate: Bps(5_000) };
        assert_eq!(anew.look(100, agreed, |_| None), Some(Bps::ALL), "a third is too much");
    }

    #[test]
    fn what_failed_here_is_borne_and_what_was_slow_where_it_is_known_what_is_slow() {
        let mut gauge = gauge();
        for _ in 0..10 {
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
        gauge.open(None, Before::default());
        gauge.close();
        assert_eq!(gauge.connected, Duration::ZERO, "the other one goes on");
        gauge.close();
        assert!(gauge.account(0).connected <= Bps::ALL);
        assert!(gauge.connected <= gauge.began.elapsed());
    }
}
