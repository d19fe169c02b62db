//! Everything about the wire that a test can hold, in one binary.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::unwrap_used,
    reason = "tests count in small numbers, and a test that cannot go on may stop"
)]

#[path = "protocol/envelope.rs"]
mod envelope;
#[path = "protocol/generate.rs"]
mod generate;
#[path = "protocol/golden.rs"]
mod golden;
#[path = "protocol/published.rs"]
mod published;
