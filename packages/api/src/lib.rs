//! What the contracts of Caplet say and understand: a module per contract with its messages,
//! queries and events, and the byte layouts of the pages they share by raw query.
//!
//! No state and no logic: a message never imports a state type. Ids of 32 bits and less are JSON
//! numbers; 64 bits and more are decimal strings, so that JavaScript clients lose nothing.
#![forbid(unsafe_code)]

pub mod attest;
pub mod auction;
pub mod common;
pub mod compact;
pub mod cw20;
pub mod escrow;
pub mod event;
pub mod futures;
pub mod layout;
pub mod opened;
pub mod packed;
pub mod pool;
pub mod registry;
pub mod reputation;
