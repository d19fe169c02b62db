//! Queue, signer, broadcaster, confirmer: no transaction is lost or sent twice.
//!
//! A submission is on disk before [`Outbox::submit`] returns, its signed bytes are on disk before they
//! leave, and the same bytes are sent until they are in a block or past their timeout height; only
//! then are the messages signed anew. After a crash the desk finishes what it finds, and rooms wait
//! for [`Outbox::ready`] before they look at the chain and submit.

mod desk;
mod error;
mod flight;
mod lane;
mod lock;
mod sign;
mod table;
#[cfg(test)]
mod tests;

pub use error::OutboxError;
pub use lane::Lane;
pub use lock::KeyLock;
pub use table::{Backlog, TABLES};

use crate::config::OutboxConfig;
use crate::store::Store;
use crate::tasks::Group;
use caplet_chain::{Chain, Msg, Signer, TxResult};
use desk::Desk;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

/// A submission that was written and waits for an answer.
#[derive(Debug)]
struct Arrival {
    id: table::RowId,
    answer: oneshot::Sender<Result<TxResult, OutboxError>>,
}

/// Handle on the outbox of one key; clones share it.
#[derive(Clone)]
pub struct Outbox {
    store: Store,
    arrivals: mpsc::UnboundedSender<Arrival>,
    stop: CancellationToken,
    ready: watch::Receiver<bool>,
}

impl Outbox {
    /// Starts the desk of a key in `tasks`. There must be one desk a key: [`KeyLock`] sees to it
    /// between processes. When the group is told to stop the desk takes no more, finishes what it
    /// has, and ends.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn start(
        tasks: &Group,
        chain: Arc<dyn Chain>,
        signer: Signer,
        store: Store,
        policy: OutboxConfig,
    ) -> anyhow::Result<Self> {
        let (sender, arrivals) = mpsc::unbounded_channel();
        let (ready, is_ready) = watch::channel(false);
        let stop = tasks.stop_token();
        let outbox =
            Self { store: store.clone(), arrivals: sender, stop: stop.clone(), ready: is_ready };
        // Read before anybody can submit: what is there now is of an earlier run.
        let earlier = table::last(&store)?;
        let desk = Desk { chain, signer, store, policy, arrivals, stop, earlier, ready };
        tasks.spawn("outbox", desk.run());
        Ok(outbox)
    }

    /// Sends messages in one transaction and resolves when it is in a block. The submission is on
    /// disk when this returns; whoever drops the future loses the answer, never the transaction.
    ///
    /// # Errors
    /// [`OutboxError`].
    pub fn submit(
        &self,
        lane: Lane,
        msgs: Vec<Msg>,
    ) -> impl Future<Output = Result<TxResult, OutboxError>> + Send + use<> {
        self.submit_worth(lane, msgs, None)
    }

    /// As [`Outbox::submit`], but refuses if the chain is metered and the fee exceeds `worth`, in
    /// the smallest unit of the fee's denomination.
    ///
    /// # Errors
    /// [`OutboxError`], [`OutboxError::Uneconomic`] among them.
    pub fn submit_worth(
        &self,
        lane: Lane,
        msgs: Vec<Msg>,
        worth: Option<u128>,
    ) -> impl Future<Output = Result<TxResult, OutboxError>> + Send + use<> {
        let written = self.write(lane, &msgs, worth);
        async move { written?.await.map_err(|_| OutboxError::Stopped)? }
    }

    fn write(
        &self,
        lane: Lane,
        msgs: &[Msg],
        worth: Option<u128>,
    ) -> Result<oneshot::Receiver<Result<TxResult, OutboxError>>, OutboxError> {
        if self.stop.is_cancelled() {
            return Err(OutboxError::Stopped);
        }
        let id = table::insert(&self.store, lane, msgs, worth, now_ms());
        let id = id.map_err(|e| OutboxError::Store { cause: format!("{e:#}") })?;
        let (answer, result) = oneshot::channel();
        // A desk that is gone leaves the row for the next start.
        self.arrivals.send(Arrival { id, answer }).map_err(|_| OutboxError::Stopped)?;
        Ok(result)
    }

    /// Resolves once everything that an earlier run left is in a block or given up. Whoever decides
    /// by chain state what to submit waits for this first, or it might submit the same again.
    pub async fn ready(&self) {
        let mut ready = self.ready.clone();
        // A desk that ended will never be ready; the group is stopping then, and so is the caller.
        if ready.wait_for(|ready| *ready).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// How much waits.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn backlog(&self) -> anyhow::Result<Backlog> {
        table::backlog(&self.store)
    }
}

/// The machine's clock, Unix milliseconds; decides only when to give a submission back.
fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
