//! What every Caplet contract needs, once: two-step ownership and pause, the signing domain, list
//! cursors, record pages (local and read of a peer), signature checks.
#![forbid(unsafe_code)]

pub mod admin;
pub mod cursor;
pub mod domain;
pub mod pages;
pub mod peer;
pub mod signature;
