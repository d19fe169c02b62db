//! Attest: verifies a whole enclave quote on chain, so that nobody need be trusted for it.
//!
//! The registry's governance appoints this contract as an attester, with the weight of the threshold. It runs the code
//! that keepers run off chain (`caplet_attest`) and tells the registry what it found.
#![forbid(unsafe_code)]
#![warn(clippy::float_arithmetic, clippy::indexing_slicing)]

pub mod contract;
pub mod error;
mod execute;
mod migrate;
pub mod permission;
mod query;
mod state;

pub use error::ContractError;
