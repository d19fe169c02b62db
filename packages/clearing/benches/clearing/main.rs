//! Figures of the solver: never checks.
#![allow(
    missing_docs,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::unwrap_used
)]

mod books;

use books::{Shape, book};
use caplet_clearing::{solve, verify};
use std::time::Instant;

fn main() {
    for (name, shape) in [
        (
            "64",
            Shape { cells: 4, tiers: 16, vectors: 64, offers: 15_625, demands: 1_562, ticks: 64 },
        ),
        (
            "512",
            Shape {
                cells: 8,
                tiers: 64,
                vectors: 512,
                offers: 125_000,
                demands: 12_500,
                ticks: 64,
            },
        ),
        (
            "4096",
            Shape {
                cells: 64,
                tiers: 64,
                vectors: 4096,
                offers: 1_000_000,
                demands: 100_000,
                ticks: 64,
            },
        ),
    ] {
        if std::env::args().nth(1).is_some_and(|a| a != name && a != "--bench") {
            continue;
        }
        let book = book(shape, 1);
        for _ in 0..1 {
            let t = Instant::now();
            let c = solve(&book).unwrap();
            let solved = t.elapsed();
            let t = Instant::now();
            let v = verify(
                book.terms(),
                book.offers.iter().copied(),
                book.demands.iter().copied(),
                &c.fills,
                &c.prices,
            )
            .unwrap();
            println!(
                "{name}: solve {solved:?} verify {:?} fills {} lots {} welfare {}",
                t.elapsed(),
                c.fills.len(),
                v.lots,
                c.welfare
            );
        }
    }
}
