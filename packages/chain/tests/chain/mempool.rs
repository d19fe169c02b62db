//! What is let in, what waits, and what is turned away.

use std::time::Duration;

use caplet_chain::embedded::{EmbeddedChain, Limits, Options, Pace};
use caplet_chain::{BroadcastError, Chain, Msg, Sequence, SignedTx, TxHash, TxOptions};

use crate::setup::{RICH, balance, options, send, signer};

const STEP: Duration = Duration::from_secs(1);

async fn manual(limits: Limits) -> EmbeddedChain {
    EmbeddedChain::open(Options { limits, ..options(None, Pace::Manual) }).await.unwrap()
}

async fn prepare(chain: &EmbeddedChain, from: u8, timeout_blocks: u64) -> SignedTx {
    let options = TxOptions { timeout_blocks, gas_limit: Some(1), ..TxOptions::default() };
    chain.prepare(&signer(from), vec![send(4, 1, "ucap")], options).await.unwrap()
}

#[tokio::test]
async fn several_transactions_of_one_signer_share_a_block_in_order() {
    let chain = manual(Limits::default()).await;
    let mut sent = Vec::new();
    for _ in 0..5 {
        let tx = prepare(&chain, 1, 9).await;
        chain.broadcast(&tx).await.unwrap();
        sent.push(tx);
    }
    assert_eq!(chain.lookup(&sent[0].hash).await.unwrap(), None);
    chain.produce(STEP).await.unwrap();
    for tx in &sent {
        assert_eq!(chain.lookup(&tx.hash).await.unwrap().unwrap().height, 1);
    }
    assert_eq!(chain.account(signer(1).address()).await.unwrap().sequence, 5);
}

#[tokio::test]
async fn a_full_mempool_says_so_and_takes_the_same_bytes_later() {
    let chain = manual(Limits { mempool: 2, ..Limits::default() }).await;
    for from in [1, 2] {
        let tx = prepare(&chain, from, 9).await;
        chain.broadcast(&tx).await.unwrap();
        assert!(matches!(chain.broadcast(&tx).await, Err(BroadcastError::AlreadyKnown)));
    }
    let late = prepare(&chain, 3, 9).await;
    assert!(matches!(chain.broadcast(&late).await, Err(BroadcastError::MempoolFull(_))));
    chain.produce(STEP).await.unwrap();
    chain.broadcast(&late).await.unwrap();
}

#[tokio::test]
async fn a_block_has_room_for_so_many_bytes_and_the_rest_waits() {
    let one = prepare(&manual(Limits::default()).await, 1, 9).await.bytes.len();
    let chain = manual(Limits { block_bytes: 2 * one + 10, ..Limits::default() }).await;
    for _ in 0..5 {
        chain.broadcast(&prepare(&chain, 1, 9).await).await.unwrap();
    }
    for landed in [2, 4, 5, 5] {
        chain.produce(STEP).await.unwrap();
        assert_eq!(chain.account(signer(1).address()).await.unwrap().sequence, landed);
    }
}

#[tokio::test]
async fn past_its_timeout_height_a_transaction_is_dropped_with_all_that_follow_it() {
    let one = prepare(&manual(Limits::default()).await, 1, 9).await.bytes.len();
    // A block holds one transaction, so the second is still waiting when it times out.
    let chain = manual(Limits { block_bytes: one + 5, ..Limits::default() }).await;
    let first = prepare(&chain, 1, 9).await;
    let second = prepare(&chain, 1, 1).await;
    let third = prepare(&chain, 1, 9).await;
    for tx in [&first, &second, &third] {
        chain.broadcast(tx).await.unwrap();
    }
    for _ in 0..4 {
        chain.produce(STEP).await.unwrap();
    }
    assert!(chain.lookup(&first.hash).await.unwrap().is_some());
    assert_eq!(chain.lookup(&second.hash).await.unwrap(), None);
    assert_eq!(chain.lookup(&third.hash).await.unwrap(), None);
    assert!(matches!(
        chain.broadcast(&second).await,
        Err(BroadcastError::Expired { timeout_height: 1, height: 4 })
    ));
    // After a resync the signer goes on with the sequence that was never used.
    chain.resync(signer(1).address()).await;
    assert_eq!(prepare(&chain, 1, 9).await.sequence, 1);
}

