//! Timed ratings of people by people, replayed: how well what is known before a rating foretells it.

use super::PRICE;
use super::ranking::{Lease, Way};
use crate::Random;
use caplet_protocol::Bps;
use std::collections::BTreeSet;

/// People below this number are trusted from the start by EigenTrust; early ones, in the trust set.
const TRUSTED: usize = 10;

/// A rating.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimedRating {
    /// Who rates.
    pub source: usize,
    /// Who is rated.
    pub target: usize,
    /// -10 to 10, not 0.
    pub rating: i8,
    /// Unix seconds.
    pub time: u64,
}

/// Why a file of ratings cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RatingError {
    /// A line that is no rating.
    #[error(
        "line {line} is {text:?}: it should be SOURCE,TARGET,RATING,TIME with a rating from -10 to 10"
    )]
    Line {
        /// Counted from 1.
        line: usize,
        /// What it says, its beginning.
        text: String,
    },
    /// Nothing but empty lines.
    #[error("there are no ratings in it: every line should be SOURCE,TARGET,RATING,TIME")]
    Empty,
}

/// Reads lines `SOURCE,TARGET,RATING,TIME`, as the Bitcoin-OTC trust set has them (Kumar, Spezzano, Subrahmanian and
/// Faloutsos, ICDM 2016), in any order; fractions of seconds are cut.
///
/// # Errors
/// The first line that is none, or that there is none.
pub fn parse(text: &str) -> Result<Vec<TimedRating>, RatingError> {
    let mut ratings = Vec::new();
    for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let rating = rating(line).ok_or_else(|| RatingError::Line {
            line: at.saturating_add(1),
            text: line.chars().take(60).collect(),
        })?;
        ratings.push(rating);
    }
    if ratings.is_empty() {
        return Err(RatingError::Empty);
    }
    ratings.sort_by_key(|rating| rating.time);
    Ok(ratings)
}

fn rating(line: &str) -> Option<TimedRating> {
    let mut fields = line.trim().split(',').map(str::trim);
    let (source, target) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    let rating: i8 = fields.next()?.parse().ok()?;
    let time = fields.next()?.split('.').next()?.parse().ok()?;
    let valid = fields.next().is_none() && (-10..=10).contains(&rating) && rating != 0;
    valid.then_some(TimedRating { source, target, rating, time })
}

/// Three years of 300 people, every tenth of whom is not to be trusted; half of those behave for their first twenty
/// ratings, and each has two friends that praise it.
#[must_use]
pub fn generated(seed: u64) -> Vec<TimedRating> {
    let mut random = Random::new(seed);
    let mut seen = vec![0u32; 300];
    let mut ratings = Vec::new();
    for step in 0..6_000u64 {
        let time = step.saturating_mul(15_000);
        let target = usize::try_from(random.within(0, 299)).unwrap_or(0);
        let bad = target % 10 == 0 && (target % 20 != 0 || seen[target] >= 20);
        let friend = target % 10 == 0 && random.chance(20);
        let source = if friend {
            target.saturating_add(1).saturating_add(usize::from(random.chance(50)))
        } else {
            usize::try_from(random.within(0, 299)).unwrap_or(0)
        };
        let honest = if bad { random.chance(10) } else { random.chance(96) };
        let size = i8::try_from(random.within(1, 10)).unwrap_or(1);
        let rating = if friend || honest { size } else { size.saturating_neg() };
        seen[target] = seen[target].saturating_add(1);
        ratings.push(TimedRating { source, target, rating, time });
    }
    ratings
}

/// How often, in basis points, a way to rank puts somebody who is about to be rated badly below somebody who is
/// about to be rated well, equals counting half (the area under the ROC curve; 5,000: it knows nothing). Only
/// those rated before count. `None` without ratings of both kinds.
#[must_use]
pub fn replay(ratings: &[TimedRating], way: Way) -> Option<u64> {
    let mut ranking = way.start(TRUSTED);
    let (mut known, mut good, mut bad) = (BTreeSet::new(), Vec::new(), Vec::new());
    let mut month = 0;
    for rating in ratings {
        if rating.time / 2_592_000 > month {
            month = rating.time / 2_592_000;
            ranking.daily(rating.time);
        }
        if !known.insert(rating.target) {
            let rank = ranking.score(rating.target, rating.time);
            if rating.rating > 0 { good.push(rank) } else { bad.push(rank) }
        }
        let r = i32::from(rating.rating).saturating_add(10).saturating_mul(500);
        ranking.note(&Lease {
            time: rating.time,
            payer: rating.source,
            provider: rating.target,
            rating: Bps(u16::try_from(r).unwrap_or(0)),
            redeemed: PRICE,
        });
    }
    apart(good, bad)
}

fn apart(mut good: Vec<u64>, bad: Vec<u64>) -> Option<u64> {
    good.sort_unstable();
    let halves: u128 = bad
        .iter()
        .map(|rank| {
            let under = good.partition_point(|other| other < rank);
            let upto = good.partition_point(|other| other <= rank);
            let (all, equal) = (good.len(), upto.saturating_sub(under));
            let above = all.saturating_sub(upto);
            u128::try_from(above.saturating_mul(2).saturating_add(equal)).unwrap_or_default()
        })
        .sum();
    let pairs = u128::try_from(good.len().checked_mul(bad.len())?).ok()?;
    let share = halves.saturating_mul(5_000).checked_div(pairs)?;
    u64::try_from(share).ok()
}
