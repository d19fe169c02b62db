//! The embedded chain and the Cosmos client, from outside.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that goes wrong should stop there; helpers are not recognised as tests"
)]

#[path = "chain/confirm.rs"]
mod confirm;
#[path = "chain/conserve.rs"]
mod conserve;
#[path = "chain/contract.rs"]
mod contract;
#[path = "chain/embedded.rs"]
mod embedded;
#[path = "chain/journal.rs"]
mod journal;
#[path = "chain/mempool.rs"]
mod mempool;
#[path = "chain/recorded.rs"]
mod recorded;
#[path = "chain/setup.rs"]
mod setup;
#[path = "chain/wasmd.rs"]
mod wasmd;
