//! Pay follows quality: what was measured of one segment sets the rate at which the next is signed for
//! (`PROTOCOL.md` 2), by the market's schedule; what latency is good is what leases of the market have here.

use crate::latencies::Latencies;
use caplet_api::auction::QualityConfig;
use caplet_fabric::client::Quality;
use caplet_mechanism::quality::{self, Counts, Schedule};
use caplet_protocol::{Bps, MarketId};

/// The course of one lease.
pub(super) struct Course {
    market: MarketId,
    course: quality::Course,
}

impl Course {
    pub(super) fn new(market: MarketId, config: QualityConfig, units: u64) -> Self {
        let QualityConfig { floor, full, step } = config;
        Self { market, course: quality::Course::new(Schedule { floor, full, step }, units) }
    }

    /// The rate of the next segment, if one of `segment` units is over at `units`; `last` is its own.
    pub(super) fn next(
        &mut self,
        (units, segment): (u64, u64),
        last: Bps,
        quality: &Quality,
        known: &Latencies,
    ) -> Option<Bps> {
        let Quality { served, failed, checked, wrong, ref latencies, .. } = *quality;
        let now = Counts { units, good: served, failed, checked, wrong };
        let (market, newest_first) = (self.market, latencies.iter().rev().copied());
        self.course.next(segment, last, now, newest_first, |of_it| {
            known.learn(market, of_it.iter().copied())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: QualityConfig =
        QualityConfig { floor: Bps(5_000), full: Bps(9_500), step: Bps(2_500) };
    const FULL: Bps = Bps(10_000);

    fn quality(served: u64, failed: u64, ms: u32) -> Quality {
        let latencies = std::iter::repeat_n(ms, usize::try_from(served).unwrap()).collect();
        Quality { served, failed, latencies, ..Quality::default() }
    }

    #[test]
    fn what_fails_and_what_is_wrong_lower_the_rate_of_the_next_segment() {
        let (mut course, known) = (Course::new(MarketId(1), CONFIG, 0), Latencies::default());
        assert_eq!(course.next((9, 10), FULL, &quality(9, 9, 5), &known), None);
        let low = course.next((10, 10), FULL, &quality(10, 10, 5), &known).unwrap();
        assert_eq!(low, Bps(7_631), "5,000 and 5,000 x 5,000 / 9,500");
        let wrong = Quality { checked: 2, wrong: 1, ..quality(20, 10, 5) };
        assert_eq!(course.next((20, 10), low, &wrong, &known), Some(low));
        assert_eq!(
            course.next((30, 10), low, &Quality { served: 30, ..wrong }, &known),
            Some(FULL)
        );
    }

    #[test]
    fn what_is_slow_is_said_by_what_leases_of_the_market_have() {
        let (mut course, known) = (Course::new(MarketId(1), CONFIG, 0), Latencies::default());
        // nothing is known yet: no latency is bad
        assert_eq!(course.next((100, 100), FULL, &quality(100, 0, 20), &known), Some(FULL));
        // like the others, and then like nobody
        assert_eq!(course.next((200, 100), FULL, &quality(200, 0, 20), &known), Some(FULL));
        assert_eq!(course.next((300, 100), FULL, &quality(300, 0, 500), &known), Some(Bps(7_500)));
        let mut elsewhere = Course::new(MarketId(2), CONFIG, 0);
        assert_eq!(elsewhere.next((9, 9), FULL, &quality(9, 0, 500), &known), Some(FULL));
    }
}
