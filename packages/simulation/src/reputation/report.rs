//! Runs as tables and plots.
#![allow(clippy::cast_precision_loss, reason = "numbers to look at")]

use super::{
    Attack, PRICE, Run, TimedRating, Way, detect::detections, generated, market::run,
    replay::replay,
};
use crate::{Chart, Outcome, Series, Table};

/// Base units of the fee that a standard lease burns, in which money is shown.
const FEE: u64 = 100;

pub(super) fn outcome(seed: u64, ratings: Option<&[TimedRating]>) -> Outcome {
    let quiet = run(seed, Attack::Rivals, Way::Caplet);
    let attacks: Vec<(Attack, Run)> =
        Attack::ALL.iter().map(|attack| (*attack, run(seed, *attack, Way::Caplet))).collect();
    let ways: Vec<(Way, Run)> =
        Way::ALL.iter().map(|way| (*way, run(seed, Attack::Mixed, *way))).collect();
    let made;
    let (origin, ratings) = match ratings {
        Some(ratings) => ("of the file", ratings),
        None => {
            made = generated(seed);
            ("of a generated set", made.as_slice())
        }
    };
    Outcome {
        name: "reputation".to_owned(),
        seed,
        tables: vec![
            money(&quiet, &attacks),
            shares(&ways),
            found_out(seed),
            replayed(origin, ratings),
        ],
        charts: vec![served_badly(&ways), nets(&attacks)],
    }
}

fn money(quiet: &Run, attacks: &[(Attack, Run)]) -> Table {
    let columns =
        ["", "bad demand %", "cost", "gain", "net", "paid for garbage", "honest revenue lost"];
    let title = "Attacks on caplet over 120 days, money in fees of a standard lease";
    let mut table = Table::new(title, &columns);
    for (attack, run) in attacks {
        let cost = last(&run.cost);
        let (gain, missed) = match attack {
            Attack::Badmouthing => {
                (run.earned.saturating_sub(quiet.earned), quiet.rivals.saturating_sub(run.rivals))
            }
            _ => (last(&run.gain), run.garbage().saturating_mul(PRICE)),
        };
        table.row([
            attack.name().to_owned(),
            percent(run.bad()),
            fees(cost),
            fees(gain),
            format!("{:.0}", (gain as f64 - cost as f64) / FEE as f64),
            fees(run.lost),
            fees(missed),
        ]);
    }
    table
}

fn shares(ways: &[(Way, Run)]) -> Table {
    let columns = ["", "bad demand %", "last month %", "attackers' net", "paid for garbage"];
    let mut table = Table::new("Swarm, wash traders and defectors at once", &columns);
    for (way, run) in ways {
        let tail =
            Run { days: run.days.iter().rev().take(30).copied().collect(), ..Run::default() };
        let net = last(&run.gain) as f64 - last(&run.cost) as f64;
        table.row([
            way.name().to_owned(),
            percent(run.bad()),
            percent(tail.bad()),
            format!("{:.0}", net / FEE as f64),
            fees(run.lost),
        ]);
    }
    table
}

fn found_out(seed: u64) -> Table {
    let columns =
        ["after a good month", "segments until paid less", "leases in top tier", "until suspended"];
    let mut table = Table::new("How soon a device that gets worse is found out", &columns);
    let shown = |count: Option<u64>| count.map_or("never".to_owned(), |count| count.to_string());
    for found in detections(seed) {
        let counts = [found.segments, found.tier, found.suspended].map(shown);
        table.row([found.what.to_owned()].into_iter().chain(counts));
    }
    table
}

fn replayed(origin: &str, ratings: &[TimedRating]) -> Table {
    let bad = ratings.iter().filter(|rating| rating.rating < 0).count();
    let title = format!("Foretelling bad ratings {origin}: {} ratings, {bad} bad", ratings.len());
    let mut table = Table::new(&title, &["", "ranked rightly %"]);
    for way in Way::ALL {
        let share = replay(ratings, way);
        table.row([way.name().to_owned(), share.map_or("none to tell".to_owned(), percent)]);
    }
    table
}

/// Share of demand that got garbage, over the last week.
fn served_badly(ways: &[(Way, Run)]) -> Chart {
    let line = |(way, run): &(Way, Run)| Series {
        name: way.name().to_owned(),
        points: run
            .days
            .windows(7)
            .zip(7u32..)
            .map(|(days, day)| {
                let week = Run { days: days.to_vec(), ..Run::default() };
                (f64::from(day), week.bad() as f64 / 100.0)
            })
            .collect(),
    };
    chart("Demand served by bad devices", "% of the last week", ways.iter().map(line).collect())
}

fn nets(attacks: &[(Attack, Run)]) -> Chart {
    let line = |(attack, run): &(Attack, Run)| Series {
        name: attack.name().to_owned(),
        points: run
            .gain
            .iter()
            .zip(&run.cost)
            .zip(1u32..)
            .map(|((gain, cost), day)| (f64::from(day), (*gain as f64 - *cost as f64) / FEE as f64))
            .collect(),
    };
    chart("Attackers' net gain", "fees of a standard lease", attacks.iter().map(line).collect())
}

fn chart(title: &str, y: &str, series: Vec<Series>) -> Chart {
    Chart { title: title.to_owned(), x: "day".to_owned(), y: y.to_owned(), series }
}

fn last(values: &[u64]) -> u64 {
    values.last().copied().unwrap_or_default()
}

fn percent(bps: u64) -> String {
    format!("{:.1}", bps as f64 / 100.0)
}

fn fees(units: u64) -> String {
    format!("{:.0}", units as f64 / FEE as f64)
}
