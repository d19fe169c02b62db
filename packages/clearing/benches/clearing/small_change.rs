//! Clearing again after a hundredth of the orders has changed.

use crate::times::Times;
use caplet_clearing::{Book, Change, Incremental};
use caplet_simulation::Random;
use caplet_simulation::books::change_a_hundredth;
use serde_json::json;
use std::{hint::black_box, thread};

const RUNS: usize = 20;
/// Of every book that is timed.
const TICKS: u16 = 64;

fn again(kept: &mut Incremental, changes: &[Change]) {
    for change in changes {
        kept.apply(*change).unwrap();
    }
    black_box(kept.clear());
}

/// One market on one thread.
pub(crate) fn one(mut book: Book) {
    let mut kept = Incremental::new(book.clone()).unwrap();
    kept.clear();
    let (mut times, mut random) = (Times::default(), Random::new(7));
    for _ in 0..RUNS {
        let changes = change_a_hundredth(&mut book, TICKS, &mut random);
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
    let (mut times, mut random) = (Times::default(), Random::new(7));
    let (count, share) = (kept.len(), kept.len().div_ceil(threads));
    for _ in 0..RUNS {
        for (book, _, changed) in &mut kept {
            *changed = change_a_hundredth(book, TICKS, &mut random);
        }
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
