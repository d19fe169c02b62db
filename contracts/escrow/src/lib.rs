//! Escrow: balances, leases, vouchers, settlement, fees.
//!
//! Money moves between pots of one ledger and never appears or vanishes inside it (`state::books`).
//! Leases live in pages of 64 lane slots, allotted per settling gateway, so that a settlement touches
//! few pages (`MECHANISMS.md` 9). Peers read the pages by raw query of `caplet_api::layout`.
#![forbid(unsafe_code)]
#![warn(clippy::float_arithmetic, clippy::indexing_slicing)]

mod clock;
pub mod contract;
pub mod error;
mod execute;
#[cfg(not(target_arch = "wasm32"))]
pub mod invariants;
mod lease;
mod migrate;
pub mod permission;
mod query;
mod redemption;
mod state;
mod work;

pub use error::ContractError;
