//! Policies; one binary.
#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "tests compute plainly")]

mod curve;
mod feed;
mod member;
mod money;
mod offer;
mod picking;
mod pool;
mod series;
