//! Pay follows quality: what was measured of one segment sets the rate at which the next is signed for
//! (`PROTOCOL.md` 2), by the market's schedule; what latency is good is what leases of the market have here.

use caplet_api::auction::QualityConfig;
use caplet_fabric::client::Quality;
use caplet_mechanism::quality::{Band, Measured, Schedule, Sketch};
use caplet_protocol::{Bps, MarketId};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Latencies of a market that must be known before any is called bad.
const LEAST: u64 = 100;
/// Latencies after which old ones fade.
const FADES: u64 = 20_000;
/// The quantile up to which a segment's latency is good; at twice that nothing of it is left ([`Band::of`]). A
/// segment's 95th percentile over few operations is its slowest, so the bar is where one in a hundred is.
const TAIL: Bps = Bps(9_900);

/// Latencies of what is used here, by market.
#[derive(Default)]
pub(super) struct Latencies(Mutex<BTreeMap<MarketId, Sketch>>);

impl Latencies {
    /// Counts what was measured, and says what is good and bad now.
    fn learn(&self, market: MarketId, measured: impl Iterator<Item = u32>) -> Option<Band> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let sketch = all.entry(market).or_default();
        // the segment is judged by what was known before it
        let band = Band::of(sketch, TAIL, TAIL, LEAST);
        measured.for_each(|ms| sketch.add(ms));
        if sketch.count() > FADES {
            sketch.fade();
        }
        band
    }
}

/// What was counted of a lease's operations.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    served: u64,
    failed: u64,
    checked: u64,
    wrong: u64,
}

impl Counts {
    const fn of(quality: &Quality) -> Self {
        let Quality { served, failed, checked, wrong, .. } = *quality;
        Self { served, failed, checked, wrong }
    }

    const fn since(self, before: Self) -> Self {
        Self {
            served: self.served.saturating_sub(before.served),
            failed: self.failed.saturating_sub(before.failed),
            checked: self.checked.saturating_sub(before.checked),
            wrong: self.wrong.saturating_sub(before.wrong),
        }
    }
}

/// The course of one lease.
pub(super) struct Course {
    schedule: Schedule,
    market: MarketId,
    /// Units at which the segment that is measured began.
    from: u64,
    /// What was measured before it.
    before: Counts,
}

impl Course {
    pub(super) fn new(market: MarketId, quality: QualityConfig, from: u64) -> Self {
        let QualityConfig { floor, full, step } = quality;
        Self { schedule: Schedule { floor, full, step }, market, from, before: Counts::default() }
    }

    /// The rate of the next segment, if one of `segment` units is over at `counted`; `last` is its own.
    pub(super) fn next(
        &mut self,
        (counted, segment): (u64, u64),
        last: Bps,
        quality: &Quality,
        latencies: &Latencies,
    ) -> Option<Bps> {
        if counted.saturating_sub(self.from) < segment {
            return None;
        }
        let now = Counts::of(quality);
        let Counts { served, failed, checked, wrong } = now.since(self.before);
        self.from = counted;
        self.before = now;
        let of_it = usize::try_from(served).unwrap_or(usize::MAX);
        let of_it = quality.latencies.iter().rev().take(of_it).copied();
        let band = latencies.learn(self.market, of_it.clone());
        let mut sorted: Vec<u32> = of_it.collect();
        sorted.sort_unstable();
        let at = sorted.len().saturating_mul(95).div_ceil(100).saturating_sub(1);
        let measured = Measured {
            latency_ms: sorted.get(at).copied().unwrap_or(0),
            served: share(served, served.saturating_add(failed)),
            accuracy: (checked > 0).then(|| share(checked.saturating_sub(wrong), checked)),
        };
        Some(self.schedule.next(last, Schedule::quality(&measured, band)))
    }
}

fn share(part: u64, whole: u64) -> Bps {
    let bps = u128::from(part).saturating_mul(10_000).checked_div(whole.into()).unwrap_or(10_000);
    Bps(u16::try_from(bps.min(10_000)).unwrap_or(10_000))
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
    fn a_segment_is_judged_when_it_is_over_and_by_its_own_measurements() {
        let (mut course, known) = (Course::new(MarketId(1), CONFIG, 0), Latencies::default());
        assert_eq!(course.next((9, 10), FULL, &quality(9, 0, 5), &known), None);
        assert_eq!(course.next((10, 10), FULL, &quality(10, 0, 5), &known), Some(FULL));
        assert_eq!(course.next((19, 10), FULL, &quality(19, 0, 5), &known), None);
        // of the second segment's twenty operations ten failed
        let low = course.next((20, 10), FULL, &quality(20, 10, 5), &known).unwrap();
        assert_eq!(low, Bps(7_631), "5,000 and 5,000 x 5,000 / 9,500");
        assert_eq!(course.next((30, 10), low, &quality(30, 10, 5), &known), Some(FULL));
    }

    #[test]
    fn the_rate_falls_by_a_step_at_a_time_and_never_under_the_floor() {
        let (mut course, known) = (Course::new(MarketId(1), CONFIG, 0), Latencies::default());
        let mut rate = FULL;
        let mut rates = Vec::new();
        for n in 1..=4 {
            rate = course.next((n * 10, 10), rate, &quality(0, n * 10, 0), &known).unwrap();
            rates.push(rate.0);
        }
        assert_eq!(rates, [7_500, 5_000, 5_000, 5_000]);
    }

    #[test]
    fn wrong_results_lower_the_rate_of_the_next_segment() {
        let (mut course, known) = (Course::new(MarketId(1), CONFIG, 0), Latencies::default());
        let checked = |checked, wrong| Quality { checked, wrong, ..quality(10, 0, 5) };
        assert_eq!(course.next((10, 10), FULL, &checked(2, 0), &known), Some(FULL));
        // of the second segment's two checks one was wrong
        let low = course.next((20, 10), FULL, &checked(4, 1), &known).unwrap();
        assert_eq!(low, Bps(7_631), "5,000 and 5,000 x 5,000 / 9,500");
        // nothing was checked of the third
        assert_eq!(course.next((30, 10), low, &checked(4, 1), &known), Some(FULL));
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
