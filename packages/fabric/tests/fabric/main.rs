//! Sessions, links and the light kinds, both sides of a lease in every test.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss
)]

mod bad_days;
mod camera;
mod containment;
mod ends;
mod jobs;
mod links;
mod moves;
mod rates;
mod rotations;
mod sensor;
mod session;
mod support;
mod tcp;
mod ticks;
