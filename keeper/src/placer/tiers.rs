//! From promises and requirements to the market's tiers and tag bits.

use crate::bridge::Refuse;
use caplet_api::auction::Tiers;
use caplet_protocol::wire::{Quality, RefusalCode as Code, Requirement};

/// Tiers of an offer or a demand; higher is better, 0 promises or asks nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Reached {
    pub(super) latency: u8,
    pub(super) throughput: u8,
    pub(super) accuracy: u8,
    pub(super) reliability: u8,
}

/// The highest tiers whose thresholds a promise keeps. Reliability is the chain's to say.
pub(super) fn promised(quality: &Quality, tiers: &Tiers) -> Reached {
    let within = |most: &u32| quality.latency_ms != 0 && quality.latency_ms <= *most;
    Reached {
        latency: count(tiers.latency_ms.iter().take_while(|most| within(most)).count()),
        throughput: count(
            tiers.throughput.iter().take_while(|least| quality.throughput >= least.u64()).count(),
        ),
        accuracy: count(
            tiers.accuracy_ppm.iter().take_while(|least| quality.accuracy_ppm >= **least).count(),
        ),
        reliability: 0,
    }
}

/// The lowest tiers that keep a requirement.
///
/// # Errors
/// [`Refuse`] that names the requirement and the best that the market has.
pub(super) fn required(asked: &Requirement, tiers: &Tiers) -> Result<Reached, Refuse> {
    let throughput: Vec<u64> = tiers.throughput.iter().map(|least| least.u64()).collect();
    let reliability: Vec<u64> = tiers.reliability.iter().map(|least| least.0.into()).collect();
    let accuracy: Vec<u64> = tiers.accuracy_ppm.iter().map(|least| u64::from(*least)).collect();
    Ok(Reached {
        latency: at_most(asked.max_latency_ms, &tiers.latency_ms)?,
        throughput: at_least("throughput", "units a second", asked.min_throughput, &throughput)?,
        accuracy: at_least("accuracy", "ppm", asked.min_accuracy_ppm.into(), &accuracy)?,
        // tier 0 has a reliability of its own, so its ladder begins one step lower
        reliability: at_least(
            "reliability",
            "bps",
            asked.min_reliability_bps.into(),
            &reliability,
        )?
        .saturating_sub(1),
    })
}

fn at_most(asked: u32, ladder: &[u32]) -> Result<u8, Refuse> {
    if asked == 0 {
        return Ok(0);
    }
    match ladder.iter().position(|most| *most <= asked) {
        Some(at) => Ok(count(at.saturating_add(1))),
        None => Err(beyond("latency", "ms", asked.into(), ladder.last().copied().map(u64::from))),
    }
}

fn at_least(what: &str, unit: &str, asked: u64, ladder: &[u64]) -> Result<u8, Refuse> {
    if asked == 0 {
        return Ok(0);
    }
    match ladder.iter().position(|least| *least >= asked) {
        Some(at) => Ok(count(at.saturating_add(1))),
        None => Err(beyond(what, unit, asked, ladder.last().copied())),
    }
}

fn beyond(what: &str, unit: &str, asked: u64, best: Option<u64>) -> Refuse {
    let has =
        best.map_or_else(|| "has no such tiers".to_owned(), |b| format!("promises {b} {unit}"));
    Refuse::new(
        Code::OutOfRange,
        format!("a {what} of {asked} {unit} is required, the best tier of the market {has}"),
        "ask for what the market's tiers promise",
    )
}

fn count(value: usize) -> u8 {
    u8::try_from(value).unwrap_or(u8::MAX)
}

/// Bits of the tags that the market names; others are left out.
pub(super) fn known_tags(tags: &[String], market: &[String]) -> u32 {
    tags.iter().filter_map(|tag| bit(tag, market)).fold(0, |bits, bit| bits | bit)
}

/// Bits of tags that must all be there.
///
/// # Errors
/// [`Refuse`] if the market does not name one of them.
pub(super) fn required_tags(tags: &[String], market: &[String]) -> Result<u32, Refuse> {
    tags.iter().try_fold(0, |bits, tag| {
        let bit = bit(tag, market).ok_or_else(|| {
            Refuse::new(
                Code::OutOfRange,
                format!("the tag \"{tag}\" is required, the market has [{}]", market.join(", ")),
                "leave it out, or name one of the market's",
            )
        })?;
        Ok(bits | bit)
    })
}

fn bit(tag: &str, market: &[String]) -> Option<u32> {
    let at = market.iter().position(|named| named == tag)?;
    1u32.checked_shl(u32::try_from(at).ok()?)
}

#[cfg(test)]
mod tests {
    use super::super::price::tests::market;
    use super::*;

    fn quality(latency_ms: u32, throughput: u64, accuracy_ppm: u32) -> Quality {
        Quality { latency_ms, throughput, accuracy_ppm, availability_bps: 0 }
    }

    #[test]
    fn a_promise_reaches_the_highest_tier_it_keeps_and_nothing_promised_is_tier_0() {
        let tiers = market().config.tiers;
        let reached = promised(&quality(100, 100, 950_000), &tiers);
        assert_eq!(reached, Reached { latency: 2, throughput: 2, accuracy: 1, reliability: 0 });
        assert_eq!(promised(&quality(0, 0, 0), &tiers), Reached::default());
    }

    #[test]
    fn a_requirement_takes_the_lowest_tier_that_keeps_it() {
        let tiers = market().config.tiers;
        let asked = Requirement {
            max_latency_ms: 300,
            min_throughput: 11,
            min_accuracy_ppm: 900_000,
            min_reliability_bps: 6_000,
        };
        let reached = required(&asked, &tiers).unwrap();
        assert_eq!(reached, Reached { latency: 2, throughput: 2, accuracy: 1, reliability: 1 });
        assert_eq!(required(&Requirement::default(), &tiers).unwrap(), Reached::default());
    }

    #[test]
    fn a_requirement_beyond_every_tier_is_named_with_the_best_there_is() {
        let tiers = market().config.tiers;
        let asked = Requirement { max_latency_ms: 49, ..Requirement::default() };
        let refuse = required(&asked, &tiers).unwrap_err();
        assert!(refuse.what.contains("latency of 49 ms is required"), "{refuse}");
        assert!(refuse.what.contains("promises 50 ms"), "{refuse}");
        let asked = Requirement { min_throughput: 101, ..Requirement::default() };
        assert!(required(&asked, &tiers).unwrap_err().what.contains("promises 100"));
    }

    #[test]
    fn tags_become_bits_and_an_unknown_one_is_refused_only_where_it_is_required() {
        let named = market().config.tags;
        let tags = ["calibrated".to_owned(), "pink".to_owned()];
        assert_eq!(known_tags(&tags, &named), 2);
        let refuse = required_tags(&tags, &named).unwrap_err();
        assert!(refuse.what.contains("\"pink\""), "{refuse}");
        assert!(refuse.what.contains("[outdoor, calibrated]"), "{refuse}");
        assert_eq!(required_tags(&tags[..1], &named).unwrap(), 2);
    }
}
