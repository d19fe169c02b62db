//! How soon a device that gets worse is found out.

use super::PRICE;
use super::caplet::Caplet;
use super::ranking::{Lease, Ranking as _};
use crate::Random;
use caplet_mechanism::quality::{Band, Live, Measured, Schedule};
use caplet_protocol::{Bps, percentile};

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
    let mut live = Live::default();
    live.learn((), (0..2_000).map(|_| latency(&mut random)));
    let band = live.band(&());
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

/// Serves a lease segment by segment: what it is rated, and the mean rate that is paid.
fn serve(
    random: &mut Random,
    since: Option<u64>,
    band: Option<Band>,
    measure: &dyn Fn(&mut Random, bool) -> Measured,
    found: &mut Detection,
) -> (Bps, Bps) {
    let (mut rate, mut paid, mut of_it) = (Bps::ALL, 0u64, Vec::new());
    for segment in 0..SEGMENTS {
        let measured = measure(random, since.is_some());
        paid = paid.saturating_add(rate.0.into());
        of_it.push(measured);
        rate = SCHEDULE.next(rate, Schedule::quality(&measured, band));
        if since.is_some() && rate < Bps(10_000) && found.segments.is_none() {
            let leases = since.unwrap_or_default().saturating_mul(SEGMENTS);
            found.segments = Some(leases.saturating_add(segment).saturating_add(1));
        }
    }
    (rated(&of_it, band), Bps(u16::try_from(paid / SEGMENTS).unwrap_or(10_000)))
}

/// As the contract rates a lease with a report: three quarters by the worst of what was delivered and right, one quarter by
/// the consumer's verdict. Milliseconds are part of that one alone.
fn rated(of_it: &[Measured], band: Option<Band>) -> Bps {
    let mut latencies: Vec<u32> = of_it.iter().map(|it| it.latency_ms).collect();
    let whole = Measured {
        latency_ms: percentile(&mut latencies, 95),
        served: of_it.iter().map(|it| it.served).min().unwrap_or(Bps::ALL),
        accuracy: of_it.iter().filter_map(|it| it.accuracy).min(),
    };
    let (delivered, score) = (Schedule::quality(&whole, None), Schedule::quality(&whole, band));
    let quarters = u32::from(delivered.0).saturating_mul(3).saturating_add(score.0.into());
    Bps(u16::try_from(quarters / 4).unwrap_or(10_000))
}
