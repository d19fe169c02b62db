//! How an embedded chain is set up.

use std::path::PathBuf;
use std::time::Duration;

use super::native::NativeCode;
use crate::coin::Coin;

/// How an embedded chain is set up.
#[derive(Clone, Debug)]
pub struct Options {
    /// Folder of the journal, made if absent; `None` keeps everything in memory only.
    pub folder: Option<PathBuf>,
    /// When blocks come.
    pub pace: Pace,
    /// What a fresh chain starts with. An existing journal keeps its own, and must agree in chain
    /// id and prefix.
    pub genesis: Genesis,
    /// Contract codes linked into this binary, which [`crate::Msg::Store`] may name.
    pub codes: Vec<NativeCode>,
    /// Bounds.
    pub limits: Limits,
}

/// When blocks come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// A block after each interval, empty or not; block time is the machine's clock, and goes on
    /// from the last block when that clock jumps back.
    Every(Duration),
    /// A block as soon as a transaction is admitted, and time goes on by this step for each: tests
    /// are fast and repeatable.
    PerTransaction(Duration),
    /// Only [`super::EmbeddedChain::produce`] makes blocks.
    Manual,
}

impl Default for Pace {
    fn default() -> Self {
        Self::Every(Duration::from_millis(250))
    }
}

/// What a fresh chain starts with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Genesis {
    /// Chain id.
    pub chain_id: String,
    /// Bech32 prefix of addresses.
    pub prefix: String,
    /// Time of genesis, Unix nanoseconds; `None` is now.
    pub time_ns: Option<u64>,
    /// Accounts with what they hold, in any denomination.
    pub accounts: Vec<(String, Vec<Coin>)>,
}

/// Bounds, so that nothing grows with what strangers send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Transactions waiting in the mempool.
    pub mempool: usize,
    /// Bytes of one transaction; the default is that of a CometBFT node.
    pub tx_bytes: usize,
    /// Transaction bytes in one block; the rest waits.
    pub block_bytes: usize,
    /// Blocks whose events can still be read. Codes and heights of transactions stay.
    pub history_blocks: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            mempool: 5_000,
            tx_bytes: 1_048_576,
            block_bytes: 4_194_304,
            history_blocks: 100_000,
        }
    }
}
