//! Reputation: what settled leases say of the devices that served them.
//!
//! A lease rates once, after escrow has closed it, weighted by the protocol fee it burned, so that a
//! good name costs what it would have cost to earn it (`MECHANISMS.md` 4). Anyone submits lease ids;
//! everything else is read from escrow's and the registry's pages. Peers read tier and suspension by
//! raw query of `caplet_api::layout::STANDINGS`.
#![forbid(unsafe_code)]
#![warn(clippy::float_arithmetic, clippy::indexing_slicing)]

pub mod contract;
pub mod error;
mod execute;
mod lease;
mod migrate;
pub mod permission;
mod query;
pub mod rules;
pub mod standing;
mod state;
pub mod verdict;

pub use error::ContractError;
