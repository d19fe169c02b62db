//! Auction: markets, supply classes, order pages, epochs, batch clearing, instant lane, price controller.
//!
//! Orders live in immutable packed pages; what became of them in a small page of state beside each.
//! A clearing is computed by anybody off chain; the contract scans the frozen book itself and accepts
//! only what `caplet_clearing` proves optimal, at prices it derives itself (`MECHANISMS.md` 1 and 2).
//! Money is escrow's: placing locks it, clearing only moves it. See `docs/contracts/auction.md`.
#![forbid(unsafe_code)]
#![warn(clippy::float_arithmetic, clippy::indexing_slicing)]

mod book;
pub mod contract;
pub mod error;
mod execute;
#[cfg(not(target_arch = "wasm32"))]
pub mod invariants;
mod keys;
mod ledger;
mod market;
mod migrate;
mod peers;
pub mod permission;
mod query;
mod tables;

pub use error::{ContractError, OrderError, TakeError};
pub use market::ConfigError;
