//! A race that two keepers run for one epoch: whoever comes second sends nothing, or is refused once.

use super::races::history;
use super::stage::{Device, MARKET, PAYER, PROVIDER, Stage, demand, offer, place, signer, until};
use async_trait::async_trait;
use caplet::config::Config;
use caplet::keeper::Keeper;
use caplet_chain::embedded::EmbeddedChain;
use caplet_chain::{
    BroadcastError, Chain, ChainError, Msg, Over, SignedTx, Signer, TxHash, TxOptions,
};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::watch;

/// Steps of a transaction on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// Tried on the chain's state, and signed.
    Prepare,
    /// Handed to the mempool.
    Broadcast,
}

/// The way of a keeper that is held up before a step.
struct Slow {
    chain: Arc<EmbeddedChain>,
    held: watch::Sender<Option<Step>>,
    waiting: AtomicU32,
    refused: AtomicU32,
    sent: Mutex<Vec<TxHash>>,
}

impl Slow {
    fn over(chain: &Arc<EmbeddedChain>) -> Arc<Self> {
        Arc::new(Self {
            chain: Arc::clone(chain),
            held: watch::Sender::new(None),
            waiting: AtomicU32::new(0),
            refused: AtomicU32::new(0),
            sent: Mutex::default(),
        })
    }

    fn hold(&self, step: Option<Step>) {
        self.held.send_replace(step);
    }

    async fn pass(&self, step: Step) {
        let mut held = self.held.subscribe();
        if *held.borrow_and_update() == Some(step) {
            self.waiting.fetch_add(1, Ordering::SeqCst);
        }
        drop(held.wait_for(|held| *held != Some(step)).await);
    }

    /// What became of everything that was sent, 0 for success.
    async fn codes(&self) -> Vec<u32> {
        let sent = self.sent.lock().unwrap().clone();
        let mut codes = Vec::new();
        for hash in sent {
            codes.extend(self.chain.lookup(&hash).await.unwrap().map(|result| result.code));
        }
        codes
    }
}

#[async_trait]
impl Over for Slow {
    fn inner(&self) -> &dyn Chain {
        &*self.chain
    }
    async fn prepare(
        &self,
        signer: &Signer,
        msgs: Vec<Msg>,
        options: TxOptions,
    ) -> Result<SignedTx, ChainError> {
        self.pass(Step::Prepare).await;
        let made = self.chain.prepare(signer, msgs, options).await;
        if made.is_err() {
            self.refused.fetch_add(1, Ordering::SeqCst);
        }
        made
    }
    async fn broadcast(&self, tx: &SignedTx) -> Result<(), BroadcastError> {
        self.pass(Step::Broadcast).await;
        {
            let mut sent = self.sent.lock().unwrap();
            if !sent.contains(&tx.hash) {
                sent.push(tx.hash);
            }
        }
        self.chain.broadcast(tx).await
    }
}

/// A keeper that waits for nobody, and sends nothing but clearings with a fill.
fn eager(config: &mut Config) {
    config.roles.settler = false;
    config.matcher.patience_blocks = 0;
    config.matcher.clear_unmatched = false;
    // what is held up is not to be too old when it is let on
    config.outbox.timeout_blocks = 1_000_000;
}

/// Blocks come with transactions or on request, so that an epoch ends when it is told to.
struct Race {
    stage: Stage,
    slow: Arc<Slow>,
    second: Keeper,
    buyer: Device,
}

impl Race {
    /// The second keeper has solved an epoch and is held up before `step`; the first is not there yet.
    async fn until(step: Step) -> Self {
        let stage = Stage::by_transaction().await;
        let slow = Slow::over(&stage.chain);
        let second = stage.keeper_over(2, slow.clone(), eager).await.unwrap();
        let seller = stage.device(20, PROVIDER, 1).await;
        let buyer = stage.device(30, PAYER, 2).await;
        stage.auction(PROVIDER, &place(vec![offer(&seller, 1, 60, 50, 0)], vec![])).await;
        assert_eq!(slow.codes().await, [0u32; 0], "nothing is sent yet");
        slow.hold(Some(step));
        let race = Self { stage, slow, second, buyer };
        race.ask(1).await;
        until("the second keeper to be about to send", async || {
            if race.slow.waiting.load(Ordering::SeqCst) > 0 {
                return Some(());
            }
            race.moment().await;
            None
        })
        .await;
        race
    }

    /// A block that hardly moves the clock: keepers look when there is one.
    async fn moment(&self) {
        self.stage.chain.produce(Duration::from_millis(5)).await.unwrap();
    }

    /// A demand, and blocks until its epoch may be cleared.
    async fn ask(&self, sequence: u32) {
        let msg = place(vec![], vec![demand(&self.buyer, sequence, 120, 1)]);
        self.stage.auction(PAYER, &msg).await;
        let books = self.second.books();
        loop {
            self.follow().await;
            let epoch = books.clearable(self.stage.now()).get(&MARKET).copied();
            let frozen = epoch.and_then(|epoch| books.frozen(MARKET, epoch));
            if frozen.is_some_and(|book| !book.offers.is_empty() && !book.demands.is_empty()) {
                return;
            }
            self.stage.chain.produce(Duration::from_millis(200)).await.unwrap();
        }
    }

    /// Waits until the second keeper knows of every block.
    async fn follow(&self) {
        let head = self.stage.chain.head().await.unwrap().height;
        let books = self.second.books();
        until("the books to follow", async || (books.head().height >= head).then_some(())).await;
    }

    /// Who cleared so far, once it is so many epochs.
    async fn cleared(&self, epochs: usize) -> Vec<String> {
        until("an epoch to be cleared", async || {
            self.moment().await;
            let (cleared, _) = history(&self.stage).await;
            (cleared.len() >= epochs).then(|| cleared.into_iter().map(|one| one.keeper).collect())
        })
        .await
    }

    /// The first keeper comes, clears, and goes; then the second is let on.
    async fn lose(&self) {
        let first = self.stage.keeper(1, eager).await;
        assert_eq!(self.cleared(1).await, [signer(11).address()]);
        first.context().tasks.drain(Duration::ZERO).await;
        // for as long as it does not know who cleared it tries again
        self.follow().await;
        self.slow.hold(None);
    }

    /// The second clears what comes next, and everything that it sent is in `codes`.
    async fn goes_on(&self) -> Vec<u32> {
        self.ask(2).await;
        let keepers = self.cleared(2).await;
        assert_eq!(keepers, [11, 12].map(|keeper| signer(keeper).address().to_owned()));
        self.stage.check_money().await;
        self.slow.codes().await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_race_that_is_lost_before_signing_sends_nothing() {
    let race = Race::until(Step::Prepare).await;
    race.lose().await;
    until("the chain to refuse it beforehand", async || {
        race.moment().await;
        (race.slow.refused.load(Ordering::SeqCst) == 1).then_some(())
    })
    .await;
    assert_eq!(race.goes_on().await, [0], "all that it ever sent is the clearing of the next");
    assert_eq!(race.slow.refused.load(Ordering::SeqCst), 1, "it tried once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_race_that_is_lost_on_the_way_costs_one_transaction() {
    let race = Race::until(Step::Broadcast).await;
    race.lose().await;
    until("the late clearing to be in a block", async || {
        race.moment().await;
        (race.slow.codes().await.len() == 1).then_some(())
    })
    .await;
    let codes = race.goes_on().await;
    assert!(
        matches!(codes[..], [lost, 0] if lost != 0),
        "refused once, then the next one cleared: {codes:?}"
    );
}
