//! Making a transaction out of a row: which sequence, whether it would work, whether it is worth it.

use super::OutboxError;
use super::table::Open;
use crate::config::OutboxConfig;
use caplet_chain::{Chain, ChainError, Sequence, SignedTx, Signer, TxOptions, tx};

/// The key's next sequence. It is known while our own transactions follow each other without gaps;
/// otherwise the chain is asked, and only when nothing of ours is in flight, since only then does
/// its committed sequence say what comes next.
#[derive(Debug, Default)]
pub(super) struct Sequences {
    next: Option<u64>,
    in_flight: usize,
    /// A gap may have opened: nothing is signed before everything in flight has landed.
    broken: bool,
}

impl Sequences {
    /// A transaction with this sequence departs.
    pub(super) fn took(&mut self, sequence: u64) {
        self.in_flight = self.in_flight.saturating_add(1);
        self.next = self.next.max(sequence.checked_add(1));
    }

    /// A transaction in flight got into a block.
    pub(super) fn landed(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.settle();
    }

    /// A transaction in flight never used its sequence, or another one did.
    pub(super) fn lost(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.broken = true;
        self.settle();
    }

    fn settle(&mut self) {
        if self.broken && self.in_flight == 0 {
            (self.broken, self.next) = (false, None);
        }
    }

    /// The sequence to sign with; `None` while that cannot be said.
    async fn next(
        &mut self,
        chain: &dyn Chain,
        signer: &Signer,
    ) -> Result<Option<u64>, ChainError> {
        if self.broken {
            return Ok(None);
        }
        if self.next.is_none() {
            // The handle's own cache may stem from whoever used this key before.
            chain.resync(signer.address()).await;
            self.next = Some(chain.account(signer.address()).await?.sequence);
        }
        Ok(self.next)
    }
}

/// What became of the attempt.
#[derive(Debug)]
pub(super) enum Made {
    /// To be written and sent.
    Signed(SignedTx),
    /// Not before what is in flight has landed.
    NotYet,
    /// It has no future.
    Hopeless(OutboxError),
    /// Nothing is known; try again.
    NoAnswer(String),
}

/// Signs a row, unless it would fail or cost more than it is worth.
pub(super) async fn make(
    chain: &dyn Chain,
    signer: &Signer,
    policy: &OutboxConfig,
    row: &Open,
    sequences: &mut Sequences,
) -> Made {
    match attempt(chain, signer, policy, row, sequences).await {
        Ok(Some(tx)) => match check_worth(chain.metered(), chain.prefix(), row.worth, &tx) {
            Ok(()) => Made::Signed(tx),
            Err(error) => Made::Hopeless(error),
        },
        Ok(None) => Made::NotYet,
        Err(error) if is_transient(&error) => Made::NoAnswer(error.to_string()),
        Err(error) => Made::Hopeless(OutboxError::Failed { log: error.to_string() }),
    }
}

async fn attempt(
    chain: &dyn Chain,
    signer: &Signer,
    policy: &OutboxConfig,
    row: &Open,
    sequences: &mut Sequences,
) -> Result<Option<SignedTx>, ChainError> {
    let Some(sequence) = sequences.next(chain, signer).await? else { return Ok(None) };
    let options = TxOptions {
        sequence: Sequence::At(sequence),
        timeout_blocks: policy.timeout_blocks,
        ..TxOptions::default()
    };
    chain.prepare(signer, row.msgs.clone(), options).await.map(Some)
}

/// Compares the fee that the transaction offers with what it is worth.
pub(super) fn check_worth(
    metered: bool,
    prefix: &str,
    worth: Option<u128>,
    signed: &SignedTx,
) -> Result<(), OutboxError> {
    let Some(worth) = worth.filter(|_| metered) else { return Ok(()) };
    let read = tx::decode(&signed.bytes, prefix);
    let read = read.map_err(|e| OutboxError::Failed { log: e.to_string() })?;
    let cost = read.fee.iter().fold(0u128, |sum, coin| sum.saturating_add(coin.amount));
    if cost > worth { Err(OutboxError::Uneconomic { cost, worth }) } else { Ok(()) }
}

/// Whether asking again may help.
fn is_transient(error: &ChainError) -> bool {
    matches!(
        error,
        ChainError::Unreachable { .. }
            | ChainError::Unreadable { .. }
            | ChainError::Node { .. }
            | ChainError::Halted(_)
    )
}
