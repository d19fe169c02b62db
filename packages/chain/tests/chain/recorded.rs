//! The Cosmos client against recorded answers of a wasmd 0.61.14 node (`recorded/`), served by a
//! small HTTP server that can also fail.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use caplet_chain::cosmos::{Config, CosmosChain, GasPrice};
use caplet_chain::{
    Account, BroadcastError, Chain, ChainError, Coin, Head, TxHash, TxOptions, attribute, tx,
};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::setup::{send, signer};

/// What a server answers: to each method its last answer, the ones before it once each.
type Script = BTreeMap<&'static str, Vec<(u16, String)>>;

/// A node on a port of its own; asked methods are noted.
struct Node {
    url: String,
    script: Arc<Mutex<Script>>,
    asked: Arc<Mutex<Vec<(String, Value)>>>,
    server: JoinHandle<()>,
}

impl Drop for Node {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn recorded(name: &str) -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/chain/recorded/");
    std::fs::read_to_string(format!("{folder}{name}.json")).unwrap()
}

impl Node {
    /// Answers with what was recorded for a healthy chain.
    async fn start() -> Self {
        let healthy = ["status", "abci_info", "header", "tx", "block_results"];
        let script = healthy.map(|name| (name, vec![(200, recorded(name))]));
        let script = Arc::new(Mutex::new(Script::from(script)));
        let asked = Arc::<Mutex<Vec<_>>>::default();
        let (answers, notes) = (script.clone(), asked.clone());
        let handler = move |Json(call): Json<Value>| {
            let answer = reply(&answers, &notes, &call);
            async move { answer }
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let app = Router::new().route("/", post(handler));
        #[expect(clippy::disallowed_methods, reason = "ends with the test")]
        let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { url, script, asked, server }
    }

    fn answer(&self, method: &'static str, answers: &[(u16, String)]) {
        self.script.lock().unwrap().insert(method, answers.to_vec());
    }

    /// As a proxy does when the node behind it is gone.
    fn fail(&self) {
        let mut script = self.script.lock().unwrap();
        script.values_mut().for_each(|v| *v = vec![(502, "<html>Bad Gateway</html>".to_owned())]);
    }

    fn times(&self, method: &str) -> usize {
        self.asked.lock().unwrap().iter().filter(|(m, _)| m == method).count()
    }

    fn params(&self, method: &str) -> Value {
        let asked = self.asked.lock().unwrap();
        asked.iter().rfind(|(m, _)| m == method).unwrap().1.clone()
    }
}

fn reply(
    script: &Mutex<Script>,
    asked: &Mutex<Vec<(String, Value)>>,
    call: &Value,
) -> (StatusCode, String) {
    let method = call["method"].as_str().unwrap().to_owned();
    asked.lock().unwrap().push((method.clone(), call["params"].clone()));
    let mut script = script.lock().unwrap();
    let Some(answers) = script.get_mut(method.as_str()) else {
        return (StatusCode::NOT_FOUND, String::new());
    };
    let answer = if answers.len() > 1 { answers.remove(0) } else { answers[0].clone() };
    (StatusCode::from_u16(answer.0).unwrap(), answer.1)
}

fn result(value: Value) -> (u16, String) {
    (200, json!({ "jsonrpc": "2.0", "id": 1, "result": value }).to_string())
}

fn error(data: &str) -> (u16, String) {
    let error = json!({ "code": -32603, "message": "Internal error", "data": data });
    (500, json!({ "jsonrpc": "2.0", "id": 1, "error": error }).to_string())
}

fn config(nodes: &[&Node]) -> Config {
    let rpc = nodes.iter().map(|n| n.url.clone()).collect();
    // Slow polling: the watcher must not use up scripted answers.
    let poll = Some(Duration::from_secs(3600));
    Config { rpc, chain_id: Some("caplet-local-1".to_owned()), poll, ..Config::new("") }
}

async fn connect(nodes: &[&Node]) -> CosmosChain {
    CosmosChain::connect(config(nodes)).await.unwrap()
}

fn hash() -> TxHash {
    "DCCB4EC45020516D5B871890AA692CA73CCCE877FF225AE2F06E98E994C7D9E3".parse().unwrap()
}

#[tokio::test]
async fn a_recorded_transaction_and_its_block_read_the_same() {
    let node = Node::start().await;
    let chain = connect(&[&node]).await;
    assert_eq!(chain.chain_id(), "caplet-local-1");
    let found = chain.lookup(&hash()).await.unwrap().unwrap();
    assert_eq!((found.height, found.code, found.metered), (578, 0, true));
    assert_eq!((found.gas_used, found.gas_wanted), (134_614, 173_066));
    assert_eq!(attribute(&found.events, "wasm", "action"), Some("transfer"));
    let contract: Vec<_> = found.events.iter().filter(|e| e.ty == "wasm").cloned().collect();
    assert_eq!(chain.block_events(578).await.unwrap(), contract);
    assert_eq!(contract.len(), 2);
    assert!(found.events.iter().flat_map(|e| &e.attributes).all(|a| a.key != "msg_index"));
    assert_eq!(node.params("block_results"), json!({ "height": "578" }));
}

#[tokio::test]
async fn the_hash_of_a_block_is_that_of_its_commit() {
    let node = Node::start().await;
    let chain = connect(&[&node]).await;
    let of = |hash: &str| {
        let commit = json!({ "block_id": { "hash": hash } });
        let result = json!({ "signed_header": { "commit": commit }, "canonical": true });
        (200, json!({ "jsonrpc": "2.0", "id": 1, "result": result }).to_string())
    };
    node.answer("commit", &[of(&"AB".repeat(32))]);
    assert_eq!(chain.block_hash(578).await.unwrap(), [0xAB; 32]);
    assert_eq!(node.params("commit"), json!({ "height": "578" }));
    node.answer("commit", &[of("AB")]);
    assert!(matches!(chain.block_hash(578).await, Err(ChainError::Unreadable { .. })));
    node.answer("commit", &[error("height 5 is not available, lowest height is 77")]);
    assert!(matches!(chain.block_hash(5).await, Err(ChainError::Pruned { oldest: 77, .. })));
}

#[tokio::test]
async fn the_recorded_head_is_the_committed_block() {
    let node = Node::start().await;
    let chain = connect(&[&node]).await;
    let header: Value = serde_json::from_str(&recorded("header")).unwrap();
    let head = *chain.watch().borrow();
    assert_eq!(head.height.to_string(), header["result"]["header"]["height"]);
    assert_eq!(chain.head().await.unwrap(), head);
    assert!(head.time_ns > 1_700_000_000_000_000_000);
}

#[tokio::test]
async fn not_found_and_not_reached_are_different() {
    let node = Node::start().await;
    let chain = connect(&[&node]).await;
    node.answer("tx", &[(200, recorded("tx_not_found"))]);
    assert_eq!(chain.lookup(&hash()).await.unwrap(), None);
    node.answer("tx", &[error("transaction indexing is disabled")]);
    assert!(matches!(chain.lookup(&hash()).await, Err(ChainError::Node { .. })));
    node.answer("block_results", &[(200, recorded("block_ahead"))]);
    assert!(matches!(chain.block_events(9_000_000).await, Err(ChainError::NoBlock { .. })));
    node.answer("block_results", &[error("height 5 is not available, lowest height is 77")]);
    assert!(matches!(chain.block_events(5).await, Err(ChainError::Pruned { oldest: 77, .. })));
    node.answer("abci_query", &[(200, recorded("no_contract"))]);
    let account = signer(1).address().to_owned();
    assert!(matches!(
        chain.smart(&account, b"{}".to_vec()).await,
        Err(ChainError::NoContract { .. })
    ));
    node.fail();
    assert!(matches!(chain.lookup(&hash()).await, Err(ChainError::Unreachable { .. })));
    assert!(matches!(
        chain.smart(&account, b"{}".to_vec()).await,
        Err(ChainError::Unreachable { .. })
    ));
}

#[tokio::test]
async fn a_chain_that_nobody_answers_for_is_told_with_its_addresses_and_what_to_check() {
    // behind the one is a proxy without a node, behind the other nothing at all
    let (nothing, gone) = ("http://127.0.0.1:1", Node::start().await);
    gone.fail();
    let rpc = vec![nothing.to_owned(), gone.url.clone()];
    let Err(error) = CosmosChain::connect(Config { rpc, ..Config::new("") }).await else {
        panic!("a chain was found");
    };
    let words = error.to_string();
    assert!(words.contains(nothing) && words.contains(&gone.url), "{words}");
    assert!(words.contains("HTTP 502 Bad Gateway"), "{words}");
    assert!(words.contains("check the address and that the node runs"), "{words}");
}

#[tokio::test]
async fn another_node_takes_over_and_keeps_the_work() {
    let (first, second) = (Node::start().await, Node::start().await);
    let chain = connect(&[&first, &second]).await;
    assert_eq!(second.times("status"), 0);
    first.fail();
    chain.lookup(&hash()).await.unwrap().unwrap();
    let failures = first.times("tx");
    chain.lookup(&hash()).await.unwrap().unwrap();
    assert_eq!((first.times("tx"), second.times("tx")), (failures, 2));
    second.fail();
    let Err(ChainError::Unreachable { tried, .. }) = chain.lookup(&hash()).await else {
        panic!("nobody answers")
    };
    assert!(tried.contains(&first.url) && tried.contains(&second.url));
}

#[tokio::test]
async fn a_node_of_another_chain_is_never_asked() {
    let (ours, other) = (Node::start().await, Node::start().await);
    other.answer("status", &[result(json!({ "node_info": { "network": "other-1" } }))]);
    let chain = connect(&[&other, &ours]).await;
    ours.fail();
    assert!(chain.lookup(&hash()).await.is_err());
    assert_eq!(other.times("tx") + other.times("abci_info"), 0);
    assert!(matches!(
        CosmosChain::connect(config(&[&other])).await,
        Err(ChainError::WrongChain { got, .. }) if got == "other-1"
    ));
}

#[tokio::test]
async fn garbage_is_unreadable_and_harms_nothing() {
    let node = Node::start().await;
    let chain = connect(&[&node]).await;
    for garbage in [json!({}), json!(null), json!({ "height": "-1" }), json!({ "height": 5 })] {
        node.answer("tx", &[result(garbage)]);
        assert!(chain.lookup(&hash()).await.is_err());
    }
    node.answer("tx", &[(200, "[".repeat(100_000))]);
    assert!(chain.lookup(&hash()).await.is_err());
    node.answer("tx", &[(200, recorded("tx"))]);
    assert!(chain.lookup(&hash()).await.unwrap().is_some());
}

#[tokio::test]
async fn preparing_asks_for_the_account_once_and_prices_the_gas() {
    let node = Node::start().await;
    let gas_price = Some(GasPrice { denom: "ucap".to_owned(), per_million: 25_000 });
    let chain = CosmosChain::connect(Config { gas_price, ..config(&[&node]) }).await.unwrap();
    node.answer("abci_query", &[(200, recorded("account"))]);
    let account = chain.account(signer(1).address()).await.unwrap();
    assert_eq!(account, Account { number: 12, sequence: account.sequence });
    let asked = node.times("abci_query");
    for n in 0..3 {
        let options = TxOptions { gas_limit: Some(200_000), ..TxOptions::default() };
        let signed = chain.prepare(&signer(1), vec![send(2, 1, "ucap")], options).await.unwrap();
        assert_eq!(signed.sequence, account.sequence + n);
        let read = tx::decode(&signed.bytes, "wasm").unwrap();
        read.verify("caplet-local-1", account.number).unwrap();
        assert_eq!(read.fee, [Coin::new(5_000, "ucap")]);
        assert_eq!(read.timeout_height, chain.watch().borrow().height + 60);
    }
    assert_eq!(node.times("abci_query"), asked + 1);
    chain.resync(signer(1).address()).await;
    let options = TxOptions { gas_limit: Some(1), ..TxOptions::default() };
    let again = chain.prepare(&signer(1), vec![send(2, 1, "ucap")], options).await.unwrap();
    assert_eq!(again.sequence, account.sequence);
}

#[tokio::test]
async fn refusals_of_a_broadcast_are_typed() {
    let node = Node::start().await;
    let chain = connect(&[&node]).await;
    node.answer("abci_query", &[(200, recorded("account"))]);
    let options = TxOptions { gas_limit: Some(1), ..TxOptions::default() };
    let tx = chain.prepare(&signer(1), vec![send(2, 1, "ucap")], options).await.unwrap();
    let check = |code: u32, log: &str| {
        result(json!({ "code": code, "data": "", "log": log, "codespace": "sdk", "hash": "" }))
    };
    let mut outcomes = Vec::new();
    for answer in [
        check(0, ""),
        check(32, "account sequence mismatch, expected 9, got 3: incorrect account sequence"),
        check(13, "insufficient fees; got: 0ucap required: 5000ucap: insufficient fee"),
        error("tx already exists in cache"),
        error("mempool is full: number of txs 5000 (max: 5000)"),
        check(4, "signature verification failed"),
        (502, "<html>".to_owned()),
    ] {
        node.answer("broadcast_tx_sync", &[answer]);
        outcomes.push(chain.broadcast(&tx).await);
    }
    assert!(matches!(
        outcomes.as_slice(),
        [
            Ok(()),
            Err(BroadcastError::SequenceMismatch { expected: 9, got: 3 }),
            Err(BroadcastError::InsufficientFee(_)),
            Err(BroadcastError::AlreadyKnown),
            Err(BroadcastError::MempoolFull(_)),
            Err(BroadcastError::Rejected { code: 4, .. }),
            Err(BroadcastError::Unreachable(ChainError::Unreachable { .. })),
        ]
    ));
}

#[tokio::test]
async fn after_an_outage_blocks_wake_watchers_again() {
    let node = Node::start().await;
    let info =
        |height: u64| result(json!({ "response": { "last_block_height": height.to_string() } }));
    let header = |height: u64| {
        let time = format!("2025-11-21T08:00:{:02}Z", height);
        result(json!({ "header": { "height": height.to_string(), "time": time } }))
    };
    let down = (502, String::new());
    node.answer("abci_info", &[info(1), down.clone(), down, info(2), info(3)]);
    node.answer("header", &[header(1), header(2), header(3)]);
    let poll = Some(Duration::from_millis(5));
    let chain = CosmosChain::connect(Config { poll, ..config(&[&node]) }).await.unwrap();
    let mut watch = chain.watch();
    let time_ns = |second: u64| 1_763_712_000_000_000_000 + second * 1_000_000_000;
    while watch.borrow_and_update().height < 3 {
        watch.changed().await.unwrap();
    }
    assert_eq!(*watch.borrow(), Head { height: 3, time_ns: time_ns(3) });
    // The last handle takes the watcher with it.
    drop(chain);
    assert!(watch.changed().await.is_err());
}
