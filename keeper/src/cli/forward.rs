//! `caplet forward`: what lots cost ahead, and what stands behind it.

use super::args::StatusArgs;
use super::status::ask;
use crate::config::load;
use crate::forward::Forward;

/// Asks and prints.
///
/// # Errors
/// If no keeper answers.
pub(super) async fn forward(args: &StatusArgs) -> anyhow::Result<()> {
    let config = load(args.settings.config.as_deref(), &args.settings.set)?.config;
    let url = args.url.clone().unwrap_or_else(|| format!("http://{}", config.exchange.listen));
    let answer = ask(&url, "/v1/forward").await?;
    if args.json {
        println!("{}", serde_json::to_string_pretty(&answer)?);
        return Ok(());
    }
    lines(&serde_json::from_value(answer)?).iter().for_each(|line| println!("{line}"));
    Ok(())
}

fn lines(forward: &Forward) -> Vec<String> {
    let Forward { curve, series, collateral, called } = forward;
    let mut lines = vec![format!(
        "{series} series are open, {called} called for margin, {collateral} base units behind them."
    )];
    if curve.is_empty() {
        lines.push("Nothing is on sale ahead.".to_owned());
    }
    lines.extend(curve.iter().map(|point| {
        let end = point.first.saturating_add(point.slots.into());
        format!(
            "market {}, slots {}..{end}: {} lots, best {}, mean {} base units a lot",
            point.market, point.first, point.lots, point.best, point.mean
        )
    }));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use caplet_forward::curve::Point;

    #[test]
    fn the_curve_is_said_by_window_and_nothing_is_said_to_be_nothing() {
        assert!(lines(&Forward::default()).join(" ").contains("Nothing is on sale"));
        let point = Point { market: 1, first: 8, slots: 4, best: 90, mean: 100, lots: 7 };
        let forward = Forward { curve: vec![point], series: 1, collateral: 500, called: 0 };
        assert!(lines(&forward)[1].contains("slots 8..12: 7 lots, best 90, mean 100"));
    }
}
