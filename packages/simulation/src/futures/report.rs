//! A month and waves as tables and plots.
#![allow(clippy::cast_precision_loss, reason = "numbers to look at")]

use super::world::TICK;
use super::{Month, Wave, Way, month, wave};
use crate::spread::Spread;
use crate::{Chart, Outcome, Series, Table};
use caplet_protocol::Bps;

const WAYS: [(&str, Way); 4] = [
    ("spot only", Way { reserve: Bps(0), reservation: Bps(10_000) }),
    ("20 % ahead", Way { reserve: Bps(2_000), reservation: Bps(10_000) }),
    ("40 % ahead", Way { reserve: Bps(4_000), reservation: Bps(10_000) }),
    ("40 % ahead, half pay", Way { reserve: Bps(4_000), reservation: Bps(5_000) }),
];
const DYING: [u64; 6] = [0, 10, 20, 30, 40, 50];
const HEADROOMS: [u16; 3] = [500, 2_000, 5_000];

pub(super) fn outcome(seed: u64) -> Outcome {
    let months: Vec<(&str, Month)> =
        WAYS.iter().map(|(name, way)| (*name, month(seed, *way))).collect();
    let waves: Vec<(u16, u64, Wave)> = HEADROOMS
        .iter()
        .flat_map(|room| DYING.map(|dying| (*room, dying, wave(seed, dying, Bps(*room)))))
        .collect();
    Outcome {
        name: "futures".to_owned(),
        seed,
        tables: vec![providers(&months), consumers(&months), lots(&months), shown(&waves)],
        charts: vec![
            by_hour("Price of a lot", "ticks", &months, |month| ticks_of(&month.prices)),
            by_day("Revenue of a provider", &months, |month| &month.revenue[0]),
            costs("Cost of a factory, what it goes without included", &months),
            covered(&waves),
            paths(&waves),
        ],
    }
}

/// Spread of the days of each member of a group, the mean member.
fn spread(days: &[Vec<i64>]) -> Spread {
    let all: Vec<Spread> = days.iter().map(|days| Spread::of(days)).collect();
    Spread::mean(&all)
}

fn spreads(title: &str, months: &[(&str, Month)], of: impl Fn(&Month) -> Vec<Vec<i64>>) -> Table {
    let columns = ["", "mean a day", "deviation", "variance %", "worst day", "best day"];
    let mut table = Table::new(title, &columns);
    let base = months.first().map_or(0, |(_, month)| spread(&of(month)).variance);
    for (name, month) in months {
        let one = spread(&of(month));
        let percent = one.variance.saturating_mul(1_000).checked_div(base).unwrap_or(0);
        table.row([
            (*name).to_owned(),
            ticks(one.mean),
            format!("{:.0}", one.deviation() as f64 / TICK as f64),
            format!("{:.1}", percent as f64 / 10.0),
            ticks(one.least),
            ticks(one.greatest),
        ]);
    }
    table
}

fn providers(months: &[(&str, Month)]) -> Table {
    let title = "Provider revenue over a volatile month, ticks; variance as a share of spot only";
    spreads(title, months, |month| month.revenue.clone())
}

fn consumers(months: &[(&str, Month)]) -> Table {
    let title = "Cost of a factory, ticks, what it goes without included (600 a lot); its worst day is the greatest";
    spreads(title, months, Month::costs)
}

fn lots(months: &[(&str, Month)]) -> Table {
    let columns = [
        "",
        "strike",
        "mean price",
        "sold ahead",
        "delivered",
        "lapsed",
        "paid in cash",
        "factories' unmet",
        "passers-by got",
        "collateral, mean",
    ];
    let mut table = Table::new("Lots of the month, ticks a lot", &columns);
    for (name, month) in months {
        let unmet: u64 =
            month.unmet.iter().flatten().fold(0, |sum, lots| sum.saturating_add(*lots));
        let lots = month.lots;
        table.row([
            (*name).to_owned(),
            (month.strike / TICK).to_string(),
            (mean(&month.prices) / TICK).to_string(),
            lots.sold.to_string(),
            lots.delivered.to_string(),
            lots.lapsed.to_string(),
            lots.short.to_string(),
            unmet.to_string(),
            month.passers_lots.to_string(),
            (mean(&month.locked) / TICK).to_string(),
        ]);
    }
    table
}

