//! From messages to a result: prepare, broadcast, wait for inclusion (`PARTS.md`, "Outbox").
//!
//! For tools, tests and set-up. A keeper's outbox drives the same steps itself, with a store
//! between preparing and broadcasting.

use std::time::Duration;

use tokio::time::Instant;

use crate::chain::Chain;
use crate::error::{BroadcastError, ChainError, ConfirmError};
use crate::msg::Msg;
use crate::signer::Signer;
use crate::tx::{Sequence, SignedTx, TxOptions, TxResult};

/// How long to wait for inclusion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// Time allowed from first broadcast to a result.
    pub within: Duration,
    /// The same bytes are broadcast again after this long without inclusion.
    pub resend_every: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { within: Duration::from_secs(60), resend_every: Duration::from_secs(5) }
    }
}

/// Blocks past the timeout height before a transaction counts as never included: a node indexes
/// transactions a moment after it announces the block.
const INDEX_LAG: u64 = 2;

/// Signs, sends and waits for the result. Resends the same bytes; signs anew only when the
/// transaction can no longer be included, and once after its sequence proved to have gone
/// to another transaction.
///
/// # Errors
/// [`ConfirmError`]: `Failed` carries the chain's result, `Undecided` means look it up later.
pub async fn execute_and_confirm(
    chain: &dyn Chain,
    signer: &Signer,
    msgs: Vec<Msg>,
    options: TxOptions,
    patience: Patience,
) -> Result<TxResult, ConfirmError> {
    let deadline = deadline(patience.within);
    let mut resynced = false;
    let mut options = options;
    loop {
        let tx = chain.prepare(signer, msgs.clone(), options.clone()).await?;
        let left = Patience { within: deadline.duration_since(Instant::now()), ..patience };
        match confirm(chain, &tx, left).await {
            Err(ConfirmError::Expired { .. }) if Instant::now() < deadline => {}
            Err(ConfirmError::Broadcast(BroadcastError::SequenceMismatch { .. })) if !resynced => {
                resynced = true;
            }
            other => {
                if other.is_err() {
                    chain.resync(signer.address()).await;
                }
                return other;
            }
        }
        chain.resync(signer.address()).await;
        options.sequence = Sequence::Next;
    }
}

/// Broadcasts a prepared transaction and waits until it is in a block. The same bytes are sent
/// again whenever that may help; they are never signed anew here.
///
/// # Errors
/// As [`execute_and_confirm`].
pub async fn confirm(
    chain: &dyn Chain,
    tx: &SignedTx,
    patience: Patience,
) -> Result<TxResult, ConfirmError> {
    let started = Instant::now();
    let deadline = deadline(patience.within);
    let mut blocks = chain.watch();
    loop {
        let doubt = send(chain, tx).await?;
        let next = Instant::now().checked_add(patience.resend_every);
        let resend = next.map_or(deadline, |next| next.min(deadline));
        while Instant::now() < resend {
            // Marked before the look-up, so that no block can fall between the two.
            let height = blocks.borrow_and_update().height;
            if let Some(result) = lookup(chain, tx).await? {
                return decided(tx, result);
            }
            give_up(tx, doubt.as_ref(), height)?;
            if tokio::time::timeout_at(resend, blocks.changed()).await.is_ok_and(|r| r.is_err()) {
                return Err(ChainError::Halted("it was closed".to_owned()).into());
            }
        }
        if Instant::now() >= deadline {
            let waited = u64::try_from(started.elapsed().as_millis());
            let waited_ms = waited.unwrap_or(u64::MAX);
            return Err(ConfirmError::Undecided { hash: tx.hash, waited_ms });
        }
    }
}

/// A sequence that is used up, seen at `height`, by a transaction that need not be ours.
struct Doubt {
    expected: u64,
    height: u64,
}

/// One broadcast. What time may mend is no error here.
async fn send(chain: &dyn Chain, tx: &SignedTx) -> Result<Option<Doubt>, ConfirmError> {
    match chain.broadcast(tx).await {
        Ok(())
        | Err(
            BroadcastError::AlreadyKnown
            | BroadcastError::MempoolFull(_)
            | BroadcastError::Unreachable(_)
            | BroadcastError::Expired { .. },
        ) => Ok(None),
        Err(BroadcastError::SequenceMismatch { expected, got }) if got < expected => {
            doubt(chain, tx, expected).await
        }
        // An earlier transaction is missing: it may yet come.
        Err(BroadcastError::SequenceMismatch { .. }) => Ok(None),
        Err(other) => Err(other.into()),
    }
}

/// While the committed sequence has not passed this one, whatever holds it is still pending, and
/// may be these very bytes.
async fn doubt(
    chain: &dyn Chain,
    tx: &SignedTx,
    expected: u64,
) -> Result<Option<Doubt>, ConfirmError> {
    let Some(account) = reachable(chain.account(&tx.signer).await)? else { return Ok(None) };
    let Some(head) = reachable(chain.head().await)? else { return Ok(None) };
    let used_up = account.sequence > tx.sequence;
    Ok(used_up.then_some(Doubt { expected, height: head.height }))
}

/// Whether it can no longer be included: past its timeout height, or its sequence went to another.
fn give_up(tx: &SignedTx, doubt: Option<&Doubt>, height: u64) -> Result<(), ConfirmError> {
    let past = |limit: u64| height >= limit.saturating_add(INDEX_LAG);
    if let Some(Doubt { expected, height }) = doubt
        && past(*height)
    {
        let (expected, got) = (*expected, tx.sequence);
        return Err(BroadcastError::SequenceMismatch { expected, got }.into());
    }
    if tx.timeout_height > 0 && past(tx.timeout_height) {
        let (hash, timeout_height) = (tx.hash, tx.timeout_height);
        return Err(ConfirmError::Expired { hash, timeout_height });
    }
    Ok(())
}

async fn lookup(chain: &dyn Chain, tx: &SignedTx) -> Result<Option<TxResult>, ConfirmError> {
    Ok(reachable(chain.lookup(&tx.hash).await)?.flatten())
}

fn decided(tx: &SignedTx, result: TxResult) -> Result<TxResult, ConfirmError> {
    match result.code {
        0 => Ok(result),
        _ => Err(ConfirmError::Failed { hash: tx.hash, result: Box::new(result) }),
    }
}

/// A chain that does not answer has said nothing: the wait goes on.
fn reachable<T>(answer: Result<T, ChainError>) -> Result<Option<T>, ChainError> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(ChainError::Unreachable { .. }) => Ok(None),
        Err(other) => Err(other),
    }
}

fn deadline(within: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(within).unwrap_or(now)
}
