//! Small answers of a chain: its head, an account, an estimate of gas.

use serde::{Deserialize, Serialize};

/// The last committed block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Head {
    /// Height of the block; 0 is genesis.
    pub height: u64,
    /// Time of the block, Unix nanoseconds. Never falls.
    pub time_ns: u64,
}

/// What a signature must carry of the account that signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The chain's number for this account.
    pub number: u64,
    /// Sequence that the next transaction must carry, as of the last block.
    pub sequence: u64,
}

/// What a transaction would use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gas {
    /// Gas units; 0 where the chain meters none.
    pub used: u64,
    /// Whether `used` is a measurement. `false` on the embedded chain, which meters no gas.
    pub metered: bool,
}
