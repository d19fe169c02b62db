//! From messages to a result, on a chain that makes it hard.

use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use caplet_chain::embedded::{EmbeddedChain, Pace};
use caplet_chain::{
    BroadcastError, Chain, ChainError, ConfirmError, Over, Patience, SignedTx, TxHash, TxOptions,
    TxResult, confirm, execute_and_confirm,
};

use crate::setup::{RICH, balance, options, send, signer};

/// What a broadcast does besides what it should.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    /// The mempool takes it, the answer is lost.
    AnswerLost,
    /// It never arrives.
    RequestLost,
    /// The mempool is full.
    Full,
    /// Another process of the same key was faster.
    Rival,
}

/// An embedded chain behind a bad line; after each broadcast it makes a few blocks.
struct Flaky {
    chain: EmbeddedChain,
    faults: Mutex<Vec<Fault>>,
    seen: Mutex<Vec<TxHash>>,
}

impl Flaky {
    async fn new(faults: &[Fault]) -> Self {
        let chain = EmbeddedChain::open(options(None, Pace::Manual)).await.unwrap();
        let faults = Mutex::new(faults.iter().rev().copied().collect());
        Self { chain, faults, seen: Mutex::default() }
    }

    fn lost() -> BroadcastError {
        let (tried, cause) = ("here".to_owned(), "line cut".to_owned());
        BroadcastError::Unreachable(ChainError::Unreachable { tried, cause })
    }

    async fn rival(&self) {
        self.chain.resync(signer(1).address()).await;
        let msgs = vec![send(3, 1, "ucap")];
        let tx = self.chain.prepare(&signer(1), msgs, TxOptions::default()).await.unwrap();
        self.chain.broadcast(&tx).await.unwrap();
        self.chain.produce(Duration::from_secs(1)).await.unwrap();
    }
}

#[async_trait]
impl Over for Flaky {
    fn inner(&self) -> &dyn Chain {
        &self.chain
    }
    async fn broadcast(&self, tx: &SignedTx) -> Result<(), BroadcastError> {
        self.seen.lock().unwrap().push(tx.hash);
        let fault = self.faults.lock().unwrap().pop();
        let outcome = match fault {
            None => self.chain.broadcast(tx).await,
            Some(Fault::AnswerLost) => {
                self.chain.broadcast(tx).await.unwrap();
                Err(Self::lost())
            }
            Some(Fault::RequestLost) => Err(Self::lost()),
            Some(Fault::Full) => Err(BroadcastError::MempoolFull("for now".to_owned())),
            Some(Fault::Rival) => {
                self.rival().await;
                self.chain.broadcast(tx).await
            }
        };
        for _ in 0..3 {
            self.chain.produce(Duration::from_secs(1)).await.unwrap();
        }
        outcome
    }
}

/// Sends again soon, and gives up later than any machine needs.
const QUICK: Patience =
    Patience { within: Duration::from_secs(120), resend_every: Duration::from_millis(5) };

async fn pay(chain: &Flaky, timeout_blocks: u64) -> Result<TxResult, ConfirmError> {
    let options = TxOptions { timeout_blocks, ..TxOptions::default() };
    execute_and_confirm(chain, &signer(1), vec![send(2, 10, "ucap")], options, QUICK).await
}

#[tokio::test]
async fn lost_requests_and_answers_pay_exactly_once_with_the_same_bytes() {
    use Fault::{AnswerLost, Full, RequestLost};
    for faults in [
        vec![],
        vec![AnswerLost],
        vec![RequestLost],
        vec![Full, RequestLost, Full, AnswerLost],
        vec![AnswerLost, RequestLost],
    ] {
        let chain = Flaky::new(&faults).await;
        pay(&chain, 60).await.unwrap();
        let seen = chain.seen.lock().unwrap().clone();
        assert!(seen.iter().all(|hash| *hash == seen[0]), "{faults:?}");
        assert_eq!(balance(&chain, 2, "ucap").await, RICH + 10, "{faults:?}");
    }
}

#[tokio::test]
async fn a_sequence_taken_by_a_rival_is_signed_anew_once() {
    let chain = Flaky::new(&[Fault::Rival]).await;
    // The rival's block and two more must pass before the first is given up.
    let ticking = chain.chain.clone();
    let ticks = async {
        loop {
            tokio::time::sleep(Duration::from_millis(2)).await;
            ticking.produce(Duration::from_secs(1)).await.unwrap();
        }
    };
    tokio::select! {
        paid = pay(&chain, 10_000) => drop(paid.unwrap()),
        () = ticks => {}
    }
    assert_eq!(balance(&chain, 2, "ucap").await, RICH + 10);
    assert_eq!(balance(&chain, 3, "ucap").await, RICH + 1);
}

#[tokio::test]
async fn past_its_timeout_it_is_signed_anew_and_still_pays_once() {
    let chain = Flaky::new(&[Fault::RequestLost]).await;
    // Three blocks go by for each broadcast, so the lost one times out; nothing is sent again before that.
    let once = Patience { resend_every: QUICK.within, ..QUICK };
    let options = TxOptions { timeout_blocks: 1, ..TxOptions::default() };
    let msgs = vec![send(2, 10, "ucap")];
    execute_and_confirm(&chain, &signer(1), msgs, options, once).await.unwrap();
    let seen = chain.seen.lock().unwrap().clone();
    assert_eq!(seen.len(), 2);
    assert_ne!(seen[0], seen[1]);
    assert_eq!(balance(&chain, 2, "ucap").await, RICH + 10);
}

#[tokio::test]
async fn without_blocks_the_outcome_is_undecided_and_not_a_failure() {
    let chain = EmbeddedChain::open(options(None, Pace::Manual)).await.unwrap();
    let tx =
        chain.prepare(&signer(1), vec![send(2, 10, "ucap")], TxOptions::default()).await.unwrap();
    let patience =
        Patience { within: Duration::from_millis(20), resend_every: Duration::from_millis(5) };
    let undecided = confirm(&chain, &tx, patience).await;
    assert!(matches!(undecided, Err(ConfirmError::Undecided { hash, .. }) if hash == tx.hash));
    chain.produce(Duration::from_secs(1)).await.unwrap();
    assert_eq!(confirm(&chain, &tx, QUICK).await.unwrap().code, 0);
}
