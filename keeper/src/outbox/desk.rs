//! The one task that signs and sends for a key.

use super::flight::{Flight, Landing, fly};
use super::sign::{Made, Sequences, make};
use super::table::{self, Open, RowId};
use super::{Arrival, OutboxError};
use crate::config::OutboxConfig;
use crate::observe;
use crate::store::{Store, is_full};
use caplet_chain::{Chain, Signer, TxResult};
use futures::StreamExt as _;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, mpsc, oneshot, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// First wait after the chain did not answer; doubles up to [`LONGEST_WAIT`].
const FIRST_WAIT: Duration = Duration::from_millis(250);
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Between looks whether a full disk has room again.
const FULL_WAIT: Duration = Duration::from_secs(1);

type Answer = oneshot::Sender<Result<TxResult, OutboxError>>;
type Landed = (Flight, anyhow::Result<Landing>);

/// What the task holds.
pub(super) struct Desk {
    pub(super) chain: Arc<dyn Chain>,
    pub(super) signer: Signer,
    pub(super) store: Store,
    pub(super) policy: OutboxConfig,
    /// Submissions that were written and wait for an answer.
    pub(super) arrivals: mpsc::UnboundedReceiver<Arrival>,
    pub(super) stop: CancellationToken,
    /// Last row of an earlier run.
    pub(super) earlier: RowId,
    /// Turns true once nothing of an earlier run is open.
    pub(super) ready: watch::Sender<bool>,
}

/// Who waits for what.
#[derive(Default)]
struct Answers {
    waiting: BTreeMap<RowId, Answer>,
    /// Results of rows of this run whose arrival has not been heard of yet.
    unclaimed: BTreeMap<RowId, Result<TxResult, OutboxError>>,
}

/// What the task knows beyond the table.
struct Work {
    answers: Answers,
    flights: FuturesUnordered<BoxFuture<'static, Landed>>,
    sequences: Sequences,
    /// Whose turn it is to send: in the order in which they were signed.
    turn: Arc<Mutex<()>>,
    earlier: RowId,
    /// When to try again after the chain did not answer, and the wait after that.
    retry: Option<Instant>,
    wait: Duration,
}

