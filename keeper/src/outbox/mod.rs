//! Queue, signer, broadcaster, confirmer: no transaction is lost or sent twice.

mod error;
mod lane;

pub use error::OutboxError;
pub use lane::Lane;

use caplet_chain::{Msg, TxResult};
use tokio::sync::{mpsc, oneshot};

/// A submission on its way to the desk.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) lane: Lane,
    pub(crate) msgs: Vec<Msg>,
    pub(crate) worth: Option<u128>,
    pub(crate) answer: oneshot::Sender<Result<TxResult, OutboxError>>,
}

/// Handle on the outbox of one key; clones share it.
#[derive(Clone, Debug)]
pub struct Outbox {
    jobs: mpsc::UnboundedSender<Job>,
}

impl Outbox {
    /// Sends messages in one transaction and resolves when it is in a block. The submission is on
    /// disk before the first poll returns; whoever drops the future loses the answer, never the
    /// transaction.
    ///
    /// # Errors
    /// [`OutboxError`].
    pub fn submit(
        &self,
        lane: Lane,
        msgs: Vec<Msg>,
    ) -> impl Future<Output = Result<TxResult, OutboxError>> + Send + 'static {
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
    ) -> impl Future<Output = Result<TxResult, OutboxError>> + Send + 'static {
        let (answer, result) = oneshot::channel();
        let sent = self.jobs.send(Job { lane, msgs, worth, answer });
        async move {
            sent.map_err(|_| OutboxError::Stopped)?;
            result.await.map_err(|_| OutboxError::Stopped)?
        }
    }
}
