//! How far a provider takes a consumer's word for what is taken off the price.

use super::{Band, Counts, Course, Schedule};
use caplet_protocol::Bps;

const FULL: u16 = 10_000;

/// Basis points by which a rate may be under what the provider measured and count as the same: of a segment some
/// answers are lost on the way, and the two sides cut theirs at different units.
const TOLERANCE: u16 = 500;

/// The rates of one lease as the side has it that is paid.
///
/// What is taken off beyond what its own measurements support is the consumer's word. Failures, accuracy and the
/// network are not seen from here, so that word is taken, for one segment's price in all: what would take more is not
/// agreed to. The provider's loss by a lie is that, and the tolerance.
#[derive(Clone, Debug)]
pub struct Doubt {
    course: Course,
    word: Word,
}

/// How far a consumer's word was taken by the last look: what a provider has to remember of a lane over a restart, or the
/// word is good for another segment each time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    /// Units of the lane at that look.
    pub units: u64,
    /// What was taken off for them, in units x basis points.
    pub off: u128,
    /// What of it was taken on the consumer's word alone.
    pub taken: u128,
    /// The rates that the last two segments support, the older one first. The sides do not begin theirs at the same unit,
    /// so the lower one counts.
    pub supported: [Bps; 2],
}

impl Word {
    /// Bytes of [`Word::encode`].
    pub const LEN: usize = 44;

    /// Of a lane that is not looked at yet: `units` were served, and so much was taken off for them.
    #[must_use]
    pub const fn new(units: u64, off: u128) -> Self {
        Self { units, off, taken: 0, supported: [Bps::ALL; 2] }
    }

    /// In the order of the fields, big-endian.
    #[must_use]
    pub fn encode(&self) -> [u8; Self::LEN] {
        let [before, last] = self.supported;
        let mut out = [0; Self::LEN];
        let fields = self.units.to_be_bytes().into_iter();
        let fields = fields.chain(self.off.to_be_bytes()).chain(self.taken.to_be_bytes());
        let fields = fields.chain(before.0.to_be_bytes()).chain(last.0.to_be_bytes());
        for (to, from) in out.iter_mut().zip(fields) {
            *to = from;
        }
        out
    }

    /// What [`Word::encode`] wrote; `None` of anything longer or shorter.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (units, rest) = bytes.split_first_chunk()?;
        let (off, rest) = rest.split_first_chunk()?;
        let (taken, rest) = rest.split_first_chunk()?;
        let (before, last) = rest.split_first_chunk()?;
        let last = last.try_into().ok()?;
        Some(Self {
            units: u64::from_be_bytes(*units),
            off: u128::from_be_bytes(*off),
            taken: u128::from_be_bytes(*taken),
            supported: [u16::from_be_bytes(*before), u16::from_be_bytes(last)].map(Bps),
        })
    }
}

/// What was agreed on of a lane so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agreed {
    /// What is taken off for all units so far, in units x basis points.
    pub off: u128,
    /// The rate that holds from here on.
    pub rate: Bps,
}

impl Doubt {
    /// Of a lane that was looked at before as `word` says. Operations since then that ended before now are not known: what
    /// is taken off for their units is judged by those that follow.
    #[must_use]
    pub fn new(schedule: Schedule, word: Word) -> Self {
        Self { course: Course::new(schedule, word.units), word }
    }

    /// What is to be remembered.
    #[must_use]
    pub const fn word(&self) -> Word {
        self.word
    }

    /// Looks back at a segment, if one of `segment` units is over: the rate that it holds to from here on, if going on
    /// at what was agreed would take more on the consumer's word than it has to give.
    ///
    /// `latencies` and `band` are those of [`Course::next`].
    pub fn next(
        &mut self,
        segment: u64,
        now: Counts,
        agreed: Agreed,
        latencies: impl Iterator<Item = u32>,
        band: impl FnOnce(&[u32]) -> Option<Band>,
    ) -> Option<Bps> {
        let Word { units, off, taken, supported: [before, last] } = self.word;
        let next = self.course.next(segment, last, now, latencies, band)?;
        let units = now.units.saturating_sub(units);
        let off = agreed.off.saturating_sub(off);
        // what went wrong in this segment the consumer may have seen in the one before
        let borne = borne(before.min(last).min(next));
        let taken = taken.saturating_add(off.saturating_sub(product(units, borne)));
        self.word = Word { units: now.units, off: agreed.off, taken, supported: [last, next] };
        (!self.bears(segment, agreed.rate)).then(|| self.supported())
    }

    /// Whether a segment at `rate` may be served: what is measured here supports it, or the consumer's word is good for
    /// that much more.
    #[must_use]
    pub fn bears(&self, segment: u64, rate: Bps) -> bool {
        let off = FULL.saturating_sub(rate.0);
        let beyond = product(segment, off.saturating_sub(borne(self.supported())));
        beyond == 0 || self.word.taken.saturating_add(beyond) <= product(segment, FULL)
    }

    /// The rate that its own measurements support.
    #[must_use]
    pub fn supported(&self) -> Bps {
        let [before, last] = self.word.supported;
        before.min(last)
    }
}

/// Basis points that may be taken off where `supported` is what was measured.
fn borne(supported: Bps) -> u16 {
    FULL.saturating_sub(supported.0).saturating_add(TOLERANCE)
}