impl Desk {
    /// Runs until told to stop and nothing is left to finish. While the disk is full nothing is sent; once it has
    /// room the desk begins from the table, as after a crash.
    ///
    /// # Errors
    /// If the store fails in another way: then nothing more may be sent.
    pub(super) async fn run(mut self) -> anyhow::Result<()> {
        let left = table::backlog(&self.store)?;
        observe::outbox_recovered(left.in_flight, left.queued);
        let mut work = self.recover(Answers::default())?;
        loop {
            match self.turn(&mut work).await {
                Ok(true) => return Ok(()),
                Ok(false) => {}
                Err(error) if is_full(&error) && !self.stop.is_cancelled() => {
                    observe::outbox_has_no_room(&error);
                    tokio::time::sleep(FULL_WAIT).await;
                    work = self.recover(work.answers)?;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Whether it is done with everything.
    async fn turn(&mut self, work: &mut Work) -> anyhow::Result<bool> {
        self.launch(work).await?;
        self.tell_ready(work)?;
        if self.stop.is_cancelled() && self.is_done(work)? {
            return Ok(true);
        }
        self.wait(work).await?;
        Ok(false)
    }

    /// Takes up what the table has: what an earlier run left, or this one before the disk was full.
    fn recover(&self, answers: Answers) -> anyhow::Result<Work> {
        let mut work = Work {
            answers,
            flights: FuturesUnordered::new(),
            sequences: Sequences::default(),
            turn: Arc::default(),
            earlier: self.earlier,
            retry: None,
            wait: FIRST_WAIT,
        };
        for row in table::in_flight(&self.store)? {
            self.depart(&mut work, row);
        }
        Ok(work)
    }

    /// Signs and sends what the window has room for.
    async fn launch(&self, work: &mut Work) -> anyhow::Result<()> {
        while work.flights.len() < self.policy.in_flight.max(1) && work.retry.is_none() {
            let Some(row) = table::next_queued(&self.store)? else { return Ok(()) };
            let alone = work.flights.is_empty();
            let made = make(&*self.chain, &self.signer, &self.policy, &row, &mut work.sequences);
            match made.await {
                Made::Signed(tx) => {
                    table::signed(&self.store, row.id, &tx)?;
                    observe::tx_signed(row.lane, &tx);
                    work.wait = FIRST_WAIT;
                    self.depart(work, Open { tx: Some(tx), ..row });
                }
                Made::NotYet => return Ok(()),
                // It may build on what is still in flight: judged again when that has landed.
                Made::Hopeless(OutboxError::Failed { .. }) if !alone => return Ok(()),
                Made::Hopeless(error) => self.give_back(work, &row, error)?,
                Made::NoAnswer(cause) => self.put_off(work, &row, cause)?,
            }
        }
        Ok(())
    }

    fn depart(&self, work: &mut Work, row: Open) {
        let Some(tx) = row.tx else { return };
        work.sequences.took(tx.sequence);
        let resend_every = Duration::from_millis(self.policy.resend_ms.max(1));
        let turn = Arc::clone(&work.turn);
        let flight = Flight { id: row.id, lane: row.lane, tx, resend_every, turn };
        let (chain, store) = (Arc::clone(&self.chain), self.store.clone());
        work.flights.push(Box::pin(async move {
            let landing = fly(&*chain, &store, &flight).await;
            (flight, landing)
        }));
    }

    /// Something to do: a landing, an arrival, a retry, or the end.
    async fn wait(&mut self, work: &mut Work) -> anyhow::Result<()> {
        let retry = work.retry;
        let stopping = self.stop.is_cancelled();
        tokio::select! {
            Some((flight, landing)) = work.flights.next(), if !work.flights.is_empty() => {
                self.land(work, &flight, landing?)?;
            }
            arrival = self.arrivals.recv(), if !self.arrivals.is_closed() => {
                arrival.into_iter().for_each(|arrival| work.hear(arrival));
            }
            () = sleep_until(retry), if retry.is_some() => work.retry = None,
            () = self.stop.cancelled(), if !stopping => self.arrivals.close(),
        }
        // What was submitted before the door closed still gets its answer.
        while let Ok(arrival) = self.arrivals.try_recv() {
            work.hear(arrival);
        }
        Ok(())
    }

    fn land(&self, work: &mut Work, flight: &Flight, landing: Landing) -> anyhow::Result<()> {
        let Flight { id, lane, tx, .. } = flight;
        match landing {
            // another of the same key was to go first: nothing of it was done
            Landing::Included(result) if result.out_of_turn().is_some() => {
                work.sequences.lost();
                table::requeue(&self.store, *id)?;
                observe::tx_requeued(*lane, tx, &result.log);
            }
            Landing::Included(result) => {
                table::decided(&self.store, *id, &result)?;
                observe::tx_included(*lane, tx, &result);
                work.sequences.landed();
                let answer = match result.code {
                    0 => Ok(result),
                    _ => Err(OutboxError::Failed { log: result.log }),
                };
                if let Err(error) = &answer {
                    observe::submission_failed(*lane, error);
                }
                work.reply(*id, answer);
            }
            Landing::Lost(why) => {
                work.sequences.lost();
                table::requeue(&self.store, *id)?;
                observe::tx_requeued(*lane, tx, &why);
            }
            Landing::Refused(log) => {
                work.sequences.lost();
                let error = OutboxError::Failed { log };
                table::failed(&self.store, *id, &error)?;
                observe::submission_failed(*lane, &error);
                work.reply(*id, Err(error));
            }
        }
        Ok(())
    }

    /// The chain does not answer: wait, longer each time, and after too long give the row back.
    fn put_off(&self, work: &mut Work, row: &Open, cause: String) -> anyhow::Result<()> {
        let age_ms = super::now_ms().saturating_sub(row.queued_ms);
        if u64::try_from(age_ms).unwrap_or(0) > self.policy.give_up_secs.saturating_mul(1_000) {
            return self.give_back(work, row, OutboxError::Unreachable { cause });
        }
        observe::outbox_waits(&cause, u64::try_from(work.wait.as_millis()).unwrap_or(u64::MAX));
        work.retry = Instant::now().checked_add(work.wait);
        work.wait = work.wait.saturating_mul(2).min(LONGEST_WAIT);
        Ok(())
    }

    fn give_back(&self, work: &mut Work, row: &Open, error: OutboxError) -> anyhow::Result<()> {
        table::failed(&self.store, row.id, &error)?;
        observe::submission_failed(row.lane, &error);
        work.reply(row.id, Err(error));
        Ok(())
    }

    fn tell_ready(&self, work: &Work) -> anyhow::Result<()> {
        if !*self.ready.borrow() && !table::open_up_to(&self.store, work.earlier)? {
            self.ready.send_replace(true);
        }
        Ok(())
    }

    fn is_done(&self, work: &Work) -> anyhow::Result<bool> {
        Ok(work.flights.is_empty() && table::next_queued(&self.store)?.is_none())
    }
}

impl Work {
    /// Notes who waits for a row, unless its result is there already.
    fn hear(&mut self, Arrival { id, answer }: Arrival) {
        match self.answers.unclaimed.remove(&id) {
            // Whoever dropped the receiver does not want to know.
            Some(result) => drop(answer.send(result)),
            None => drop(self.answers.waiting.insert(id, answer)),
        }
    }

    fn reply(&mut self, id: RowId, result: Result<TxResult, OutboxError>) {
        match self.answers.waiting.remove(&id) {
            Some(waiting) => drop(waiting.send(result)),
            None if id > self.earlier => drop(self.answers.unclaimed.insert(id, result)),
            None => {}
        }
    }
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}
