//! What a CometBFT 0.38 node answers, as far as it is read.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, de::Error as _};

/// Answer to `status`.
#[derive(Debug, Deserialize)]
pub(super) struct Status {
    pub(super) node_info: NodeInfo,
}

#[derive(Debug, Deserialize)]
pub(super) struct NodeInfo {
    pub(super) network: String,
}

/// Answer to `abci_info`: what has been executed and committed, where `status` may already count a
/// block that is still being executed.
#[derive(Debug, Deserialize)]
pub(super) struct AbciInfo {
    pub(super) response: AbciInfoResponse,
}

#[derive(Debug, Deserialize)]
pub(super) struct AbciInfoResponse {
    /// Left out by the node while it is 0.
    #[serde(default, deserialize_with = "number")]
    pub(super) last_block_height: u64,
}

/// Answer to `header`.
#[derive(Debug, Deserialize)]
pub(super) struct HeaderReply {
    pub(super) header: Header,
}

#[derive(Debug, Deserialize)]
pub(super) struct Header {
    #[serde(deserialize_with = "number")]
    pub(super) height: u64,
    #[serde(deserialize_with = "unix_nanos")]
    pub(super) time: u64,
}

/// Answer to `abci_query`.
#[derive(Debug, Deserialize)]
pub(super) struct AbciQuery {
    pub(super) response: AbciQueryResponse,
}

#[derive(Debug, Deserialize)]
pub(super) struct AbciQueryResponse {
    #[serde(default)]
    pub(super) code: u32,
    #[serde(default)]
    pub(super) log: String,
    #[serde(default, deserialize_with = "bytes")]
    pub(super) value: Vec<u8>,
}

/// Answer to `broadcast_tx_sync`.
#[derive(Debug, Deserialize)]
pub(super) struct CheckTx {
    #[serde(default)]
    pub(super) code: u32,
    #[serde(default)]
    pub(super) log: String,
    #[serde(default)]
    pub(super) codespace: String,
}

/// Answer to `tx`.
#[derive(Debug, Deserialize)]
pub(super) struct TxReply {
    #[serde(deserialize_with = "number")]
    pub(super) height: u64,
    pub(super) tx_result: ExecTx,
}

/// Answer to `block_results`.
#[derive(Debug, Deserialize)]
pub(super) struct BlockResults {
    #[serde(default)]
    pub(super) txs_results: Option<Vec<ExecTx>>,
}

/// Answer to `commit`.
#[derive(Debug, Deserialize)]
pub(super) struct CommitReply {
    signed_header: SignedHeader,
}

#[derive(Debug, Deserialize)]
struct SignedHeader {
    commit: Commit,
}

#[derive(Debug, Deserialize)]
struct Commit {
    block_id: BlockId,
}

#[derive(Debug, Deserialize)]
struct BlockId {
    hash: String,
}

impl CommitReply {
    /// The block's hash, which nodes write in hexadecimal.
    pub(super) fn hash(&self) -> Result<[u8; 32], String> {
        let text = &self.signed_header.commit.block_id.hash;
        let mut hash = [0; 32];
        hex::decode_to_slice(text, &mut hash).map_err(|e| format!("{text} is no hash: {e}"))?;
        Ok(hash)
    }
}

/// What executing a transaction brought.
#[derive(Debug, Deserialize)]
pub(super) struct ExecTx {
    #[serde(default)]
    pub(super) code: u32,
    #[serde(default)]
    pub(super) log: String,
    #[serde(default, deserialize_with = "number")]
    pub(super) gas_wanted: u64,
    #[serde(default, deserialize_with = "number")]
    pub(super) gas_used: u64,
    #[serde(default)]
    pub(super) events: Vec<EventReply>,
}

#[derive(Debug, Deserialize)]
pub(super) struct EventReply {
    #[serde(rename = "type")]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) attributes: Vec<AttributeReply>,
}

#[derive(Debug, Deserialize)]
pub(super) struct AttributeReply {
    pub(super) key: String,
    /// Some nodes write null for no text.
    #[serde(default)]
    pub(super) value: Option<String>,
}

/// 64-bit numbers come as decimal text.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
}

/// Bytes come as base64, no bytes as null.
fn bytes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let text: Option<String> = Option::deserialize(deserializer)?;
    STANDARD.decode(text.unwrap_or_default()).map_err(D::Error::custom)
}

/// Times come as RFC 3339.
fn unix_nanos<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let text = String::deserialize(deserializer)?;
    let time = cosmrs::tendermint::Time::parse_from_rfc3339(&text).map_err(D::Error::custom)?;
    u64::try_from(time.unix_timestamp_nanos()).map_err(D::Error::custom)
}
