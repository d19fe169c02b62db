//! Messages, queries and failures on the embedded chain.

use std::sync::Arc;
use std::time::Duration;

use caplet_chain::embedded::{EmbeddedChain, Limits, Options, native_wasm};
use caplet_chain::{
    BroadcastError, Chain, ChainError, ChainExt, Coin, ConfirmError, Msg, Sequence, TxOptions,
    attribute, code_id,
};

use crate::contract::{ExecuteMsg, QueryMsg};
use crate::setup::{IBC, PER_TRANSACTION, RICH, balance, jar, options, quick, run, send, signer};

#[tokio::test]
async fn a_send_moves_native_and_ibc_coins() {
    let chain = quick().await;
    let result = run(&chain, 1, vec![send(2, 10, "ucap"), send(2, 5, IBC)]).await.unwrap();
    assert_eq!((result.code, result.height, result.metered), (0, 1, false));
    assert_eq!(balance(&chain, 1, "ucap").await, RICH - 10);
    assert_eq!(balance(&chain, 2, "ucap").await, RICH + 10);
    assert_eq!(balance(&chain, 2, IBC).await, RICH + 5);
    assert_eq!(balance(&chain, 9, "ucap").await, 0);
}

#[tokio::test]
async fn a_contract_is_stored_instantiated_executed_queried_and_migrated() {
    let chain: Arc<dyn Chain> = Arc::new(quick().await);
    let (code, jar) = jar(&*chain).await;
    assert_eq!(code, 1);
    // The address that wasmd gives to instance 1 of code 1.
    assert_eq!(jar, "wasm14hj2tavq8fpesdwxxcu44rty3hh90vhujrvcmstl4zr3txmfvw9s0phg4d");
    let add = Msg::execute(&jar, &ExecuteMsg::Add { by: 3 }).unwrap();
    let result = run(&*chain, 2, vec![add]).await.unwrap();
    assert_eq!(attribute(&result.events, "wasm-counted", "count"), Some("10"));
    assert_eq!(chain.query::<_, u64>(&jar, &QueryMsg::Count {}).await.unwrap(), 10);
    assert_eq!(chain.query::<_, u64>(&jar, &QueryMsg::Height {}).await.unwrap(), result.height);
    assert_eq!(chain.raw(&jar, b"count".to_vec()).await.unwrap().unwrap(), b"10");
    assert_eq!(chain.raw(&jar, b"other".to_vec()).await.unwrap(), None);

    let stored = run(&*chain, 1, vec![Msg::Store { wasm: native_wasm("jar") }]).await.unwrap();
    let code_id = code_id(&stored.events).unwrap();
    assert_eq!(code_id, 2);
    let migrate = Msg::Migrate { contract: jar.clone(), code_id, msg: b"40".to_vec() };
    let refused = run(&*chain, 2, vec![migrate.clone()]).await.unwrap_err();
    assert!(matches!(refused, ConfirmError::Failed { .. }), "{refused}");
    run(&*chain, 1, vec![migrate]).await.unwrap();
    assert_eq!(chain.query::<_, u64>(&jar, &QueryMsg::Count {}).await.unwrap(), 40);
}

#[tokio::test]
async fn a_failing_message_rolls_back_the_whole_transaction_and_uses_up_its_sequence() {
    let chain = quick().await;
    let (_, jar) = jar(&chain).await;
    let before = chain.account(signer(3).address()).await.unwrap();
    let tip = ExecuteMsg::Add { by: 1 };
    for failing in [ExecuteMsg::Fail {}, ExecuteMsg::Panic {}] {
        let msgs = vec![
            send(2, 10, "ucap"),
            Msg::execute_with(&jar, &tip, vec![Coin::new(9, "ucap")]).unwrap(),
            Msg::execute(&jar, &failing).unwrap(),
        ];
        let Err(ConfirmError::Failed { result, .. }) = run(&chain, 3, msgs).await else {
            panic!("it must fail")
        };
        assert!(result.code != 0 && result.events.is_empty() && !result.log.is_empty());
        assert!(chain.block_events(result.height).await.unwrap().is_empty());
    }
    assert_eq!(balance(&chain, 3, "ucap").await, RICH);
    assert_eq!(balance(&chain, 2, "ucap").await, RICH);
    assert_eq!(chain.bank_balance(&jar, "ucap").await.unwrap(), 0);
    assert_eq!(chain.query::<_, u64>(&jar, &QueryMsg::Count {}).await.unwrap(), 7);
    let after = chain.account(signer(3).address()).await.unwrap();
    assert_eq!(after.sequence, before.sequence + 2);
}

