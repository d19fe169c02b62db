//! A client for a Cosmos chain with wasmd, over CometBFT's JSON-RPC.
//!
//! Several addresses of the same chain may be given: a call goes to the one that answered last and
//! moves on when it fails. Blocks are noticed by polling, which needs no second connection and no
//! subscription to lose.

mod abci;
mod client;
mod compress;
mod config;
mod connect;
mod event;
#[doc(hidden)]
pub mod fuzz;
mod query;
mod refusal;
mod reply;
mod rpc;
mod watcher;

pub use client::CosmosChain;
pub use config::{Config, GasPrice};
