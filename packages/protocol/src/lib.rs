//! The wire of Caplet: what devices, gateways and contracts agree on to the byte.
//!
//! Without features this crate is `no_std`, allocates nothing and carries only the fixed
//! signing layouts of `PROTOCOL.md` section 1 and the SHA-256 hash chain of section 2, so a
//! contract or a microcontroller links no protobuf.
#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]

#[cfg(feature = "alloc")]
extern crate alloc;

mod bytes;
pub mod chain;
pub mod content;
pub mod domain;
pub mod ids;
pub mod kind;
pub mod layout;
mod measure;
#[cfg(feature = "seal")]
pub mod seal;
#[cfg(feature = "sign")]
pub mod sign;
pub mod tag;
#[cfg(feature = "alloc")]
pub mod topics;
#[cfg(feature = "prost")]
pub mod wire;
#[cfg(feature = "wot")]
pub mod wot;

pub use domain::Domain;
pub use ids::*;
pub use kind::{Kind, PricedPer};
pub use measure::percentile;
