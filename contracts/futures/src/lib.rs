//! Futures: prepaid physical forwards on a quality class.
//!
//! A series is lots of one device in each of a run of the market's slots, at one strike. Buyers prepay the strike,
//! the seller puts up collateral that follows the market, positions are divisible by lot and by slot and change
//! hands, and exercising opens an ordinary lease at the strike on capacity that was reserved at the issue. No
//! money is here: it stays ordered in escrow, in the account of whoever it belongs to. See
//! `docs/contracts/futures.md` and `MECHANISMS.md` 5; the arithmetic is `caplet_mechanism`.
#![forbid(unsafe_code)]
#![warn(clippy::float_arithmetic, clippy::indexing_slicing)]

mod context;
pub mod contract;
pub mod error;
mod execute;
#[cfg(not(target_arch = "wasm32"))]
pub mod invariants;
mod lease;
mod mark;
mod migrate;
pub mod permission;
mod query;
mod state;
mod till;

pub use error::ContractError;
