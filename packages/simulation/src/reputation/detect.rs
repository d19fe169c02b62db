//! How soon a device that gets worse is found out.

use super::PRICE;
use super::caplet::Caplet;
use super::ranking::{Lease, Ranking as _};
use crate::Random;
use caplet_mechanism::quality::{Band, Measured, Schedule, Sketch};
use caplet_protocol::Bps;

/// Leases a day, segments a lease.
const LEASES: u64 = 4;
const SEGMENTS: u64 = 10;
/// Days of good service before.
const GOOD: u64 = 30;
/// Lower bound of the highest tier of the contract's example rules.
const TOP: Bps = Bps(8_000);
const DAY: u64 = 86_400;
const MOST_DAYS: u64 = 90;
const SCHEDULE: Schedule = Schedule { floor: Bps(4_000), full: Bps(9_000), step: Bps(3_000) };

/// When a change was noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Detection {
    /// What changed.
    pub what: &'static str,
    /// Segments until the consumer pays less.
    pub segments: Option<u64>,
    /// Leases until the device leaves the highest tier.
    pub tier: Option<u64>,
    /// Leases until it is suspended.
    pub suspended: Option<u64>,
}

/// A device whose latency doubles after a good month, and one that turns malicious then.
#[must_use]
pub fn detections(seed: u64) -> [Detection; 2] {
    let slow = |random: &mut Random, after: bool| Measured {
        latency_ms: latency(random).saturating_mul(if after { 2 } else { 1 }),
        served: Bps(10_000),
        accuracy: None,
    };
    let malicious = |random: &mut Random, after: bool| Measured {
        latency_ms: latency(random),
        served: Bps(10_000),
        accuracy: Some(Bps(if after { 0 } else { 10_000 })),
    };
    [watch(seed, "latency doubles", &slow), watch(seed, "turns malicious", &malicious)]
}

fn latency(random: &mut Random) -> u32 {
    u32::try_from(random.within(40, 60)).unwrap_or(u32::MAX)
}

fn watch(
    seed: u64,
    what: &'static str,
    measure: &dyn Fn(&mut Random, bool) -> Measured,
) -> Detection {
    let mut random = Random::new(seed);
    // what the market's other devices do
    let mut live = Sketch::default();
    (0..2_000).for_each(|_| live.add(latency(&mut random)));
    let band = Band::of(&live, Bps(9_000), Bps(9_500), 100);
    let mut caplet = Caplet::default();
    let mut found = Detection { what, segments: None, tier: None, suspended: None };
    for lease in 0..GOOD.saturating_add(MOST_DAYS).saturating_mul(LEASES) {
        let time = lease.saturating_mul(DAY) / LEASES;
        let since = lease.checked_sub(GOOD.saturating_mul(LEASES));
        let (rating, paid) = serve(&mut random, since, band, measure, &mut found);
        let payer = usize::try_from(lease % 20).unwrap_or(0);
        let redeemed = PRICE.saturating_mul(paid.0.into()) / 10_000;
        caplet.note(&Lease { time, payer, provider: 0, rating, redeemed });
        let Some(since) = since else { continue };
        let (_, bound, suspended) = caplet.standing(0, time);
        let at = Some(since.saturating_add(1));
        found.tier = found.tier.or(if bound < TOP { at } else { None });
        found.suspended = found.suspended.or(if suspended { at } else { None });
    }
    found
}

/// Serves a lease segment by segment; its rating is the mean quality, what is paid the mean rate.
fn serve(
    random: &mut Random,
    since: Option<u64>,
    band: Option<Band>,
    measure: &dyn Fn(&mut Random, bool) -> Measured,
    found: &mut Detection,
) -> (Bps, Bps) {
    let (mut rate, mut quality, mut paid) = (Bps(10_000), 0u64, 0u64);
    for segment in 0..SEGMENTS {
        let measured = Schedule::quality(&measure(random, since.is_some()), band);
        paid = paid.saturating_add(rate.0.into());
        quality = quality.saturating_add(measured.0.into());
        rate = SCHEDULE.next(rate, measured);
        if since.is_some() && rate < Bps(10_000) && found.segments.is_none() {
            let leases = since.unwrap_or_default().saturating_mul(SEGMENTS);
            found.segments = Some(leases.saturating_add(segment).saturating_add(1));
        }
    }
    let mean = |sum: u64| Bps(u16::try_from(sum / SEGMENTS).unwrap_or(10_000));
    (mean(quality), mean(paid))
}
