//! Clearings against OR-Tools, HiGHS, SciPy and NetworkX, which read the documented book format.
//!
//! `scripts/oracles` installs them into a cache folder; the first run needs Python's package registry.

use crate::books::{SHAPES, Shape, book};
use caplet_clearing::{
    Book, MAX_TICK_SIZE,
    json::{BookFile, Report},
};
use caplet_protocol::{Lots, Tick};
use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::TestRunner,
};
use serde_json::{Value, json};
use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// Books of each shape.
const EACH: usize = 45;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The Python that has the solvers.
fn python() -> PathBuf {
    let output = Command::new(root().join("scripts/oracles")).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "scripts/oracles could not install the solvers: {said}");
    String::from_utf8(output.stdout).unwrap().trim().into()
}

fn line(name: &str, book: &Book) -> String {
    let report = Report::of(book).unwrap();
    json!({ "name": name, "book": BookFile::from(book), "report": report }).to_string()
}

/// A book of the same orders at the largest prices and quantities there are.
fn huge(mut book: Book) -> Book {
    book.market.tick_size = MAX_TICK_SIZE;
    book.market.fee_per_lot = 1;
    for offer in &mut book.offers {
        offer.lots = Lots(u16::MAX - offer.lots.0);
        offer.ask = Tick(offer.ask.0 * 5_000);
    }
    for demand in &mut book.demands {
        demand.lots = Lots(u16::MAX - demand.lots.0);
        demand.limit = Tick(u16::MAX - demand.limit.0);
    }
    book
}

/// Orders of one side only.
fn one_sided(mut book: Book, offers: bool) -> Book {
    if offers {
        book.demands.clear()
    } else {
        book.offers.clear()
    }
    book
}

fn lines() -> Vec<String> {
    // the same books in every run
    let mut runner = TestRunner::deterministic();
    let mut draw = |shape: Shape| book(shape).new_tree(&mut runner).unwrap().current();
    let mut lines = Vec::new();
    for (s, &shape) in SHAPES.iter().enumerate() {
        lines.extend((0..EACH).map(|i| line(&format!("shape {s} book {i}"), &draw(shape))));
    }
    for i in 0..20 {
        lines.push(line(&format!("huge {i}"), &huge(draw(SHAPES[0]))));
        lines.push(line(&format!("one-sided {i}"), &one_sided(draw(SHAPES[0]), i % 2 == 0)));
    }
    lines
}

#[test]
fn welfare_and_price_extremes_are_those_of_four_other_solvers() {
    let folder = tempfile::tempdir().unwrap();
    let (file, lines) = (folder.path().join("books.jsonl"), lines());
    std::fs::write(&file, lines.join("\n")).unwrap();
    let mut command = Command::new(python());
    let output = command.arg(root().join("tests/oracles/check.py")).arg(&file).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}", said.chars().take(4_000).collect::<String>());
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    // that each of them had its say
    let count = |of: &str| found["compared"][of].as_u64().unwrap_or(0);
    assert_eq!(count("NetworkX"), lines.len() as u64);
    for (solver, least) in [("OR-Tools", 300), ("SciPy", 300), ("low", 250), ("high", 250)] {
        assert!(count(solver) >= least, "{solver} was asked {} times only: {found}", count(solver));
    }
}
