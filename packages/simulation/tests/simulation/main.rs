//! Tests of the simulations; one binary.
#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    reason = "tests compute in the plainest way"
)]

mod books;
mod futures;
mod market;
mod pool;
mod reputation;
mod shown;