#[tokio::test]
async fn a_simulation_tells_what_would_fail_and_changes_nothing() {
    let chain = quick().await;
    let (_, jar) = jar(&chain).await;
    let root = chain.state_root().await.unwrap();
    let good = [send(2, 10, "ucap"), Msg::execute(&jar, &ExecuteMsg::Add { by: 1 }).unwrap()];
    let gas = chain.simulate(&signer(1), &good).await.unwrap();
    assert!(!gas.metered);
    let bad = [good[0].clone(), Msg::execute(&jar, &ExecuteMsg::Fail {}).unwrap()];
    let error = chain.simulate(&signer(1), &bad).await.unwrap_err();
    assert!(matches!(&error, ChainError::WouldFail { log } if log.contains("told to fail")));
    let too_much = [send(2, RICH + 1, "ucap")];
    assert!(chain.simulate(&signer(1), &too_much).await.is_err());
    assert!(chain.simulate(&signer(1), &[Msg::Store { wasm: native_wasm("none") }]).await.is_err());
    assert_eq!(chain.state_root().await.unwrap(), root);
    // Without a gas limit, preparing simulates, so such a transaction is never signed.
    let refused = chain.prepare(&signer(1), bad.to_vec(), TxOptions::default()).await;
    assert!(matches!(refused, Err(ChainError::WouldFail { .. })));
}

#[tokio::test]
async fn code_is_stored_by_name_and_alone() {
    let chain = quick().await;
    let mixed = vec![send(2, 1, "ucap"), Msg::Store { wasm: native_wasm("jar") }];
    assert!(matches!(run(&chain, 1, mixed).await, Err(ConfirmError::Failed { .. })));
    assert_eq!(balance(&chain, 2, "ucap").await, RICH);
    for wasm in [b"\0asm".to_vec(), native_wasm("unknown")] {
        assert!(matches!(
            run(&chain, 1, vec![Msg::Store { wasm }]).await,
            Err(ConfirmError::Failed { .. })
        ));
    }
    // Neither took an id.
    assert_eq!(jar(&chain).await.0, 1);
}

#[tokio::test]
async fn a_contract_can_pay_someone_new_who_then_has_an_account() {
    let chain = quick().await;
    let (_, jar) = jar(&chain).await;
    let unknown = chain.account(signer(9).address()).await;
    assert!(matches!(unknown, Err(ChainError::NoAccount { .. })));
    let funds = vec![Coin::new(50, "ucap")];
    let to = signer(9).address().to_owned();
    let msgs = vec![
        Msg::execute_with(&jar, &ExecuteMsg::Add { by: 1 }, funds).unwrap(),
        Msg::execute(&jar, &ExecuteMsg::PayOut { to }).unwrap(),
    ];
    run(&chain, 1, msgs).await.unwrap();
    assert_eq!(balance(&chain, 9, "ucap").await, 50);
    run(&chain, 9, vec![send(1, 50, "ucap")]).await.unwrap();
}

#[tokio::test]
async fn block_events_are_those_of_contracts_in_order() {
    let chain = quick().await;
    let (_, jar) = jar(&chain).await;
    let msgs = (1..=2).map(|by| Msg::execute(&jar, &ExecuteMsg::Add { by }).unwrap());
    let height = run(&chain, 1, msgs.collect()).await.unwrap().height;
    let events = chain.block_events(height).await.unwrap();
    let kinds: Vec<_> = events.iter().map(|e| e.ty.as_str()).collect();
    assert_eq!(kinds, ["wasm-counted", "wasm-counted"]);
    assert_eq!(attribute(&events, "wasm-counted", "_contract_address"), Some(jar.as_str()));
    let above = chain.block_events(height + 1).await;
    assert!(matches!(above, Err(ChainError::NoBlock { .. })));
}

#[tokio::test]
async fn a_block_with_transactions_has_a_hash_of_its_own() {
    let chain = quick().await;
    let first = run(&chain, 1, vec![send(2, 1, "ucap")]).await.unwrap().height;
    let second = run(&chain, 1, vec![send(2, 1, "ucap")]).await.unwrap().height;
    let one = chain.block_hash(first).await.unwrap();
    assert_ne!(one, chain.block_hash(second).await.unwrap());
    assert_eq!(one, chain.block_hash(first).await.unwrap());
    let above = chain.block_hash(second + 1).await;
    assert!(matches!(above, Err(ChainError::NoBlock { .. })));
    let empty = chain.produce(Duration::from_secs(1)).await.unwrap().height;
    assert!(matches!(chain.block_hash(empty).await, Err(ChainError::Pruned { .. })));
}

#[tokio::test]
async fn what_is_asked_of_nobody_gets_a_clear_error() {
    let chain = quick().await;
    let (_, jar) = jar(&chain).await;
    let account = signer(1).address().to_owned();
    assert!(matches!(
        chain.query::<_, u64>(&account, &QueryMsg::Count {}).await,
        Err(ChainError::NoContract { .. })
    ));
    assert!(matches!(chain.raw(&account, vec![1]).await, Err(ChainError::NoContract { .. })));
    assert!(matches!(
        chain.bank_balance("cosmos1xyz", "ucap").await,
        Err(ChainError::BadAddress { .. })
    ));
    for question in [&QueryMsg::Panic {}] {
        let answer = chain.query::<_, u64>(&jar, question).await;
        assert!(matches!(answer, Err(ChainError::Query { .. })));
    }
    assert!(matches!(chain.smart(&jar, b"not json".to_vec()).await, Err(ChainError::Query { .. })));
    // It is still alive.
    assert_eq!(chain.query::<_, u64>(&jar, &QueryMsg::Count {}).await.unwrap(), 7);
}

