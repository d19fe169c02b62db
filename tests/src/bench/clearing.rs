//! A whole clearing as a keeper does it: from books in memory to signed transactions.
//!
//! A market goes the way that the matcher and the outbox take it: solved from the optimum of its last book, paired, verified
//! with the contract's own code, packed into the messages that a book of its size takes, each signed in a transaction
//! of its own. What a node would be asked on the way (gas, the account's sequence, whether somebody was faster) is
//! left out, and so is the outbox's write to disk.
//!
//! A keeper takes one market after another: a line with one thread is what one does, one with two is what the
//! machine can.

mod desk;
mod markets;
mod times;

use anyhow::ensure;
use desk::Desk;
use markets::{Done, Market, pass, strangers};
use serde_json::{Value, json};
use times::Times;
use tokio::runtime::Handle;

/// Markets of 64 classes: 4,096 classes, 1 M offers, 100 k demands.
const MARKETS: u32 = 64;
/// Threads, and runs on so many. The slowest hundredth of few runs is the slowest run.
const RUNS: [(usize, usize); 2] = [(2, 100), (1, 30)];

/// Measures and prints; `runtime` must not be entered.
///
/// # Errors
/// If a clearing is refused, or the parts that are timed are not what the matcher does.
pub fn clearing(runtime: &Handle) -> anyhow::Result<()> {
    let desk = Desk::open(runtime)?;
    let strangers = strangers();
    let market = |number| Market::new(number, strangers.clone());
    let mut markets: Vec<Market> = (1..=MARKETS).map(market).collect();
    for market in &markets {
        market.check()?;
    }
    for (threads, runs) in RUNS {
        whole(&mut markets, &desk, threads, runs)?;
    }
    // last: from here on the books are others than those of the solver's own benchmark
    for (threads, runs) in RUNS {
        changed(&mut markets, &desk, threads, runs)?;
    }
    Ok(())
}

/// Books of which nothing is known.
fn whole(markets: &mut [Market], desk: &Desk, threads: usize, runs: usize) -> anyhow::Result<()> {
    let mut times = Times::default();
    let mut last = pass(markets, threads, desk)?;
    for _ in 0..runs {
        markets.iter_mut().for_each(Market::forget);
        last = times.add(|| pass(markets, threads, desk))?;
    }
    times.print(about("book to signed transactions", markets, threads, &last)?);
    Ok(())
}

/// Books that were cleared before a hundredth of their orders changed.
fn changed(markets: &mut [Market], desk: &Desk, threads: usize, runs: usize) -> anyhow::Result<()> {
    let mut times = Times::default();
    let mut last = pass(markets, threads, desk)?;
    for _ in 0..runs {
        markets.iter_mut().for_each(Market::change);
        last = times.add(|| pass(markets, threads, desk))?;
    }
    times.print(about("book to signed transactions after 1 % changed", markets, threads, &last)?);
    Ok(())
}

/// What a line is about, of its last run.
fn about(bench: &str, markets: &[Market], threads: usize, last: &[Done]) -> anyhow::Result<Value> {
    ensure!(last.len() == markets.len(), "{} of {} markets cleared", last.len(), markets.len());
    let orders: usize = markets.iter().map(Market::orders).sum();
    let signed = || last.iter().flat_map(|done| &done.signed);
    Ok(json!({
        "bench": bench, "markets": markets.len(), "classes": 64, "orders": orders, "threads": threads,
        "welfare": last.iter().map(|done| done.welfare).sum::<i128>().to_string(),
        "fills": last.iter().map(|done| done.fills).sum::<usize>(),
        "transactions": signed().count(),
        "bytes": signed().map(|tx| tx.bytes.len()).sum::<usize>(),
    }))
}
