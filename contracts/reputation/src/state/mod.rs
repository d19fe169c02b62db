//! What the contract remembers; every map is private to its file.

pub(crate) mod avoided;
pub(crate) mod config;
pub(crate) mod consumers;
pub(crate) mod flags;
mod past;
pub(crate) mod payers;
pub(crate) mod ratings;
pub(crate) mod stakes;
pub(crate) mod standings;
pub(crate) mod voices;
