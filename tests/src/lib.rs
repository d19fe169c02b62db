//! What the end-to-end tests share: a stage on a wasmd chain, the assertions that hold on
//! either kind of chain; and the benchmarks.
#![forbid(unsafe_code)]

pub mod bench;
mod expect;
mod localnet;
mod stage;

pub use expect::a_market_that_worked;
pub use localnet::{Accounts, artifacts, local_chain};
pub use stage::localnet_stage;
