//! What a keeper does in futures and pools, given how things stand. Pure: state goes in, decisions come out, the room
//! that asks and sends is the keeper's (`keeper/src/forward`).
//!
//! - [`issue`]: which series to issue for a device, and at what strike.
//! - [`cover`]: when to top collateral up, when to take it back, within limits.
//! - [`exercise`]: how many prepaid lots to use rather than buy on spot.
//! - [`watch`]: when to call a seller's margin, and when to declare its default.
//! - [`curve`]: what lots cost ahead, by window.
//! - [`feed`]: which trades to tell a market's index of.
//! - [`member`]: whether a device joins a pool, stays, or leaves it.
//! - [`offer`]: what a pool's manager offers for it.
//! - [`pool`]: what a member's keeper does for it and for the pool.
#![forbid(unsafe_code)]

pub mod cover;
pub mod curve;
pub mod exercise;
pub mod feed;
pub mod issue;
pub mod member;
pub mod offer;
pub mod pool;
pub mod watch;
