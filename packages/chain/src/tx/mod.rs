//! Transactions: what is signed, what becomes of it. The bytes are those of the Cosmos SDK
//! (`TxRaw`, sign mode direct) on both kinds of chain.

mod decode;
mod encode;
mod hash;
mod mismatch;
mod sign;

use serde::{Deserialize, Serialize};

use crate::Event;
use crate::coin::Coin;

pub use decode::{DecodeError, Decoded, decode};
pub use hash::TxHash;
pub(crate) use mismatch::{WRONG_SEQUENCE, after, mismatch};
pub(crate) use sign::{Envelope, sign, unsigned};

/// A signed transaction, complete: the outbox stores it before it is broadcast, and sends these
/// very bytes as often as it takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedTx {
    /// The bytes that are broadcast.
    #[serde(with = "hex")]
    pub bytes: Vec<u8>,
    /// SHA-256 of the bytes: the name under which the chain knows it.
    pub hash: TxHash,
    /// Address of the signer.
    pub signer: String,
    /// Sequence of the signer's account that it uses up.
    pub sequence: u64,
    /// Last height at which it can be included.
    pub timeout_height: u64,
}

/// Which sequence a transaction carries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sequence {
    /// The signer's next one, counting those prepared through this handle before.
    #[default]
    Next,
    /// This one. The next [`Sequence::Next`] comes after it, and after all handed out before.
    At(u64),
}

/// How a transaction is made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TxOptions {
    /// Which sequence it carries.
    pub sequence: Sequence,
    /// Gas limit; `None` takes a simulation and adds the chain's margin.
    pub gas_limit: Option<u64>,
    /// Fee; `None` is gas limit times the chain's configured gas price.
    pub fee: Option<Vec<Coin>>,
    /// Blocks after the current head within which it can be included, at least 1.
    pub timeout_blocks: u64,
    /// Memo, public.
    pub memo: String,
}

impl Default for TxOptions {
    fn default() -> Self {
        Self {
            sequence: Sequence::Next,
            gas_limit: None,
            fee: None,
            timeout_blocks: 60,
            memo: String::new(),
        }
    }
}

/// What the chain made of an included transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TxResult {
    /// Height of the block that holds it.
    pub height: u64,
    /// 0 for success; anything else means all its changes were rolled back.
    pub code: u32,
    /// Gas used; 0 where the chain meters none.
    pub gas_used: u64,
    /// Gas limit it was sent with.
    pub gas_wanted: u64,
    /// Whether `gas_used` is a measurement. `false` on the embedded chain.
    pub metered: bool,
    /// Events of the transaction, in order. Empty if it failed, and once the node has pruned them.
    pub events: Vec<Event>,
    /// Error text; empty on success.
    pub log: String,
}