#[tokio::test]
async fn a_message_no_chain_would_take_is_never_signed() {
    let chain = quick().await;
    let to = signer(2).address().to_owned();
    let bad = [
        vec![],
        vec![Msg::Send { to: to.clone(), coins: vec![] }],
        vec![Msg::Send { to: to.clone(), coins: vec![Coin::new(0, "ucap")] }],
        vec![Msg::Send { to: "nobody".to_owned(), coins: vec![Coin::new(1, "ucap")] }],
        vec![Msg::Execute { contract: to, msg: b"{".to_vec(), funds: vec![] }],
    ];
    for msgs in bad {
        let options = TxOptions { gas_limit: Some(1), ..TxOptions::default() };
        let refused = chain.prepare(&signer(1), msgs.clone(), options).await;
        assert!(
            matches!(refused, Err(ChainError::BadMessage(_) | ChainError::BadAddress { .. })),
            "{msgs:?}"
        );
    }
    // None of them used up a sequence.
    run(&chain, 1, vec![send(2, 1, "ucap")]).await.unwrap();
}

#[tokio::test]
async fn sequences_are_enforced_and_the_mismatch_is_typed() {
    let chain = quick().await;
    let at = |n| TxOptions { sequence: Sequence::At(n), ..TxOptions::default() };
    let ahead = chain.prepare(&signer(1), vec![send(2, 1, "ucap")], at(5)).await.unwrap();
    assert!(matches!(
        chain.broadcast(&ahead).await,
        Err(BroadcastError::SequenceMismatch { expected: 0, got: 5 })
    ));
    let first = chain.prepare(&signer(1), vec![send(2, 1, "ucap")], at(0)).await.unwrap();
    let rival = chain.prepare(&signer(1), vec![send(3, 1, "ucap")], at(0)).await.unwrap();
    chain.broadcast(&first).await.unwrap();
    assert!(matches!(
        chain.broadcast(&rival).await,
        Err(BroadcastError::SequenceMismatch { expected: 1, got: 0 })
    ));
    assert!(matches!(chain.broadcast(&first).await, Err(BroadcastError::AlreadyKnown)));
    assert_eq!(chain.lookup(&first.hash).await.unwrap().unwrap().code, 0);
    assert_eq!(chain.lookup(&rival.hash).await.unwrap(), None);
}

#[tokio::test]
async fn time_and_height_move_only_as_asked() {
    let chain = quick().await;
    let start = chain.head().await.unwrap();
    let mut watch = chain.watch();
    let day = Duration::from_secs(86_400);
    let head = chain.produce(day).await.unwrap();
    assert_eq!(head.height, start.height + 1);
    assert_eq!(head.time_ns, start.time_ns + 86_400_000_000_000);
    watch.changed().await.unwrap();
    assert_eq!(*watch.borrow_and_update(), head);
}

#[tokio::test]
async fn events_are_kept_for_so_many_blocks_and_what_became_of_a_transaction_for_good() {
    let limits = Limits { history_blocks: 3, ..Limits::default() };
    let few = Options { limits, ..options(None, PER_TRANSACTION) };
    let chain = EmbeddedChain::open(few).await.unwrap();
    let (_, jar) = jar(&chain).await;
    let add = Msg::execute(&jar, &ExecuteMsg::Add { by: 1 }).unwrap();
    let tx = chain.prepare(&signer(1), vec![add], TxOptions::default()).await.unwrap();
    chain.broadcast(&tx).await.unwrap();
    let result = chain.lookup(&tx.hash).await.unwrap().unwrap();
    for _ in 0..2 {
        chain.produce(Duration::from_secs(1)).await.unwrap();
        assert_eq!(chain.block_events(result.height).await.unwrap().len(), 1);
    }
    chain.produce(Duration::from_secs(1)).await.unwrap();
    assert!(matches!(
        chain.block_events(result.height).await,
        Err(ChainError::Pruned { oldest, .. }) if oldest == result.height + 1
    ));
    let later = chain.lookup(&tx.hash).await.unwrap().unwrap();
    assert_eq!((later.height, later.code, later.events.len()), (result.height, 0, 0));
}

#[tokio::test]
async fn handles_work_from_any_task() {
    fn any_task<T: Send + 'static>(_: &T) {}
    let chain: Arc<dyn Chain> = Arc::new(quick().await);
    any_task(&chain);
    let work = async move { run(&*chain, 1, vec![send(2, 1, "ucap")]).await };
    any_task(&work);
    work.await.unwrap();
}