fn shown(waves: &[(u16, u64, Wave)]) -> Table {
    let columns = [
        "headroom, devices that die",
        "calls",
        "others in default",
        "lots in cash",
        "peak price %",
        "due",
        "paid",
        "covered %",
        "best gain a lot",
        "best gain within headroom",
    ];
    let title = "Waves of defaults among 40 sellers, ticks; price in % of the strike";
    let mut table = Table::new(title, &columns);
    for (room, dying, wave) in waves {
        let peak = wave.prices.iter().max().copied().unwrap_or(0);
        table.row([
            format!("{} %, {dying} %", room / 100),
            wave.called.to_string(),
            wave.infected.to_string(),
            wave.lots.to_string(),
            peak.saturating_mul(100).checked_div(wave.strike).unwrap_or(0).to_string(),
            (wave.due / TICK).to_string(),
            (wave.paid / TICK).to_string(),
            format!("{:.1}", percent(wave)),
            wave.best_gain.map_or("-".to_owned(), ticks),
            wave.gain_within.map_or("-".to_owned(), ticks),
        ]);
    }
    table
}

fn percent(wave: &Wave) -> f64 {
    if wave.due == 0 { 100.0 } else { wave.paid as f64 * 100.0 / wave.due as f64 }
}

fn covered(waves: &[(u16, u64, Wave)]) -> Chart {
    let line = |room: &u16| Series {
        name: format!("headroom {} %", room / 100),
        points: waves
            .iter()
            .filter(|(of, ..)| of == room)
            .map(|(_, dying, wave)| (*dying as f64, percent(wave)))
            .collect(),
    };
    Chart {
        title: "What defaults paid of what was due".to_owned(),
        x: "% of devices that die at once".to_owned(),
        y: "%".to_owned(),
        series: HEADROOMS.iter().map(line).collect(),
    }
}

fn paths(waves: &[(u16, u64, Wave)]) -> Chart {
    let middle = HEADROOMS[1];
    let line = |(_, dying, wave): &(u16, u64, Wave)| Series {
        name: format!("{dying} % die"),
        points: ticks_of(&wave.prices),
    };
    Chart {
        title: "Spot price in a wave, headroom 20 %".to_owned(),
        x: "hour".to_owned(),
        y: "ticks".to_owned(),
        series: waves.iter().filter(|(room, ..)| *room == middle).map(line).collect(),
    }
}

fn by_hour(
    title: &str,
    y: &str,
    months: &[(&str, Month)],
    of: impl Fn(&Month) -> Vec<(f64, f64)>,
) -> Chart {
    let line =
        |(name, month): &(&str, Month)| Series { name: (*name).to_owned(), points: of(month) };
    let series = months.iter().map(line).collect();
    Chart { title: title.to_owned(), x: "hour".to_owned(), y: y.to_owned(), series }
}

fn by_day(title: &str, months: &[(&str, Month)], of: impl Fn(&Month) -> &Vec<i64>) -> Chart {
    let days = |days: &[i64]| -> Vec<(f64, f64)> {
        (1u32..).map(f64::from).zip(days.iter().map(|sum| *sum as f64 / TICK as f64)).collect()
    };
    let line = |(name, month): &(&str, Month)| Series {
        name: (*name).to_owned(),
        points: days(of(month)),
    };
    let series = months.iter().map(line).collect();
    Chart { title: title.to_owned(), x: "day".to_owned(), y: "ticks a day".to_owned(), series }
}

fn costs(title: &str, months: &[(&str, Month)]) -> Chart {
    let with: Vec<(&str, Month)> = months
        .iter()
        .map(|(name, month)| (*name, Month { paid: month.costs(), ..month.clone() }))
        .collect();
    by_day(title, &with, |month| &month.paid[0])
}

fn ticks_of(prices: &[u64]) -> Vec<(f64, f64)> {
    (0u32..).map(f64::from).zip(prices.iter().map(|price| *price as f64 / TICK as f64)).collect()
}

fn mean(values: &[u64]) -> u64 {
    let sum = values.iter().fold(0u128, |sum, value| sum.saturating_add((*value).into()));
    u64::try_from(sum.checked_div(values.len() as u128).unwrap_or(0)).unwrap_or(u64::MAX)
}

fn ticks(units: i64) -> String {
    format!("{:.0}", units as f64 / TICK as f64)
}
