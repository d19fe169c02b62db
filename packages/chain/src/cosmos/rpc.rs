//! JSON-RPC over HTTP, to several nodes of one chain.

use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use super::reply::Status;
use crate::error::ChainError;

/// Nodes of one chain, and which of them answered last.
#[derive(Debug)]
pub(super) struct Rpc {
    client: reqwest::Client,
    nodes: Vec<Node>,
    current: AtomicUsize,
    chain_id: OnceCell<String>,
}

#[derive(Debug)]
struct Node {
    url: String,
    /// Set once it has reported the right chain id.
    checked: OnceCell<()>,
}

/// A JSON-RPC answer.
#[derive(Deserialize)]
struct Envelope {
    result: Option<Value>,
    error: Option<RpcError>,
}

#[derive(Deserialize)]
struct RpcError {
    code: i64,
    message: String,
    #[serde(default)]
    data: Value,
}

impl Rpc {
    /// Nothing is asked yet.
    ///
    /// # Errors
    /// [`ChainError::Unreachable`] if there is no address, or no HTTP client can be made.
    pub(super) fn new(
        urls: &[String],
        chain_id: Option<String>,
        timeout: Duration,
    ) -> Result<Self, ChainError> {
        install_crypto();
        let unusable = |cause: String| ChainError::Unreachable { tried: urls.join(", "), cause };
        if urls.is_empty() {
            return Err(unusable("no RPC address is configured".to_owned()));
        }
        let client = reqwest::Client::builder().timeout(timeout).build();
        let nodes = urls.iter().map(|url| Node { url: url.clone(), checked: OnceCell::new() });
        Ok(Self {
            client: client.map_err(|e| unusable(e.to_string()))?,
            nodes: nodes.collect(),
            current: AtomicUsize::new(0),
            chain_id: chain_id.map_or_else(OnceCell::new, |id| OnceCell::new_with(Some(id))),
        })
    }

    /// Chain id of the nodes, asking one if none was configured.
    pub(super) async fn chain_id(&self) -> Result<String, ChainError> {
        self.call::<Status>("status", json!({})).await?;
        let unknown = || ChainError::Unreadable { method: "status".into(), cause: "no id".into() };
        self.chain_id.get().cloned().ok_or_else(unknown)
    }

    /// Asks the node that answered last, then each other one once.
    ///
    /// # Errors
    /// [`ChainError::Node`] if a node answered with an error; [`ChainError::Unreachable`] if none
    /// answered; [`ChainError::WrongChain`] if none that answered is of this chain.
    pub(super) async fn call<T: DeserializeOwned>(
        &self,
        method: &str,
        params: Value,
    ) -> Result<T, ChainError> {
        let first = self.current.load(Ordering::Relaxed);
        let mut failure = None;
        for offset in 0..self.nodes.len() {
            let index = first.saturating_add(offset).checked_rem(self.nodes.len()).unwrap_or(0);
            let Some(node) = self.nodes.get(index) else { break };
            match self.ask_checked(node, method, &params).await {
                Err(error @ (ChainError::Unreachable { .. } | ChainError::WrongChain { .. })) => {
                    tracing::debug!(url = node.url, %error, "trying the next RPC address");
                    failure = Some(error);
                }
                answer => {
                    self.current.store(index, Ordering::Relaxed);
                    return read(method, answer?);
                }
            }
        }
        Err(match failure {
            Some(ChainError::Unreachable { cause, .. }) => self.unreachable(cause),
            Some(other) => other,
            None => self.unreachable("no RPC address is configured".to_owned()),
        })
    }

    /// A node's first call is preceded by a look at its chain id.
    async fn ask_checked(
        &self,
        node: &Node,
        method: &str,
        params: &Value,
    ) -> Result<Value, ChainError> {
        node.checked.get_or_try_init(|| self.check(node)).await?;
        self.ask(node, method, params).await
    }

    async fn check(&self, node: &Node) -> Result<(), ChainError> {
        let status: Status = read("status", self.ask(node, "status", &json!({})).await?)?;
        let got = status.node_info.network;
        let expected = self.chain_id.get_or_init(|| async { got.clone() }).await.clone();
        if expected == got { Ok(()) } else { Err(ChainError::WrongChain { expected, got }) }
    }

    async fn ask(&self, node: &Node, method: &str, params: &Value) -> Result<Value, ChainError> {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let failed = |e: reqwest::Error| ChainError::Unreachable {
            tried: node.url.clone(),
            cause: chain_of(&e),
        };
        let response = self.client.post(&node.url).json(&body).send().await.map_err(failed)?;
        let status = response.status();
        let bytes = response.bytes().await.map_err(failed)?;
        answer(method, &bytes).unwrap_or_else(|| {
            Err(ChainError::Unreachable {
                tried: node.url.clone(),
                cause: format!("HTTP {status} without a JSON-RPC answer"),
            })
        })
    }

    fn unreachable(&self, cause: String) -> ChainError {
        let urls: Vec<_> = self.nodes.iter().map(|n| n.url.as_str()).collect();
        ChainError::Unreachable { tried: urls.join(", "), cause }
    }
}

impl RpcError {
    fn into_chain_error(self, method: &str) -> ChainError {
        let detail = match self.data {
            Value::String(text) => text,
            Value::Null => String::new(),
            other => other.to_string(),
        };
        let message = if detail.is_empty() { self.message } else { detail };
        ChainError::Node { method: method.to_owned(), code: self.code, message }
    }
}

/// What a node answered; `None` if it is no JSON-RPC. A node answers errors as JSON under any HTTP status; a proxy in
/// front of it does not.
pub(super) fn answer(method: &str, bytes: &[u8]) -> Option<Result<Value, ChainError>> {
    match serde_json::from_slice::<Envelope>(bytes).ok()? {
        Envelope { error: Some(error), .. } => Some(Err(error.into_chain_error(method))),
        Envelope { result, error: None } => result.map(Ok),
    }
}

/// The answer as the method promises it.
pub(super) fn read<T: DeserializeOwned>(method: &str, value: Value) -> Result<T, ChainError> {
    serde_json::from_value(value)
        .map_err(|e| ChainError::Unreadable { method: method.to_owned(), cause: e.to_string() })
}

/// An error with all its causes: reqwest's own text leaves out what matters.
fn chain_of(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

/// The HTTP client links no TLS crypto of its own.
fn install_crypto() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // An error means that the process has chosen one already, which serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}
