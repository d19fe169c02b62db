//! A day as table and plots.
#![allow(clippy::cast_precision_loss, reason = "numbers to look at")]

use super::{Day, Ledger, Slot};
use crate::{Chart, Outcome, Series, Table};

/// Base units of a tick, in which money is shown.
const TICK: f64 = 1_000.0;

pub(super) fn outcome(seed: u64, day: &Day) -> Outcome {
    let ways = [("fixed", &day.fixed), ("auction", &day.auction), ("mix", &day.mix)];
    let series = |of: &dyn Fn(&Slot) -> Option<f64>| -> Vec<Series> {
        ways.iter()
            .map(|(name, ledger)| Series { name: (*name).to_owned(), points: points(ledger, of) })
            .collect()
    };
    let chart = |title: &str, y: &str, series| Chart {
        title: title.to_owned(),
        x: "hour of the day".to_owned(),
        y: y.to_owned(),
        series,
    };
    let charts = vec![
        chart("Mean price of a lot", "ticks", series(&|s| s.mean_price().map(|p| p as f64 / TICK))),
        chart("Utilisation", "% of lots offered", series(&|s| share(s.traded, s.offered))),
        chart("Provider revenue", "ticks a slot", series(&|s| Some(s.paid as f64 / TICK))),
        chart("Consumer cost", "ticks a slot", series(&|s| Some(s.borne as f64 / TICK))),
        chart(
            "Surplus, consumers and providers",
            "ticks a slot",
            series(&|s| Some(s.value.saturating_sub(s.asked) as f64 / TICK)),
        ),
    ];
    let [fixed, auction, mix] = ways;
    let table = table(&[fixed, auction, mix, ("mix, halves", &day.halves)]);
    Outcome { name: "market".to_owned(), seed, tables: vec![table], charts }
}

fn table(ways: &[(&str, &Ledger)]) -> Table {
    let columns = [
        "",
        "mean price",
        "utilisation %",
        "wishes served %",
        "provider revenue",
        "consumer cost",
        "provider surplus",
        "consumer surplus",
        "total surplus",
    ];
    let mut table = Table::new("A day of shifting demand, money in ticks", &columns);
    for (name, ledger) in ways {
        let ticks = |units: u64| format!("{:.0}", units as f64 / TICK);
        let percent = |a, b| share(a, b).map(|s| format!("{s:.1}")).unwrap_or_default();
        let traded = ledger.sum(|s| s.traded);
        let paid = ledger.sum(|s| s.paid);
        table.row([
            (*name).to_owned(),
            format!("{:.1}", ledger.mean_price() as f64 / TICK),
            percent(traded, ledger.sum(|s| s.offered)),
            percent(traded, ledger.sum(|s| s.wanted)),
            ticks(paid),
            ticks(ledger.sum(|s| s.borne)),
            ticks(ledger.provider_surplus()),
            ticks(ledger.consumer_surplus()),
            ticks(ledger.total_surplus()),
        ]);
    }
    table
}

fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 * 100.0 / whole as f64)
}

/// The points of a day, without slots that have none.
fn points(ledger: &Ledger, of: &dyn Fn(&Slot) -> Option<f64>) -> Vec<(f64, f64)> {
    let hours = (0u32..).map(|slot| f64::from(slot) / 4.0);
    hours.zip(&ledger.slots).filter_map(|(hour, slot)| Some((hour, of(slot)?))).collect()
}
