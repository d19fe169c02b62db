//! Figures of the solver, as JSON lines. It checks one thing: that OR-Tools comes to the same welfare. `scripts/bench
//! clearing` runs it.
//!
//! `CAPLET_ORACLES` names the Python with OR-Tools that `scripts/oracles` makes; without it the anchor is left out.
//! `CAPLET_PLOT` names the SVG that shows the growth.
#![allow(
    missing_docs,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::unwrap_used,
    reason = "a program of its own, which says what went wrong by stopping"
)]

mod anchor;
mod small_change;
mod times;

use caplet_clearing::{Book, Clearing, solve, solve_many};
use caplet_simulation::books::{MARKET, Shape, book};
use caplet_simulation::{Chart, Series, svg};
use serde_json::json;
use times::Times;

/// One market of 4,096 classes.
const HUGE: Shape =
    Shape { cells: 64, tiers: 64, vectors: 4_096, offers: 1_000_000, demands: 100_000, ticks: 64 };
const THREADS: usize = 2;

fn main() {
    let only = std::env::args().nth(1).filter(|arg| !arg.starts_with('-'));
    let wanted = |name: &str| only.as_deref().is_none_or(|only| only == name);
    if wanted("growth") {
        growth();
    }
    if wanted("huge") {
        huge();
    }
}

fn markets(count: u64) -> Vec<Book> {
    (0..count).map(|seed| book(MARKET, seed)).collect()
}

fn welfare(clearings: &[Clearing]) -> i128 {
    clearings.iter().map(|c| c.welfare).sum()
}

/// Markets of 64 classes, more and more of them, on two threads.
fn growth() {
    let mut lines = [("median", Vec::new()), ("99th percentile", Vec::new())];
    for count in [1, 2, 4, 8, 16, 32, 64] {
        let books = markets(count);
        let runs = if count == 64 { 100 } else { 30 };
        let mut value = 0;
        let times = Times::of(runs, || {
            let done: Vec<_> =
                solve_many(&books, THREADS).into_iter().map(Result::unwrap).collect();
            value = welfare(&done);
            done
        });
        let orders: usize = books.iter().map(|b| b.offers.len() + b.demands.len()).sum();
        let about = json!({
            "bench": "clearing", "markets": count, "classes": 64, "orders": orders, "threads": THREADS,
            "welfare": value.to_string(),
        });
        for ((_, points), percent) in lines.iter_mut().zip([50, 99]) {
            points.push((orders as f64 / 1_000.0, times.ms(percent)));
        }
        times.print(about);
        if count == 64 {
            anchor::run("64 markets of 64 classes", 10, &books, value);
            small_change::many(books, THREADS);
        }
    }
    plot(lines);
}

/// Draws the growth into the file that `CAPLET_PLOT` names, if it names one.
fn plot(lines: [(&str, Vec<(f64, f64)>); 2]) {
    let Some(file) = std::env::var_os("CAPLET_PLOT") else { return };
    let series = lines.map(|(name, points)| Series { name: name.to_owned(), points });
    let chart = Chart {
        title: "A whole clearing: markets of 64 classes on two threads".to_owned(),
        x: "thousand orders".to_owned(),
        y: "ms".to_owned(),
        series: series.into(),
    };
    std::fs::write(file, svg(&[chart]).unwrap()).unwrap();
}

/// One market of 4,096 classes on one thread.
fn huge() {
    let book = book(HUGE, 1);
    let mut value = 0;
    let times = Times::of(5, || {
        let done = solve(&book).unwrap();
        value = done.welfare;
        done
    });
    times.print(json!({
        "bench": "clearing", "markets": 1, "classes": 4_096, "orders": book.offers.len() + book.demands.len(),
        "threads": 1, "welfare": value.to_string(),
    }));
    anchor::run("1 market of 4096 classes", 3, std::slice::from_ref(&book), value);
    small_change::one(book);
}
