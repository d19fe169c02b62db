//! What governance may define as a market, field by field.

use caplet_api::auction::{MEASUREMENT_TAG, MarketConfig, PriceConfig, QualityConfig, Tiers};
use caplet_protocol::Bps;
use thiserror::Error;

/// Most orders open at a time.
const MAX_ORDERS: u32 = 20_000;
/// Most thresholds of a tier ladder.
const MAX_TIERS: usize = 7;
/// Most tags: one bit each in 32.
const MAX_TAGS: usize = 32;
/// Most of a lease's reserve that a payee may be owed, in basis points.
const MAX_EXPOSURE: Bps = Bps(2_500);
/// Longest settle window: 7 days (`PROTOCOL.md` 3).
const MAX_SETTLE_SECS: u32 = 604_800;
/// Largest bond, so that no sum of a limit, a cost and a bond leaves 64 bits.
const MAX_BOND: u64 = 1 << 61;
/// Greatest premium of a tier in the instant lane, in basis points.
const MAX_TIER_PREMIUM: u16 = 5_000;
/// Least rate of the worst quality, in basis points: what was accepted is never nearly free.
const LEAST_FLOOR: u16 = 1_000;

/// Why a market cannot be defined like that.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ConfigError {
    /// A field that must not be zero.
    #[error("{0} is 0: give at least 1")]
    Zero(&'static str),
    /// A number out of its range.
    #[error("{field} is {value}, allowed is {least} to {most}: choose another")]
    Range {
        /// The field.
        field: &'static str,
        /// What it says.
        value: u64,
        /// Least.
        least: u64,
        /// Greatest.
        most: u64,
    },
    /// A name that is empty, too long or has other characters.
    #[error("{field} is `{value}`, allowed are 1 to {most} of {of}: choose another name")]
    Name {
        /// The field.
        field: &'static str,
        /// What it says.
        value: String,
        /// Greatest length.
        most: usize,
        /// Characters that are allowed.
        of: &'static str,
    },
    /// Too many entries of a list, or too few.
    #[error("{field} has {count} entries, allowed are {least} to {most}: shorten or complete it")]
    Count {
        /// The field.
        field: &'static str,
        /// How many.
        count: usize,
        /// Least.
        least: usize,
        /// Greatest.
        most: usize,
    },
    /// A ladder whose steps do not go one way.
    #[error("{field} must be {way}, entry {at} is not: sort it")]
    Ladder {
        /// The field.
        field: &'static str,
        /// `strictly rising`, `strictly falling`, `rising or equal`.
        way: &'static str,
        /// The first entry that is out of order, from 0.
        at: usize,
    },
    /// Two tags with one name.
    #[error("tag `{0}` is there twice: a bit needs a name of its own")]
    TagTwice(String),
    /// What the clearing arithmetic cannot work with.
    #[error(transparent)]
    Clearing(#[from] caplet_clearing::MarketError),
    /// A price controller out of its ranges.
    #[error(transparent)]
    Controller(#[from] caplet_mechanism::price::ControllerError),
}

/// Passes a market that can be traded.
///
/// # Errors
/// Names the first field that is wrong.
pub(crate) fn check(config: &MarketConfig) -> Result<(), ConfigError> {
    names(config)?;
    numbers(config)?;
    tiers(&config.tiers)?;
    prices(&config.price)?;
    premiums(config)?;
    quality(&config.quality)?;
    caplet_clearing::Market {
        tick_size: config.tick_size.u64(),
        fee_per_lot: config.lot_fee.u64(),
        reliability_bps: config.tiers.reliability.iter().map(|bps| bps.0).collect(),
        latency_ms: Vec::new(),
    }
    .check()?;
    Ok(())
}

/// A measurement tag, which is the longest there is: prefix and 64 hexadecimal digits.
const LONGEST_TAG: usize = MEASUREMENT_TAG.len() + 64;

fn names(config: &MarketConfig) -> Result<(), ConfigError> {
    let low = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "/._-".contains(c);
    name("resource", &config.resource, 64, "a-z0-9/._-", low)?;
    name("unit", &config.unit, 32, "visible ASCII", |c| c.is_ascii_graphic())?;
    count("tags", config.tags.len(), 0, MAX_TAGS)?;
    for (at, tag) in config.tags.iter().enumerate() {
        name("tags", tag, LONGEST_TAG, "a-z0-9/._-", low)?;
        if config.tags.iter().take(at).any(|other| other == tag) {
            return Err(ConfigError::TagTwice(tag.clone()));
        }
    }
    Ok(())
}

fn numbers(config: &MarketConfig) -> Result<(), ConfigError> {
    let (one, any) = (1, u64::from(u32::MAX));
    range("lot_units", config.lot_units.u64(), one, u64::MAX)?;
    range("slot_secs", config.slot_secs.into(), one, any)?;
    range("epoch_secs", config.epoch_secs.into(), one, any)?;
    range("asset", config.asset.0.into(), one, u64::from(u16::MAX))?;
    range("settle_secs", config.settle_secs.into(), 0, MAX_SETTLE_SECS.into())?;
    range("settle_blocks", config.settle_blocks.into(), 0, MAX_SETTLE_SECS.into())?;
    range("exposure", config.exposure.0.into(), 0, MAX_EXPOSURE.0.into())?;
    range("order_bond", config.order_bond.u64(), 0, MAX_BOND)?;
    range("offer_bond", config.offer_bond.u64(), 0, MAX_BOND)?;
    range("close_bond", config.close_bond.u64(), 0, MAX_BOND)?;
    range("max_orders", config.max_orders.into(), one, MAX_ORDERS.into())
}

fn tiers(tiers: &Tiers) -> Result<(), ConfigError> {
    ladder("tiers.latency_ms", &tiers.latency_ms, "strictly falling", |a, b| a > b)?;
    ladder("tiers.throughput", &tiers.throughput, "strictly rising", |a, b| a < b)?;
    ladder("tiers.accuracy_ppm", &tiers.accuracy_ppm, "strictly rising", |a, b| a < b)?;
    // tier 0 is in it; that it does not fall is for the clearing arithmetic to check
    count("tiers.reliability", tiers.reliability.len(), 1, MAX_TIERS.saturating_add(1))
}

fn prices(price: &PriceConfig) -> Result<(), ConfigError> {
    super::price::controller(price).check()?;
    let (floor, ceiling) = (price.floor.0.into(), price.ceiling.0.into());
    range("price.start", price.start.0.into(), floor, ceiling)?;
    range("price.premium", price.premium.0.into(), 0, 10_000)?;
    range("price.premium_scarce", price.premium_scarce.0.into(), 0, 10_000)
}

/// At most a premium for each tier; a better tier never has a lower one.
fn premiums(config: &MarketConfig) -> Result<(), ConfigError> {
    const FIELD: &str = "price.premium_tiers";
    let premiums = &config.price.premium_tiers;
    count(FIELD, premiums.len(), 0, config.tiers.reliability.len())?;
    for premium in premiums {
        range(FIELD, premium.0.into(), 0, MAX_TIER_PREMIUM.into())?;
    }
    in_order(FIELD, premiums, "rising or equal", |a, b| a <= b)
}

fn quality(quality: &QualityConfig) -> Result<(), ConfigError> {
    let whole = 10_000;
    range("quality.floor", quality.floor.0.into(), LEAST_FLOOR.into(), whole)?;
    range("quality.full", quality.full.0.into(), 1, whole)?;
    range("quality.step", quality.step.0.into(), 1, whole)
}

fn range(field: &'static str, value: u64, least: u64, most: u64) -> Result<(), ConfigError> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    if value == 0 && least == 1 {
        return Err(ConfigError::Zero(field));
    }
    Err(ConfigError::Range { field, value, least, most })
}

fn count(field: &'static str, count: usize, least: usize, most: usize) -> Result<(), ConfigError> {
    if (least..=most).contains(&count) {
        return Ok(());
    }
    Err(ConfigError::Count { field, count, least, most })
}

fn name(
    field: &'static str,
    value: &str,
    most: usize,
    of: &'static str,
    fits: impl Fn(char) -> bool,
) -> Result<(), ConfigError> {
    if !value.is_empty() && value.len() <= most && value.chars().all(fits) {
        return Ok(());
    }
    Err(ConfigError::Name { field, value: value.chars().take(most).collect(), most, of })
}

fn ladder<T>(
    field: &'static str,
    steps: &[T],
    way: &'static str,
    ordered: impl Fn(&T, &T) -> bool,
) -> Result<(), ConfigError> {
    count(field, steps.len(), 0, MAX_TIERS)?;
    in_order(field, steps, way, ordered)
}

fn in_order<T>(
    field: &'static str,
    steps: &[T],
    way: &'static str,
    ordered: impl Fn(&T, &T) -> bool,
) -> Result<(), ConfigError> {
    let wrong = steps.windows(2).position(|pair| match pair {
        [a, b] => !ordered(a, b),
        _ => false,
    });
    match wrong {
        Some(at) => Err(ConfigError::Ladder { field, way, at: at.saturating_add(1) }),
        None => Ok(()),
    }
}
