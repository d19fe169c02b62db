//! Registry: who owns what, which key signs for it, where it is dialled.
//!
//! Accounts number addresses so that pages of other contracts hold four bytes instead of an address.
//! Devices are ids with key epochs: rotation keeps reputation, topics and leases (`PROTOCOL.md` 5).
//! Peers read accounts, devices and keys by raw query of the layouts in `caplet_api::layout`.
#![forbid(unsafe_code)]
#![warn(clippy::float_arithmetic, clippy::indexing_slicing)]

pub mod admit;
pub mod contract;
pub mod error;
mod execute;
mod migrate;
pub mod permission;
mod query;
mod state;

pub use error::ContractError;
