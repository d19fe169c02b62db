//! Who is there and what happens to them, the same under every way to sell.

use super::spot::Wish;
use crate::Random;
use caplet_protocol::Tick;

/// Base units of a tick.
pub(super) const TICK: u64 = 1_000;
/// Providers.
pub const PROVIDERS: usize = 12;
/// Lots that a provider can do in an hour.
pub const CAPACITY: u32 = 10;
/// Consumers that need lots every hour.
pub const FACTORIES: usize = 14;
/// Base units that a lot is worth to a factory; what it goes without costs it that.
pub const WORTH: u64 = 600 * TICK;
/// Hours that are simulated, after a week that only makes prices.
pub const HOURS: usize = 28 * 24;
/// Hours of the week before.
pub(super) const BEFORE: usize = 7 * 24;
/// Payers of the spot market: factories from 0, passers-by from here.
const PASSERS: u32 = 1_000;

/// An hour.
#[derive(Clone, Debug)]
pub(super) struct Hour {
    /// Whether each provider's device is up.
    pub(super) up: Vec<bool>,
    /// Lots that each factory needs.
    pub(super) needs: Vec<u32>,
    /// What passers-by want.
    pub(super) passers: Vec<Wish>,
}

/// A week before and a month.
#[derive(Clone, Debug)]
pub(super) struct World {
    /// What a lot costs each provider.
    pub(super) asks: Vec<u64>,
    pub(super) hours: Vec<Hour>,
}

impl World {
    pub(super) fn new(seed: u64) -> Self {
        let random = &mut Random::new(seed);
        let asks = (0..PROVIDERS).map(|_| random.within(20, 40).saturating_mul(TICK)).collect();
        let mut down = [0u64; PROVIDERS];
        let mut level = 100u64;
        let storm = storm(random);
        let hours = (0..BEFORE.saturating_add(HOURS))
            .map(|hour| {
                let stormy = storm.contains(&hour);
                down.iter_mut().for_each(|left| *left = outage(random, *left, stormy));
                level = walk(random, level);
                Hour {
                    up: down.iter().map(|left| *left == 0).collect(),
                    needs: (0..FACTORIES).map(|_| need(random)).collect(),
                    passers: passers(random, hour, level, stormy),
                }
            })
            .collect();
        Self { asks, hours }
    }
}

/// Three to five days of the month in which much is wanted and much fails.
fn storm(random: &mut Random) -> std::ops::Range<usize> {
    let first = usize::try_from(random.within(8, 18)).unwrap_or(8).saturating_mul(24);
    let days = usize::try_from(random.within(3, 5)).unwrap_or(3).saturating_mul(24);
    let start = BEFORE.saturating_add(first);
    start..start.saturating_add(days)
}

/// Hours that a device stays down, after another.
fn outage(random: &mut Random, left: u64, stormy: bool) -> u64 {
    let (begins, hours) = (random.within(0, 999), random.within(2, 12));
    match left {
        0 if begins < if stormy { 20 } else { 5 } => hours,
        _ => left.saturating_sub(1),
    }
}

/// Percent of usual demand: a walk between a half and one and a half that is drawn to the middle.
fn walk(random: &mut Random, level: u64) -> u64 {
    let drawn = level.saturating_mul(19).saturating_add(100) / 20;
    drawn.saturating_add(random.within(0, 16)).saturating_sub(8).clamp(50, 150)
}

fn need(random: &mut Random) -> u32 {
    u32::try_from(random.within(3, 6)).unwrap_or(3)
}

fn passers(random: &mut Random, hour: usize, level: u64, stormy: bool) -> Vec<Wish> {
    // the evening wants twice what the night wants
    let daily = [70, 60, 60, 80, 100, 110, 120, 140, 150, 130, 110, 90];
    let of_day = daily[hour % 24 / 2];
    let percent = if stormy { 250 } else { 100 };
    let count = 18u64.saturating_mul(of_day).saturating_mul(level).saturating_mul(percent);
    (0..count / 1_000_000)
        .map(|_| {
            let limit = random.within(40, 240).saturating_mul(if stormy { 2 } else { 1 });
            Wish {
                payer: PASSERS.saturating_add(u32::try_from(random.within(0, 199)).unwrap_or(0)),
                limit: limit.saturating_mul(TICK),
                lots: u32::try_from(random.within(1, 4)).unwrap_or(1),
            }
        })
        .collect()
}

/// Where the controller starts.
pub(super) const START: Tick = Tick(100);
