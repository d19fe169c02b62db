//! Tests of the mechanisms; one binary.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::float_arithmetic,
    clippy::indexing_slicing,
    clippy::unwrap_used
)] // tests compute reference values in floats, the plainest way

mod accumulator;
mod availability;
mod controller;
mod fees;
mod index;
mod instant;
mod margin;
mod quality;
mod reputation;
mod strip;
mod suspension;
mod voice;
