//! What the end-to-end tests share: stages on both kinds of chain, the assertions that hold on
//! either; and the benchmarks.
#![forbid(unsafe_code)]

pub mod bench;
mod embedded;
mod expect;
mod localnet;
mod stage;

pub use embedded::embedded_stage;
pub use expect::a_market_that_worked;
pub use localnet::{Accounts, artifacts, local_chain};
pub use stage::localnet_stage;
