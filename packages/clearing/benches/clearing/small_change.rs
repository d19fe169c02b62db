//! Clearing again after a hundredth of the orders has changed.

use crate::books::{Random, demand, offer};
use crate::times::Times;
use caplet_clearing::{Book, Change, Incremental};
use serde_json::json;
use std::{hint::black_box, thread};

const RUNS: usize = 20;

/// A hundredth of a book's orders, each made anew under its id.
fn changes(book: &Book, random: &mut Random) -> Vec<Change> {
    let mut all = Vec::new();
    for _ in 0..book.offers.len() / 100 {
        let at = (random.next() % book.offers.len() as u64) as u32;
        all.push(Change::Offer(offer(at, book, 64, random)));
    }
    for _ in 0..book.demands.len() / 100 {
        let at = (random.next() % book.demands.len() as u64) as u32;
        all.push(Change::Demand(demand(at, book, 64, random)));
    }
    all
}

fn again(kept: &mut Incremental, changes: &[Change]) {
    for change in changes {
        kept.apply(*change).unwrap();
    }
    black_box(kept.clear());
}

/// One market on one thread.
pub(crate) fn one(book: Book) {
    let mut kept = Incremental::new(book.clone()).unwrap();
    kept.clear();
    let (mut times, mut random) = (Times::default(), Random(7));
    for _ in 0..RUNS {
        let changes = changes(&book, &mut random);
        times.add(|| again(&mut kept, &changes));
    }
    times.print(json!({ "bench": "clearing after 1 % changed", "markets": 1, "classes": 4_096, "threads": 1 }));
}

/// Many markets on some threads.
pub(crate) fn many(books: Vec<Book>, threads: usize) {
    let mut kept: Vec<_> = books
        .into_iter()
        .map(|book| {
            let mut kept = Incremental::new(book.clone()).unwrap();
            kept.clear();
            (book, kept, Vec::new())
        })
        .collect();
    let (mut times, mut random) = (Times::default(), Random(7));
    let (count, share) = (kept.len(), kept.len().div_ceil(threads));
    for _ in 0..RUNS {
        kept.iter_mut().for_each(|(book, _, changed)| *changed = changes(book, &mut random));
        times.add(|| {
            thread::scope(|scope| {
                for part in kept.chunks_mut(share) {
                    scope.spawn(|| {
                        part.iter_mut().for_each(|(_, kept, changes)| again(kept, changes))
                    });
                }
            });
        });
    }
    times.print(json!({
        "bench": "clearing after 1 % changed", "markets": count, "classes": 64, "threads": threads,
    }));
}
