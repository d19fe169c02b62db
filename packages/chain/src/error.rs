//! What can go wrong between a keeper and a chain. "It does not exist" and "I could not ask" are
//! never the same error: whoever mixes them up loses leases.

use serde::{Deserialize, Serialize};

use crate::tx::{TxHash, TxResult};

/// A question to the chain that found no answer, or a transaction that could not be made.
#[derive(Debug, thiserror::Error, Serialize, Deserialize)]
pub enum ChainError {
    /// No endpoint answered; nothing is known about what was asked.
    #[error(
        "no chain endpoint answered ({tried}): {cause}; check the address and that the node runs"
    )]
    Unreachable {
        /// Addresses that were tried.
        tried: String,
        /// What the last one failed with.
        cause: String,
    },
    /// The node answered, with an error of its own.
    #[error("the node refused {method}: {message} (code {code})")]
    Node {
        /// What was asked.
        method: String,
        /// The node's error code.
        code: i64,
        /// The node's words.
        message: String,
    },
    /// The node answered something this client cannot read.
    #[error("unreadable answer to {method}: {cause}; is this a CometBFT node with wasmd?")]
    Unreadable {
        /// What was asked.
        method: String,
        /// What was wrong with the answer.
        cause: String,
    },
    /// The endpoint belongs to another chain than the one configured.
    #[error("the node is on chain \"{got}\", configured is \"{expected}\": change one of them")]
    WrongChain {
        /// Chain id of the configuration.
        expected: String,
        /// Chain id of the node.
        got: String,
    },
    /// The chain holds no contract there.
    #[error("no contract at {address} on this chain: check the deployment file")]
    NoContract {
        /// Address asked for.
        address: String,
    },
    /// The account has never held anything, so the chain does not know it.
    #[error("account {address} is unknown to the chain: send it some coins first")]
    NoAccount {
        /// Address asked for.
        address: String,
    },
    /// A height above the head.
    #[error("block {height} does not exist yet, the head is {head}")]
    NoBlock {
        /// Height asked for.
        height: u64,
        /// Current height.
        head: u64,
    },
    /// A height below what is kept.
    #[error(
        "block {height} is no longer kept, the oldest is {oldest}: rebuild from contract state"
    )]
    Pruned {
        /// Height asked for.
        height: u64,
        /// Oldest height that can be read.
        oldest: u64,
    },
    /// A contract refused a query.
    #[error("contract {contract} refused the query: {log}")]
    Query {
        /// The contract.
        contract: String,
        /// Its words.
        log: String,
    },
    /// The messages would fail if they were sent now.
    #[error("the transaction would fail: {log}")]
    WouldFail {
        /// The chain's words.
        log: String,
    },
    /// Not an address of this chain.
    #[error("\"{address}\" is no address with prefix \"{prefix}\": {cause}")]
    BadAddress {
        /// What was given.
        address: String,
        /// Prefix of this chain.
        prefix: String,
        /// What is wrong with it.
        cause: String,
    },
    /// A key that is no secp256k1 key, or a path that is none.
    #[error("unusable key: {0}")]
    BadKey(String),
    /// A message that no chain would take.
    #[error("unusable message: {0}")]
    BadMessage(String),
    /// JSON that does not fit the type asked for.
    #[error("{what}: {cause}")]
    Json {
        /// Which JSON.
        what: String,
        /// What serde says.
        cause: String,
    },
    /// The embedded chain cannot go on; nothing that was confirmed is lost.
    #[error("the embedded chain stands still: {0}")]
    Halted(String),
}

/// Why a transaction was not taken by the node's mempool.
#[derive(Debug, thiserror::Error, Serialize, Deserialize)]
pub enum BroadcastError {
    /// Signed with another sequence than the account's next one. `got < expected`: it, or another
    /// transaction of this key, is already in; `got > expected`: an earlier one is still missing.
    #[error("sequence {got} was signed, {expected} is expected: {}", sequence_remedy(*expected, *got))]
    SequenceMismatch {
        /// The account's next sequence, pending transactions included.
        expected: u64,
        /// The sequence of this transaction.
        got: u64,
    },
    /// No room for now.
    #[error("the mempool is full: {0}; send the same bytes again later")]
    MempoolFull(String),
    /// These very bytes are pending, or were included a short while ago: look them up by hash.
    #[error("the chain already has this transaction: look it up by hash")]
    AlreadyKnown,
    /// The fee is too small, or the signer cannot pay it.
    #[error("fee refused: {0}; raise the gas price or fund the signer")]
    InsufficientFee(String),
    /// Past its timeout height: it can never be included and may be signed anew.
    #[error("timed out at height {timeout_height}, the chain is at {height}: sign it anew")]
    Expired {
        /// Last height at which it could have been included.
        timeout_height: u64,
        /// Current height; 0 when the node did not say.
        height: u64,
    },
    /// More bytes than a node takes.
    #[error("transaction too large: {0}; split it")]
    TooLarge(String),
    /// Refused for good.
    #[error("refused with code {code} of \"{codespace}\": {log}")]
    Rejected {
        /// Code within the code space.
        code: u32,
        /// The module that refused.
        codespace: String,
        /// Its words.
        log: String,
    },
    /// No answer: whether it was taken is unknown, so look it up and send the same bytes again.
    #[error("outcome unknown, send the same bytes again: {0}")]
    Unreachable(#[source] ChainError),
}

fn sequence_remedy(expected: u64, got: u64) -> &'static str {
    if got > expected {
        "wait for the earlier transaction or send it again"
    } else {
        "look it up by hash, then sign anew"
    }
}

/// Why [`crate::confirm`] or [`crate::execute_and_confirm`] brought no successful result.
#[derive(Debug, thiserror::Error)]
pub enum ConfirmError {
    /// Included, and failed: all its changes were rolled back.
    #[error("transaction {hash} failed with code {}: {}", result.code, result.log)]
    Failed {
        /// The transaction.
        hash: TxHash,
        /// What the chain made of it.
        result: Box<TxResult>,
    },
    /// Not included up to its timeout height; it never will be.
    #[error("transaction {hash} was not included up to height {timeout_height}: sign it anew")]
    Expired {
        /// The transaction.
        hash: TxHash,
        /// Last height at which it could have been included.
        timeout_height: u64,
    },
    /// The time allowed has passed; it may still be included.
    #[error(
        "transaction {hash} was not seen in a block within {waited_ms} ms, it may still be: look it up by hash"
    )]
    Undecided {
        /// The transaction.
        hash: TxHash,
        /// How long was waited, milliseconds.
        waited_ms: u64,
    },
    /// Not taken.
    #[error(transparent)]
    Broadcast(#[from] BroadcastError),
    /// The chain could not be asked, or the transaction not be made.
    #[error(transparent)]
    Chain(#[from] ChainError),
}