#[tokio::test]
async fn forged_or_damaged_bytes_are_refused() {
    let chain = manual(Limits { tx_bytes: 2000, ..Limits::default() }).await;
    let good = prepare(&chain, 1, 9).await;
    for at in 0..good.bytes.len() {
        let mut bytes = good.bytes.clone();
        bytes[at] ^= 1;
        let forged = SignedTx { hash: TxHash::of(&bytes), bytes, ..good.clone() };
        assert!(chain.broadcast(&forged).await.is_err(), "byte {at}");
    }
    let mislabelled = SignedTx { hash: TxHash::of(b"other"), ..good.clone() };
    assert!(matches!(
        chain.broadcast(&mislabelled).await,
        Err(BroadcastError::Rejected { code: 2, .. })
    ));
    let bytes = vec![0; 2001];
    let huge = SignedTx { hash: TxHash::of(&bytes), bytes, ..good.clone() };
    assert!(matches!(chain.broadcast(&huge).await, Err(BroadcastError::TooLarge(_))));
    chain.broadcast(&good).await.unwrap();
}

#[tokio::test]
async fn a_signature_for_another_chain_does_not_verify() {
    let chain = manual(Limits::default()).await;
    let mut other = options(None, Pace::Manual);
    other.genesis.chain_id = "test-2".to_owned();
    let other = EmbeddedChain::open(other).await.unwrap();
    let tx = prepare(&other, 1, 9).await;
    assert!(matches!(
        chain.broadcast(&tx).await,
        Err(BroadcastError::Rejected { code: 4, log, .. }) if log.contains("test-1")
    ));
}

#[tokio::test]
async fn a_stranger_without_an_account_and_a_fee_are_refused() {
    let chain = manual(Limits::default()).await;
    let stranger = chain.prepare(&signer(9), vec![send(1, 1, "ucap")], TxOptions::default()).await;
    assert!(stranger.is_err());
    let fee = Some(vec![caplet_chain::Coin::new(1, "ucap")]);
    let options = TxOptions { fee, ..TxOptions::default() };
    assert!(chain.prepare(&signer(1), vec![send(2, 1, "ucap")], options).await.is_err());
}

#[tokio::test]
async fn two_handles_share_one_chain_and_its_sequences() {
    let chain = manual(Limits::default()).await;
    let twin = chain.clone();
    let mut tasks = Vec::new();
    for handle in [chain.clone(), twin.clone()] {
        tasks.push(async move {
            for _ in 0..20 {
                // Prepared and sent without a lock between: both orders of arrival happen.
                let tx = prepare(&handle, 1, 9).await;
                while let Err(BroadcastError::SequenceMismatch { .. }) = handle.broadcast(&tx).await
                {
                    tokio::task::yield_now().await;
                }
            }
        });
    }
    let second = tasks.pop().unwrap();
    tokio::join!(tasks.pop().unwrap(), second);
    chain.produce(STEP).await.unwrap();
    assert_eq!(twin.account(signer(1).address()).await.unwrap().sequence, 40);
    assert_eq!(balance(&twin, 4, "ucap").await, RICH + 40);
}

#[tokio::test]
async fn a_chosen_sequence_never_sets_the_counter_back() {
    let chain = manual(Limits::default()).await;
    for expected in 0..3 {
        assert_eq!(prepare(&chain, 1, 9).await.sequence, expected);
    }
    let again = TxOptions { sequence: Sequence::At(1), ..TxOptions::default() };
    let msgs: Vec<Msg> = vec![send(2, 1, "ucap")];
    assert_eq!(chain.prepare(&signer(1), msgs, again).await.unwrap().sequence, 1);
    assert_eq!(prepare(&chain, 1, 9).await.sequence, 3);
}
