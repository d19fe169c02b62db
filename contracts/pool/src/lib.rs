//! Pool: several devices behind one provider identity.
//!
//! The pool's device is owned by this contract, so what its leases redeem is credited to the contract's account in
//! escrow and to nobody's else; the manager places offers and issues futures, and never touches what is the members'. Stakes stay ordered in the
//! members' own accounts. See `docs/contracts/pool.md` and `MECHANISMS.md` 6; the arithmetic is `caplet_mechanism`.
#![forbid(unsafe_code)]
#![warn(clippy::float_arithmetic, clippy::indexing_slicing)]

mod context;
pub mod contract;
pub mod error;
mod execute;
#[cfg(not(target_arch = "wasm32"))]
pub mod invariants;
mod lease;
mod ledger;
mod migrate;
pub mod permission;
mod query;
mod state;

pub use error::ContractError;
