//! What the end-to-end tests share: a stage on a local wasmd chain, and the assertions that hold on
//! every chain.
#![forbid(unsafe_code)]

mod expect;
mod localnet;

pub use expect::a_market_that_worked;
pub use localnet::localnet_stage;
