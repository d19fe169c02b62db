//! What the fuzz targets in `fuzz/` run. The functions are here, in the workspace, so that `cargo test`
//! runs each over its committed corpus without a nightly compiler (`tests/corpus.rs`).
//!
//! A target reads bytes as a stranger may send them. It may find them good or bad; it must not panic, and
//! what it says it read must write as the same again.
#![forbid(unsafe_code)]
// a target that fails panics: that is how a fuzzer hears of it
#![allow(clippy::unwrap_used, clippy::panic, clippy::missing_panics_doc)]

use caplet_clearing::{Book, json::BookFile};

mod chains;
mod events;
mod files;
mod journals;
mod json;
mod keepers;
mod links;
mod packed;
mod pages;
mod peers;
mod quotes;
mod scans;
mod sealed;
mod transactions;
mod verifier;
mod wire;

/// A target: its name, which is also its corpus's folder, and what it runs.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: &[Target] = &[
    ("archives", files::archives),
    ("books", books),
    ("chains", chains::chains),
    ("collateral", quotes::collateral),
    ("enclaves", sealed::enclaves),
    ("events", events::events),
    ("frames", links::frames),
    ("jobs", links::jobs),
    ("journals", journals::journals),
    ("lists", packed::lists),
    ("manifests", peers::manifests),
    ("messages", json::messages),
    ("pages", pages::pages),
    ("pictures", files::pictures),
    ("proxies", peers::proxies),
    ("quotes", quotes::quotes),
    ("replies", peers::replies),
    ("requests", keepers::requests),
    ("scans", scans::scans),
    ("sealed", sealed::sealed),
    ("sensors", links::sensors),
    ("services", quotes::services),
    ("sessions", peers::sessions),
    ("settings", keepers::settings),
    ("texts", wire::texts),
    ("transactions", transactions::transactions),
    ("verifier", verifier::verifier),
    ("vouchers", packed::vouchers),
    ("wire", wire::messages),
];

/// Runs a target by its name.
///
/// # Panics
/// If there is no such target, or the target fails.
pub fn run(name: &str, bytes: &[u8]) {
    match TARGETS.iter().find(|(known, _)| *known == name) {
        Some((_, target)) => target(bytes),
        None => panic!("there is no target {name}"),
    }
}

/// Books as `caplet clear` reads them.
fn books(bytes: &[u8]) {
    if let Ok(file) = serde_json::from_slice::<BookFile>(bytes) {
        let _ = Book::try_from(&file);
        let written = serde_json::to_vec(&file).unwrap();
        assert_eq!(serde_json::from_slice::<BookFile>(&written).unwrap(), file);
    }
}