fn product(units: u64, bps: u16) -> u128 {
    u128::from(units).saturating_mul(bps.into())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::arithmetic_side_effects, reason = "small numbers")]

    use super::*;

    const SCHEDULE: Schedule = Schedule { floor: Bps(5_000), full: Bps::ALL, step: Bps(2_500) };
    const SEGMENT: u64 = 100;

    /// A lane of which every segment is served, and the rate that the consumer signs at next.
    struct Lane {
        doubt: Doubt,
        counts: Counts,
        agreed: Agreed,
    }

    impl Lane {
        fn new() -> Self {
            let agreed = Agreed { off: 0, rate: Bps::ALL };
            let doubt = Doubt::new(SCHEDULE, Word::new(0, 0));
            Self { doubt, counts: Counts::default(), agreed }
        }

        /// The provider's gateway starts anew, with what it remembers.
        fn restart(&mut self) {
            let word = Word::decode(&self.doubt.word().encode()).unwrap();
            self.doubt = Doubt::new(SCHEDULE, word);
            (self.counts.good, self.counts.failed) = (0, 0);
        }

        /// Serves a segment with so many failures in a hundred, then hears a rate. Whether it is agreed to.
        fn segment(&mut self, failed: u64, says: u16) -> bool {
            self.counts.units += SEGMENT;
            self.counts.good += 100 - failed;
            self.counts.failed += failed;
            let off = u128::from(10_000 - self.agreed.rate.0) * u128::from(SEGMENT);
            self.agreed.off += off;
            let none = std::iter::repeat(5);
            let held = self.doubt.next(SEGMENT, self.counts, self.agreed, none, |_| None);
            self.agreed.rate = held.unwrap_or(self.agreed.rate);
            let agrees = self.doubt.bears(SEGMENT, Bps(says));
            if agrees {
                self.agreed.rate = Bps(says);
            }
            agrees
        }
    }

    #[test]
    fn what_was_seen_to_fail_may_be_taken_off_for_ever() {
        let mut lane = Lane::new();
        for says in [7_500, 5_000, 5_000, 5_000, 5_000, 5_000, 5_000, 5_000] {
            assert!(lane.segment(100, says), "{says}");
        }
        assert_eq!(lane.doubt.word.taken, 0);
    }

    #[test]
    fn a_word_is_taken_for_what_was_not_seen_and_no_more_than_a_segment_of_it() {
        let mut lane = Lane::new();
        assert!(lane.segment(0, 7_500), "the first time it may be so");
        assert!(lane.segment(0, 5_000));
        // 2,000 and 4,500 are beyond the tolerance, and 4,500 more would be over a segment
        assert!(!lane.segment(0, 5_000));
        assert_eq!(lane.agreed.rate, Bps::ALL, "it holds to what it measured");
        assert!(!lane.segment(0, 5_000), "nor the next time");
        assert!(lane.segment(0, 9_500), "what is within the tolerance is not doubted");
        assert!(lane.segment(0, 10_000));
    }

    #[test]
    fn a_rate_that_is_kept_low_is_doubted_though_nothing_is_said_any_more() {
        let mut lane = Lane::new();
        lane.segment(0, 7_500);
        let mut rates = Vec::new();
        for _ in 0..7 {
            let says = lane.agreed.rate.0;
            lane.segment(0, says);
            rates.push(lane.agreed.rate.0);
        }
        assert_eq!(rates, [7_500, 7_500, 7_500, 7_500, 10_000, 10_000, 10_000]);
    }

    #[test]
    fn whatever_is_said_the_loss_is_a_segment_and_the_tolerance() {
        for (course, restarts) in (0..4u32.pow(8)).flat_map(|it| [(it, false), (it, true)]) {
            let mut lane = Lane::new();
            for at in 0..8u32 {
                let says = match (course >> (2 * at)) % 4 {
                    0 => 10_000,
                    1 => 9_000,
                    2 => 7_500,
                    _ => 5_000,
                };
                lane.segment(0, says);
                if restarts {
                    lane.restart();
                }
            }
            let most = u128::from(SEGMENT) * 10_000 + u128::from(8 * SEGMENT) * 500;
            assert!(lane.agreed.off <= most, "{} of {most}: course {course}", lane.agreed.off);
        }
    }

    #[test]
    fn a_segment_that_the_two_sides_cut_elsewhere_is_no_lie() {
        let mut lane = Lane::new();
        // what failed is at the end of the consumer's segment and at the beginning of the provider's next
        for _ in 0..20 {
            assert!(lane.segment(0, 7_500));
            assert!(lane.segment(60, 7_000));
            assert!(lane.segment(0, 10_000));
            assert_eq!(lane.doubt.word.taken, 0);
        }
    }

    #[test]
    fn what_was_taken_off_before_it_looked_is_nobodys_loss_here() {
        let mut doubt = Doubt::new(SCHEDULE, Word::new(500_000, 1_000_000_000));
        let agreed = Agreed { off: 1_000_000_000, rate: Bps::ALL };
        let counts = Counts { units: 500_000 + SEGMENT, good: 10, ..Counts::default() };
        assert_eq!(doubt.next(SEGMENT, counts, agreed, std::iter::empty(), |_| None), None);
        assert_eq!(doubt.word, Word::new(500_000 + SEGMENT, 1_000_000_000));
    }

    #[test]
    fn what_was_seen_to_fail_before_a_restart_may_be_taken_off_after_it() {
        let mut lane = Lane::new();
        for says in [7_500, 5_000, 5_000, 5_000, 5_000] {
            assert!(lane.segment(100, says), "{says}");
            lane.restart();
            assert!(lane.doubt.bears(SEGMENT, Bps(says)), "{says}");
        }
        assert_eq!(lane.doubt.word.taken, 0);
    }

    #[test]
    fn a_word_is_read_as_it_was_written_and_nothing_else_is_one() {
        let word = Word { units: 1, off: 1 << 100, taken: 3, supported: [Bps(4), Bps(10_000)] };
        assert_eq!(Word::decode(&word.encode()), Some(word));
        for wrong in [word.encode().get(1..).unwrap(), &[0; Word::LEN + 1], &[]] {
            assert_eq!(Word::decode(wrong), None);
        }
    }
}
