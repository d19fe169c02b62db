//! `caplet reputation DEVICE`: score, bound, tier, evidence, and what would change it, in words.

use super::args::ReputationArgs;
use super::status::ask;
use crate::config::load;
use crate::exchange::Reputation;
use caplet_mechanism::reputation::{Evidence, Prior};
use caplet_protocol::Bps;

/// Most good leases that are worth foretelling.
const MOST: u64 = 10_000;

/// Asks and prints.
///
/// # Errors
/// If no keeper answers.
pub(super) async fn reputation(args: &ReputationArgs) -> anyhow::Result<()> {
    let config = load(args.settings.config.as_deref(), &args.settings.set)?.config;
    let url = args.url.clone().unwrap_or_else(|| format!("http://{}", config.exchange.listen));
    let answer = ask(&url, &format!("/v1/reputation/{}", args.device)).await?;
    if args.json {
        println!("{}", serde_json::to_string_pretty(&answer)?);
        return Ok(());
    }
    for line in lines(&serde_json::from_value(answer)?) {
        println!("{line}");
    }
    Ok(())
}

fn lines(known: &Reputation) -> Vec<String> {
    let Reputation { standing, consumer, stake, rules } = known;
    let mut lines = vec![
        format!(
            "Device {}: tier {} of {}, score {}, lower bound {}.",
            standing.device,
            standing.tier,
            rules.tiers.len(),
            percent(standing.score),
            percent(standing.bound)
        ),
        format!(
            "Evidence: {} leases rated; standard leases that still weigh: {} good, {} bad; {} faults lately.",
            standing.leases,
            millionths(standing.alpha.u128()),
            millionths(standing.beta.u128()),
            standing.faults
        ),
    ];
    if consumer.leases > 0 {
        lines.push(format!(
            "As a consumer: score {}, {} leases, {} proven lies.",
            percent(consumer.score),
            consumer.leases,
            consumer.lies
        ));
    }
    if !rules.stakes.denom.is_empty() {
        lines.push(format!(
            "At stake: {} {}; up to {} may depend on it at once.",
            stake.amount, rules.stakes.denom, stake.allowance
        ));
    }
    lines.extend(changes(known));
    lines
}

/// What would change it.
fn changes(known: &Reputation) -> Vec<String> {
    let Reputation { standing, stake, rules, .. } = known;
    if let Some(until) = standing.suspended_until {
        let mut way = format!(
            "Suspended until {until} at least (Unix seconds); then it comes back with a bound of {}, or once its record has faded",
            percent(rules.reinstate_above)
        );
        if !stake.appeal.is_zero() {
            way.push_str(&format!(", or with a stake of {}", stake.appeal));
        }
        way.push('.');
        return vec![way];
    }
    let mut lines = Vec::new();
    if let Some(until) = standing.probation_until {
        lines.push(format!("On probation in tier 0 until {until} (Unix seconds)."));
    }
    let next = rules.tiers.get(usize::from(standing.tier));
    if let Some(leases) =
        next.and_then(|begins| needed(known, Bps(10_000), |bound| bound >= *begins))
    {
        let tier = standing.tier.saturating_add(1);
        lines.push(format!("{leases} standard leases served in full bring it to tier {tier}."));
    }
    let current = usize::from(standing.tier).checked_sub(1).and_then(|tier| rules.tiers.get(tier));
    if let Some(leases) = current.and_then(|begins| needed(known, Bps(0), |bound| bound < *begins))
    {
        lines.push(format!("{leases} that fail take it down a tier."));
    }
    if let Some(leases) = needed(known, Bps(0), |bound| bound < rules.suspend_below) {
        let faults = rules.suspend_faults;
        lines.push(format!(
            "{leases} that fail put its bound under {}, where it is suspended if the evidence suffices; {faults} faults within {} s suspend it too.",
            percent(rules.suspend_below),
            rules.window_secs
        ));
    }
    lines.push(format!("Half of all this fades in {} days.", rules.half_life_secs / 86_400));
    lines
}

/// How many standard leases rated `rating` it takes until the bound is as wanted.
fn needed(known: &Reputation, rating: Bps, wanted: impl Fn(Bps) -> bool) -> Option<u64> {
    let Reputation { standing, rules, .. } = known;
    let part = |value: u128| u64::try_from(value).unwrap_or(u64::MAX);
    let (alpha, beta) = (part(standing.alpha.u128()), part(standing.beta.u128()));
    let prior = Prior { mean: rules.prior, weight: rules.prior_weight.u64() };
    let after = |leases: u64| {
        let evidence = Evidence { alpha, beta }.rated(leases.saturating_mul(1_000), rating);
        prior.bound_of(evidence)
    };
    (1..=MOST).find(|leases| wanted(after(*leases)))
}

fn percent(bps: Bps) -> String {
    format!("{}.{:02} %", bps.0 / 100, bps.0 % 100)
}

/// Millionths with two decimals, cut.
fn millionths(value: u128) -> String {
    format!("{}.{:02}", value / 1_000_000, value % 1_000_000 / 10_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn known() -> Reputation {
        serde_json::from_value(json!({
            "standing": {"device": 7, "score": 9000, "bound": 8300, "tier": 3, "alpha": "40000000", "beta": "2500000",
                "leases": 51, "faults": 1, "suspended_until": null, "suspensions": 0, "probation_until": null},
            "consumer": {"device": 7, "score": 5000, "bound": 251, "alpha": "0", "beta": "0", "leases": 0, "lies": 0},
            "stake": {"staker": null, "amount": "0", "unbonds_at": null, "appeal": "0", "allowance": "0"},
            "rules": {"half_life_secs": 2592000, "prior": 5000, "prior_weight": "2000", "standard_fee": ["100"],
                "payer_cap": "5000", "window_secs": 86400, "tiers": [3000, 6000, 8000, 9000], "suspend_below": 1000,
                "reinstate_above": 2000, "suspend_evidence": "3000", "suspend_faults": 3, "cooldown_secs": 3600}
        }))
        .unwrap()
    }

    #[test]
    fn a_reputation_reads_as_sentences_that_say_what_would_change_it() {
        let lines = lines(&known());
        assert_eq!(lines[0], "Device 7: tier 3 of 4, score 90.00 %, lower bound 83.00 %.");
        assert_eq!(
            lines[1],
            "Evidence: 51 leases rated; standard leases that still weigh: 40.00 good, 2.50 bad; 1 faults lately."
        );
        assert!(
            lines[2].ends_with("standard leases served in full bring it to tier 4."),
            "{}",
            lines[2]
        );
        assert!(lines[3].ends_with("that fail take it down a tier."), "{}", lines[3]);
        assert_eq!(lines.last().unwrap(), "Half of all this fades in 30 days.");
    }

    #[test]
    fn the_suspended_are_told_the_ways_back() {
        let mut known = known();
        known.standing.suspended_until = Some(99u64.into());
        known.stake.appeal = 500u128.into();
        let lines = lines(&known);
        let way = lines.last().unwrap();
        assert!(way.contains("until 99 at least") && way.contains("bound of 20.00 %"), "{way}");
        assert!(way.ends_with("or with a stake of 500."), "{way}");
    }
}
