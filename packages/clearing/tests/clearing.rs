//! Tests of the clearing, the certificate and the prices; one binary.
#![allow(clippy::arithmetic_side_effects, clippy::cast_possible_truncation, clippy::cast_sign_loss)] // tests compute small reference values in the plainest way

mod books;
mod extremes;
mod optimal;
