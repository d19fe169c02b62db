//! Tests of the clearing, the certificate and the prices; one binary.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::unwrap_used
)] // tests compute small reference values in the plainest way

mod apart;
mod books;
mod canonical;
mod certificate;
mod cost;
mod extremes;
mod incremental;
mod json;
mod optimal;
mod oracles;
mod properties;
mod reduction;
mod resume;
mod search;
mod single;
mod together;
mod whole;
