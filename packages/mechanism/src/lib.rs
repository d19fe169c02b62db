//! The arithmetic of prices, reputation, fees, futures and pools: integers only, no storage, no clock, so that contracts
//! and keepers agree to the digit. Every formula says where it comes from and which way it rounds.
//!
//! - [`price`]: the auction's base price controller and the instant lane's premium.
//! - [`reputation`]: what ratings make of a device's standing, tier and suspension.
//! - [`quality`]: what a segment's measured quality makes of the rate of the next.
//! - [`fees`]: the escrow's fees as differences of a cumulative function.
//! - [`strip`], [`margin`], [`index`]: futures: lots by slot, collateral and defaults, the price index.
//! - [`accumulator`], [`availability`]: pools: revenue by shares, availability and failover order.
#![forbid(unsafe_code)]
#![warn(clippy::float_arithmetic, clippy::indexing_slicing)]

pub mod accumulator;
pub mod availability;
pub mod fees;
mod fixed;
pub mod index;
pub mod margin;
pub mod price;
pub mod quality;
pub mod reputation;
pub mod strip;
