//! Everything about the wire that a test can hold, in one binary.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests count in small numbers, and a test that cannot go on may stop"
)]

#[path = "protocol/arbitrary.rs"]
mod arbitrary;
#[path = "protocol/chain.rs"]
mod chain;
#[path = "protocol/check.rs"]
mod check;
#[path = "protocol/convert.rs"]
mod convert;
#[path = "protocol/document.rs"]
mod document;
#[path = "protocol/envelope.rs"]
mod envelope;
#[path = "protocol/fuzz.rs"]
mod fuzz;
#[path = "protocol/generate.rs"]
mod generate;
#[path = "protocol/golden.rs"]
mod golden;
#[path = "protocol/ids.rs"]
mod ids;
#[path = "protocol/layout.rs"]
mod layout;
#[path = "protocol/published.rs"]
mod published;
#[path = "protocol/replay.rs"]
mod replay;
#[path = "protocol/seal.rs"]
mod seal;
#[path = "protocol/vectors/mod.rs"]
mod vectors;
#[path = "protocol/wot.rs"]
mod wot;
