//! `caplet why DEMAND`: what a keeper's chain says about a demand, in words.

use super::args::WhyArgs;
use super::status::ask;
use crate::config::load;
use crate::exchange::Why;
use caplet_api::auction::{Exclusion, ExplainResponse, Requirement, Verdict};

/// Asks and prints.
///
/// # Errors
/// If no keeper answers, or there is no such demand.
pub(super) async fn why(args: &WhyArgs) -> anyhow::Result<()> {
    let config = load(args.settings.config.as_deref(), &args.settings.set)?.config;
    let url = args.url.clone().unwrap_or_else(|| format!("http://{}", config.exchange.listen));
    let answer = ask(&url, &format!("/v1/why/{}/{}", args.market, args.demand)).await?;
    if args.json {
        println!("{}", serde_json::to_string_pretty(&answer)?);
        return Ok(());
    }
    for line in lines(&serde_json::from_value(answer)?) {
        println!("{line}");
    }
    Ok(())
}

/// An explanation in words, a thought a line.
fn lines(why: &Why) -> Vec<String> {
    let mut lines = why.stands.as_ref().map(stands).unwrap_or_default();
    lines.extend(why.filled.iter().map(|filled| {
        format!(
            "It was served: {} lots by device {} at {} a lot, the price of its class when it was cleared (lease {}).",
            filled.lots, filled.provider, filled.price, filled.lease
        )
    }));
    lines
}

/// How it stands in the auction.
fn stands(why: &ExplainResponse) -> Vec<String> {
    let demand = &why.demand;
    let mut lines = vec![format!(
        "Demand {} of device {}: {} lots at up to {} a lot.",
        demand.order, demand.device, demand.lots, demand.price
    )];
    lines.push(format!(
        "Of {} open offers {} meet its requirements ({} lots), {} within its limit ({} lots).",
        why.offers, why.serving, why.serving_lots, why.within_limit, why.within_limit_lots
    ));
    lines.extend(why.excluded.iter().map(|Exclusion { requirement, offers, alone }| {
        format!("{} excludes {offers} of them, {alone} by itself.", name(*requirement))
    }));
    if let Some(best) = &why.cheapest {
        lines.push(format!(
            "The cheapest is offer {}: {} a lot, and {} for lost reliability, distance and fee; a limit of {} takes it.",
            best.offer, best.ask, best.cost, best.bears
        ));
    }
    lines.push(match why.verdict {
        Verdict::Ended => "It is no longer open.".to_owned(),
        Verdict::Waiting => "It is served when its epoch is cleared.".to_owned(),
        Verdict::NoneServes => {
            "Nobody offers what it requires: relax what excludes most.".to_owned()
        }
        Verdict::LimitTooLow => "Its limit is too low: raise it, or wait.".to_owned(),
        Verdict::Outbid => {
            format!("Others who bid at least as much want {} lots: bid more.", why.rivals_lots)
        }
        Verdict::TooFewLots => {
            "It wants all its lots or none, and fewer are there: ask for fewer.".to_owned()
        }
    });
    lines
}

const fn name(requirement: Requirement) -> &'static str {
    match requirement {
        Requirement::Reachable => "That its region can be reached",
        Requirement::Latency => "The latency tier",
        Requirement::Throughput => "The throughput tier",
        Requirement::Accuracy => "The accuracy tier",
        Requirement::Reliability => "The reliability tier",
        Requirement::Tags => "The tags",
        Requirement::Attested => "The attestation",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_explanation_reads_as_sentences_with_both_sides() {
        let why = serde_json::from_value(json!({
            "demand": {"order": "5", "side": "demand", "device": 7, "price": "200", "lots": 2, "instant": 0,
                "class": null, "vector": 0, "flags": 0, "not_after": "9", "epoch": 1, "locked": "0", "open": true},
            "requires": {"vector": 0, "cell": 1, "latency": 0, "throughput": 0, "accuracy": 0,
                "reliability": 2, "tags": 0, "attested": false, "rho": 0, "lambda": 0, "demands": 0},
            "offers": 3, "excluded": [{"requirement": "reliability", "offers": 2, "alone": 1}],
            "serving": 1, "serving_lots": "4", "within_limit": 0, "within_limit_lots": "0",
            "cheapest": {"offer": "9", "class": 0, "ask": "300", "cost": "2", "bears": "302"},
            "rivals_lots": "0", "verdict": "limit_too_low"
        }));
        let lines = lines(&why.unwrap());
        assert_eq!(
            lines,
            [
                "Demand 5 of device 7: 2 lots at up to 200 a lot.",
                "Of 3 open offers 1 meet its requirements (4 lots), 0 within its limit (0 lots).",
                "The reliability tier excludes 2 of them, 1 by itself.",
                "The cheapest is offer 9: 300 a lot, and 2 for lost reliability, distance and fee; a limit of 302 takes it.",
                "Its limit is too low: raise it, or wait.",
            ]
        );
    }

    #[test]
    fn a_demand_that_was_served_is_explained_though_the_auction_has_forgotten_it() {
        let why = json!({"filled": [{"lease": 64, "provider": 3, "lots": 2, "price": 120}]});
        let lines = lines(&serde_json::from_value(why).unwrap());
        assert_eq!(lines.len(), 1);
        assert!(
            lines[0].starts_with("It was served: 2 lots by device 3 at 120 a lot"),
            "{lines:?}"
        );
    }
}
