//! Months as tables and plots.
#![allow(clippy::cast_precision_loss, reason = "numbers to look at")]

use super::{Month, SLOTS, Site, Way, month};
use crate::spread::Spread;
use crate::{Chart, Outcome, Series, Table};

const WAYS: [(&str, Way); 4] = [
    ("alone", Way::Alone),
    ("pool, 1 spare", Way::Pool { spares: 1 }),
    ("pool, 2 spares", Way::Pool { spares: 2 }),
    ("pool, 3 spares", Way::Pool { spares: 3 }),
];
/// Percent of wishes that are strict.
const STRICT: [u64; 3] = [0, 30, 60];
const DAYS: u32 = 30;

pub(super) fn outcome(seed: u64) -> Outcome {
    let mut tables = Vec::new();
    for (sites, site) in [("nothing", Site::Own), ("a site by twos", Site::Pairs)] {
        for strict in STRICT {
            let months: Vec<(&str, Month)> =
                WAYS.iter().map(|(name, way)| (*name, month(seed, *way, site, strict))).collect();
            let title =
                format!("Eight devices that share {sites}, {strict} % of wishes are strict");
            tables.push(table(&title, &months));
        }
    }
    let months: Vec<(&str, Month)> =
        WAYS.iter().map(|(name, way)| (*name, month(seed, *way, Site::Own, 30))).collect();
    Outcome {
        name: "pool".to_owned(),
        seed,
        tables,
        charts: vec![
            line("Revenue of the first member, 30 % strict", "base units a day", &months, |m| {
                m.revenue[0].iter().map(|sum| *sum as f64).collect()
            }),
            line("Revenue of all, 30 % strict", "base units a day", &months, |m| {
                (0..DAYS as usize)
                    .map(|day| m.revenue.iter().map(|days| days[day] as f64).sum())
                    .collect()
            }),
            by_strict(seed, "Utilisation", Month::utilisation),
            by_strict(seed, "Served of what was promised", Month::availability),
        ],
    }
}

fn table(title: &str, months: &[(&str, Month)]) -> Table {
    let columns = [
        "",
        "advertised %",
        "time kept %",
        "served of promised %",
        "lost lots",
        "utilisation %",
        "wanted, served %",
        "replaced",
        "revenue",
        "deviation of a member's day",
    ];
    let mut table = Table::new(title, &columns);
    for (name, month) in months {
        let spreads: Vec<Spread> = month.revenue.iter().map(|days| Spread::of(days)).collect();
        table.row([
            (*name).to_owned(),
            percent(month.advertised.into()),
            percent(share(month.kept, SLOTS as u64)),
            percent(month.availability()),
            month.promised.saturating_sub(month.served).to_string(),
            percent(month.utilisation()),
            percent(share(month.served, month.wanted)),
            month.replaced.to_string(),
            month.received.to_string(),
            Spread::mean(&spreads).deviation().to_string(),
        ]);
    }
    table
}

fn line(title: &str, y: &str, months: &[(&str, Month)], of: impl Fn(&Month) -> Vec<f64>) -> Chart {
    let series = months
        .iter()
        .map(|(name, month)| Series {
            name: (*name).to_owned(),
            points: (1u32..).map(f64::from).zip(of(month)).collect(),
        })
        .collect();
    Chart { title: title.to_owned(), x: "day".to_owned(), y: y.to_owned(), series }
}

fn by_strict(seed: u64, title: &str, of: impl Fn(&Month) -> u64) -> Chart {
    let points = |way: Way| {
        let at = |strict: u64| of(&month(seed, way, Site::Own, strict)) as f64 / 10_000.0;
        [0, 20, 40, 60, 80].map(|strict| (strict as f64, at(strict))).to_vec()
    };
    let series =
        WAYS.iter().map(|(name, way)| Series { name: (*name).to_owned(), points: points(*way) });
    Chart {
        title: title.to_owned(),
        x: "% of wishes that are strict".to_owned(),
        y: "%".to_owned(),
        series: series.collect(),
    }
}

fn share(part: u64, whole: u64) -> u64 {
    part.saturating_mul(1_000_000).checked_div(whole).unwrap_or(0)
}

fn percent(millionths: u64) -> String {
    format!("{:.2}", millionths as f64 / 10_000.0)
}
