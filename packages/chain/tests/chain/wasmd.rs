//! Against a real wasmd chain: `scripts/localnet start`, then `CAPLET_LOCALNET` set to its home and the tests run with
//! `--include-ignored`, as `scripts/test` does.

use std::path::PathBuf;
use std::time::Duration;

use caplet_chain::cosmos::{Config, CosmosChain};
use caplet_chain::{
    BroadcastError, Chain, ChainError, ChainExt, Coin, ConfirmError, Msg, Patience, Sequence,
    Signer, TxHash, TxOptions, attribute, code_id, confirm, execute_and_confirm, instantiated,
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::setup::IBC;

#[derive(Deserialize)]
struct Net {
    chain_id: String,
    rpc: Vec<String>,
}

#[derive(Deserialize)]
struct TestAccount {
    name: String,
    address: String,
    private_key: String,
}

struct Live {
    chain: CosmosChain,
    config: Config,
    accounts: Vec<TestAccount>,
}

impl Live {
    async fn get() -> Self {
        let home =
            std::env::var_os("CAPLET_LOCALNET").expect("CAPLET_LOCALNET names the chain's home");
        let home = PathBuf::from(home);
        let read = |name| std::fs::read(home.join(name)).unwrap();
        let net: Net = serde_json::from_slice(&read("net.json")).unwrap();
        let accounts = serde_json::from_slice(&read("accounts.json")).unwrap();
        let config = Config { rpc: net.rpc, chain_id: Some(net.chain_id), ..Config::new("") };
        let chain = CosmosChain::connect(config.clone()).await.unwrap();
        Self { chain, config, accounts }
    }

    fn signer(&self, name: &str) -> Signer {
        let account = self.accounts.iter().find(|a| a.name == name).unwrap();
        let signer = Signer::from_hex(&account.private_key, "wasm").unwrap();
        assert_eq!(signer.address(), account.address);
        signer
    }

    async fn run(&self, from: &Signer, msgs: Vec<Msg>) -> caplet_chain::TxResult {
        let (options, patience) = (TxOptions::default(), Patience::default());
        execute_and_confirm(&self.chain, from, msgs, options, patience).await.unwrap()
    }
}

fn send(to: &Signer, amount: u128, denom: &str) -> Msg {
    Msg::Send { to: to.address().to_owned(), coins: vec![Coin::new(amount, denom)] }
}

const FIXED_GAS: TxOptions = TxOptions {
    sequence: Sequence::Next,
    gas_limit: Some(200_000),
    fee: None,
    timeout_blocks: 60,
    memo: String::new(),
};

#[tokio::test]
#[ignore = "needs a running chain: scripts/test starts one and names it in CAPLET_LOCALNET"]
async fn a_send_is_simulated_signed_included_and_metered() {
    let live = Live::get().await;
    let (from, to) = (live.signer("user-1"), live.signer("user-2"));
    let before = live.chain.bank_balance(to.address(), IBC).await.unwrap();
    let result = live.run(&from, vec![send(&to, 5, IBC), send(&to, 7, "ucap")]).await;
    assert!(result.metered && result.gas_used > 50_000 && result.gas_wanted > result.gas_used);
    assert_eq!(live.chain.bank_balance(to.address(), IBC).await.unwrap(), before + 5);
    let head = live.chain.head().await.unwrap();
    assert!(head.height >= result.height && head.time_ns > 1_700_000_000_000_000_000);
    assert!(live.chain.block_events(result.height).await.unwrap().is_empty());
}

#[tokio::test]
#[ignore = "needs a running chain: scripts/test starts one and names it in CAPLET_LOCALNET"]
async fn several_transactions_of_one_signer_are_in_flight_at_once() {
    let live = Live::get().await;
    let (from, to) = (live.signer("user-3"), live.signer("user-2"));
    let mut sent = Vec::new();
    for amount in 1..=8 {
        let msgs = vec![send(&to, amount, "ucap")];
        let tx = live.chain.prepare(&from, msgs, FIXED_GAS).await.unwrap();
        live.chain.broadcast(&tx).await.unwrap();
        assert!(matches!(live.chain.broadcast(&tx).await, Err(BroadcastError::AlreadyKnown)));
        // A simulation works while transactions of the same key are pending.
        live.chain.simulate(&from, &[send(&to, 1, "ucap")]).await.unwrap();
        sent.push(tx);
    }
    for tx in &sent {
        assert_eq!(confirm(&live.chain, tx, Patience::default()).await.unwrap().code, 0);
    }
}

#[tokio::test]
#[ignore = "needs a running chain: scripts/test starts one and names it in CAPLET_LOCALNET"]
async fn refusals_are_typed() {
    let live = Live::get().await;
    let (from, to) = (live.signer("user-4"), live.signer("user-2"));
    let next = live.chain.account(from.address()).await.unwrap().sequence;
    let at = |sequence| TxOptions { sequence: Sequence::At(sequence), ..FIXED_GAS };
    let ahead = live.chain.prepare(&from, vec![send(&to, 1, "ucap")], at(next + 9)).await.unwrap();
    let Err(BroadcastError::SequenceMismatch { expected, got }) =
        live.chain.broadcast(&ahead).await
    else {
        panic!("a sequence ahead must be refused")
    };
    assert_eq!((expected, got), (next, next + 9));
    live.chain.resync(from.address()).await;

    let too_much = vec![send(&to, u128::from(u64::MAX), "ucap")];
    let simulated = live.chain.simulate(&from, &too_much).await;
    assert!(matches!(simulated, Err(ChainError::WouldFail { .. })), "{simulated:?}");
    let forced =
        execute_and_confirm(&live.chain, &from, too_much, FIXED_GAS, Patience::default()).await;
    assert!(
        matches!(&forced, Err(ConfirmError::Failed { result, .. }) if result.events.is_empty()),
        "{forced:?}"
    );

    let memo = "x".repeat(700_000);
    let huge = TxOptions { memo, ..FIXED_GAS };
    let huge = live.chain.prepare(&from, vec![send(&to, 1, "ucap")], huge).await.unwrap();
    let refused = live.chain.broadcast(&huge).await;
    assert!(matches!(refused, Err(BroadcastError::Rejected { .. })), "{refused:?}");
    let memo = "x".repeat(900_000);
    let huge = TxOptions { memo, ..FIXED_GAS };
    let huge = live.chain.prepare(&from, vec![send(&to, 1, "ucap")], huge).await.unwrap();
    let refused = live.chain.broadcast(&huge).await;
    assert!(matches!(refused, Err(BroadcastError::TooLarge(_))), "{refused:?}");
}

#[tokio::test]
#[ignore = "needs a running chain: scripts/test starts one and names it in CAPLET_LOCALNET"]
async fn not_found_is_not_a_failure_and_a_failure_is_not_not_found() {
    let live = Live::get().await;
    let nothing = live.chain.lookup(&TxHash::of(b"never sent")).await;
    assert_eq!(nothing.unwrap(), None);
    let stranger = Signer::from_bytes(&[99; 32], "wasm").unwrap();
    assert!(matches!(
        live.chain.account(stranger.address()).await,
        Err(ChainError::NoAccount { .. })
    ));
    assert_eq!(live.chain.bank_balance(stranger.address(), "ucap").await.unwrap(), 0);
    for answer in [
        live.chain.smart(stranger.address(), b"{}".to_vec()).await.map(drop),
        live.chain.raw(stranger.address(), b"key".to_vec()).await.map(drop),
    ] {
        assert!(matches!(answer, Err(ChainError::NoContract { .. })), "{answer:?}");
    }
    let head = live.chain.head().await.unwrap().height;
    assert!(matches!(live.chain.block_events(head + 1000).await, Err(ChainError::NoBlock { .. })));
    let other = Config { chain_id: Some("another-1".to_owned()), ..live.config.clone() };
    assert!(matches!(CosmosChain::connect(other).await, Err(ChainError::WrongChain { .. })));
    // A dead address before a living one costs nothing.
    let mut rpc = vec!["http://127.0.0.1:1".to_owned()];
    rpc.extend(live.config.rpc.clone());
    let chain = CosmosChain::connect(Config { rpc, ..live.config.clone() }).await.unwrap();
    assert_eq!(chain.lookup(&TxHash::of(b"never sent")).await.unwrap(), None);
}

#[tokio::test]
#[ignore = "needs a running chain: scripts/test starts one and names it in CAPLET_LOCALNET"]
async fn blocks_wake_whoever_watches() {
    let live = Live::get().await;
    let mut watch = live.chain.watch();
    let mut last = *watch.borrow_and_update();
    for _ in 0..3 {
        tokio::time::timeout(Duration::from_secs(120), watch.changed()).await.unwrap().unwrap();
        let head = *watch.borrow_and_update();
        assert!(head.height > last.height && head.time_ns > last.time_ns);
        last = head;
    }
}

/// `artifacts/cw20_base.wasm` comes from `scripts/build-wasm`.
#[tokio::test]
#[ignore = "needs a running chain: scripts/test starts one and names it in CAPLET_LOCALNET"]
async fn a_token_is_stored_instantiated_transferred_and_queried() {
    let live = Live::get().await;
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../artifacts/cw20_base.wasm");
    let wasm = std::fs::read(path).expect("run scripts/build-wasm first");
    let (owner, friend) = (live.signer("user-5"), live.signer("user-6"));
    let stored = live.run(&owner, vec![Msg::Store { wasm }]).await;
    let init = json!({
        "name": "Credit", "symbol": "CRED", "decimals": 3,
        "initial_balances": [{ "address": owner.address(), "amount": "1000" }],
    });
    let admin = Some(owner.address().to_owned());
    let msg = Msg::instantiate(code_id(&stored.events).unwrap(), "credit", &init, admin).unwrap();
    let made = live.run(&owner, vec![msg]).await;
    let token = instantiated(&made.events).unwrap().to_owned();

    let transfer = |amount: &str| {
        let body = json!({ "transfer": { "recipient": friend.address(), "amount": amount } });
        Msg::execute(&token, &body).unwrap()
    };
    let result = live.run(&owner, vec![transfer("250"), transfer("50")]).await;
    let events = live.chain.block_events(result.height).await.unwrap();
    assert_eq!(events.iter().filter(|e| e.ty == "wasm").count(), 2);
    assert_eq!(attribute(&events, "wasm", "_contract_address"), Some(token.as_str()));
    assert_eq!(attribute(&events, "wasm", "msg_index"), None);
    let balance = |of: &Signer| json!({ "balance": { "address": of.address() } });
    let held: Value = live.chain.query(&token, &balance(&friend)).await.unwrap();
    assert_eq!(held, json!({ "balance": "300" }));
    assert!(live.chain.raw(&token, b"token_info".to_vec()).await.unwrap().is_some());
    assert_eq!(live.chain.raw(&token, b"no such key".to_vec()).await.unwrap(), None);
    let refused: Result<Value, _> = live.chain.query(&token, &json!({ "nonsense": {} })).await;
    assert!(matches!(refused, Err(ChainError::Query { .. })), "{refused:?}");
    let broke = live
        .chain
        .simulate(
            &friend,
            &[Msg::execute(
                &token,
                &json!({ "transfer": {
        "recipient": owner.address(), "amount": "301" } }),
            )
            .unwrap()],
        )
        .await;
    assert!(matches!(broke, Err(ChainError::WouldFail { .. })), "{broke:?}");
}

#[tokio::test]
#[ignore = "needs a running chain: scripts/test starts one and names it in CAPLET_LOCALNET"]
async fn every_artifact_is_taken_by_the_chain() {
    let live = Live::get().await;
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../artifacts");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let modules: Vec<_> = files.filter(|f| f.extension().is_some_and(|e| e == "wasm")).collect();
    assert!(!modules.is_empty(), "run scripts/build-wasm first");
    for module in modules {
        let wasm = std::fs::read(&module).unwrap();
        let stored = live.run(&live.signer("user-8"), vec![Msg::Store { wasm }]).await;
        assert!(code_id(&stored.events).is_some(), "{}", module.display());
    }
}
