//! A chain inside the process, for a newcomer, the demo and the tests.
//!
//! It links contracts natively (cw-multi-test), takes the same signed transactions as a Cosmos
//! node, checks signatures and sequences, and writes every block to a journal with fsync before
//! anybody sees it. Opened again, also after kill -9, it replays the journal to the same height,
//! state and addresses.
//!
//! What it is not: it meters no gas (`metered` is `false` wherever gas is named), takes no fees,
//! has one producer and no consensus, and its journal grows until the folder is deleted.

mod accounts;
mod app;
mod block;
mod clock;
mod error;
mod handle;
mod history;
mod journal;
mod ledger;
mod mempool;
mod native;
mod node;
mod open;
mod options;
mod record;
mod runner;

pub use cw_multi_test::{Contract, ContractWrapper};
pub use error::OpenError;
pub use handle::{EmbeddedChain, StateRoot};
pub use native::{NativeCode, native_wasm};
pub use options::{Genesis, Limits, Options, Pace};
