//! The rates of one lease, segment by segment.

use super::{Band, Measured, Schedule};
use caplet_protocol::{Bps, percentile};

/// What was counted of a lease so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Units accepted.
    pub units: u64,
    /// Operations that were answered.
    pub good: u64,
    /// Operations that were not.
    pub failed: u64,
    /// Results that were checked.
    pub checked: u64,
    /// How many of those were wrong.
    pub wrong: u64,
}

impl Counts {
    const fn since(self, before: Self) -> Self {
        Self {
            units: self.units.saturating_sub(before.units),
            good: self.good.saturating_sub(before.good),
            failed: self.failed.saturating_sub(before.failed),
            checked: self.checked.saturating_sub(before.checked),
            wrong: self.wrong.saturating_sub(before.wrong),
        }
    }
}

/// Judges a lease a segment at a time, each by what was measured of it alone.
#[derive(Clone, Debug)]
pub struct Course {
    schedule: Schedule,
    /// What the segment that is measured began with.
    before: Counts,
}

impl Course {
    /// From `units` on, of which the operations before are not known.
    #[must_use]
    pub fn new(schedule: Schedule, units: u64) -> Self {
        Self { schedule, before: Counts { units, ..Counts::default() } }
    }

    /// The rate of the next segment after one at rate `last`, if one of `segment` units is over.
    ///
    /// `latencies` are those of the operations that were answered, milliseconds, newest first; `band` is shown those
    /// of the segment and says what is good and bad, if it knows.
    pub fn next(
        &mut self,
        segment: u64,
        last: Bps,
        now: Counts,
        latencies: impl Iterator<Item = u32>,
        band: impl FnOnce(&[u32]) -> Option<Band>,
    ) -> Option<Bps> {
        let Counts { units, good, failed, checked, wrong } = now.since(self.before);
        if units < segment {
            return None;
        }
        self.before = now;
        let mut of_it: Vec<u32> =
            latencies.take(usize::try_from(good).unwrap_or(usize::MAX)).collect();
        let band = band(&of_it);
        let measured = Measured {
            latency_ms: percentile(&mut of_it, 95),
            served: Bps::of(good, good.saturating_add(failed)).unwrap_or(Bps::ALL),
            accuracy: Bps::of(checked.saturating_sub(wrong), checked),
        };
        Some(self.schedule.next(last, Schedule::quality(&measured, band)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHEDULE: Schedule = Schedule { floor: Bps(5_000), full: Bps(9_500), step: Bps(2_500) };

    /// A course of segments of ten units, with a band or without.
    struct Ten(Course, Option<Band>);

    impl Ten {
        const fn new(course: Course) -> Self {
            Self(course, None)
        }

        fn next(&mut self, last: Bps, now: Counts, ms: u32) -> Option<Bps> {
            self.0.next(10, last, now, std::iter::repeat(ms), |_| self.1)
        }
    }

    fn counts(units: u64, failed: u64) -> Counts {
        Counts { units, good: units, failed, ..Counts::default() }
    }

    #[test]
    fn a_segment_is_judged_when_it_is_over_and_by_its_own_measurements() {
        let mut course = Ten::new(Course::new(SCHEDULE, 0));
        assert_eq!(course.next(Bps::ALL, counts(9, 9), 5), None, "it is not over");
        // ten of twenty operations failed
        let low = course.next(Bps::ALL, counts(10, 10), 5).unwrap();
        assert_eq!(low, Bps(7_631), "5,000 and 5,000 x 5,000 / 9,500");
        assert_eq!(course.next(low, counts(19, 10), 5), None);
        assert_eq!(course.next(low, counts(20, 10), 5), Some(Bps::ALL));
        let mut later = Ten::new(Course::new(SCHEDULE, 100));
        assert_eq!(later.next(Bps::ALL, counts(109, 0), 5), None, "what was before is no segment");
        assert_eq!(later.next(Bps::ALL, counts(110, 0), 5), Some(Bps::ALL));
    }

    #[test]
    fn the_rate_falls_by_a_step_at_a_time_and_never_under_the_floor() {
        let mut course = Ten::new(Course::new(SCHEDULE, 0));
        let mut rate = Bps::ALL;
        let rates = [1, 2, 3, 4].map(|n| {
            let now = Counts { units: n * 10, failed: n * 10, ..Counts::default() };
            rate = course.next(rate, now, 0).unwrap();
            rate.0
        });
        assert_eq!(rates, [7_500, 5_000, 5_000, 5_000]);
    }

    #[test]
    fn wrong_results_lower_the_rate_of_the_next_segment() {
        let mut course = Ten::new(Course::new(SCHEDULE, 0));
        let checked = |units, checked, wrong| Counts { checked, wrong, ..counts(units, 0) };
        assert_eq!(course.next(Bps::ALL, checked(10, 2, 0), 5), Some(Bps::ALL));
        // of the second segment's two checks one was wrong
        let low = course.next(Bps::ALL, checked(20, 4, 1), 5).unwrap();
        assert_eq!(low, Bps(7_631));
        // nothing was checked of the third
        assert_eq!(course.next(low, checked(30, 4, 1), 5), Some(Bps::ALL));
    }

    #[test]
    fn slow_answers_are_worth_less_where_it_is_known_what_is_slow() {
        let mut blind = Ten::new(Course::new(SCHEDULE, 0));
        assert_eq!(blind.next(Bps::ALL, counts(10, 0), 900), Some(Bps::ALL));
        let mut course = Ten(Course::new(SCHEDULE, 0), Some(Band { good: 100, bad: 200 }));
        assert_eq!(course.next(Bps::ALL, counts(10, 0), 100), Some(Bps::ALL));
        assert_eq!(course.next(Bps::ALL, counts(20, 0), 150), Some(Bps(7_631)));
    }

    #[test]
    fn a_band_is_shown_the_segment_and_nothing_of_what_was_before() {
        let mut course = Course::new(SCHEDULE, 0);
        let mut shown = Vec::new();
        let mut all: Vec<u32> = Vec::new();
        for n in [10, 20] {
            all.extend(std::iter::repeat_n(n, 10));
            let now = counts(u64::from(n), 0);
            course.next(10, Bps::ALL, now, all.iter().rev().copied(), |of_it| {
                shown.push(of_it.to_vec());
                None
            });
        }
        assert_eq!(shown, [[10; 10], [20; 10]]);
    }
}
