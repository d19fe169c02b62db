//! One signed transaction on its way into a block.

use super::Lane;
use super::table;
use crate::observe;
use crate::store::Store;
use caplet_chain::{
    BroadcastError, Chain, ChainError, ConfirmError, Patience, SignedTx, TxResult, confirm,
};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// How a flight ended.
#[derive(Debug)]
pub(super) enum Landing {
    /// In a block; its code tells whether it worked.
    Included(TxResult),
    /// It can never be included; its messages may be signed anew.
    Lost(String),
    /// The chain will not take these bytes.
    Refused(String),
}

/// What a flight needs.
#[derive(Clone)]
pub(super) struct Flight {
    pub(super) id: table::RowId,
    pub(super) lane: Lane,
    pub(super) tx: SignedTx,
    pub(super) resend_every: Duration,
    /// Held while the bytes go to the node for the first time: two that reach it at once may enter its mempool, and a
    /// block, in the wrong order, and the later sequence fails there.
    pub(super) turn: Arc<Mutex<()>>,
}

/// Broadcasts the bytes, and stays with them until they are in a block or can never be.
///
/// # Errors
/// Only if the store fails.
pub(super) async fn fly(
    chain: &dyn Chain,
    store: &Store,
    flight: &Flight,
) -> anyhow::Result<Landing> {
    let departed = {
        let _turn = flight.turn.lock().await;
        depart(chain, &flight.tx).await
    };
    if departed {
        table::broadcast(store, flight.id)?;
        observe::tx_broadcast(flight.lane, &flight.tx);
        if let Some(result) = await_block(chain, flight).await {
            return Ok(Landing::Included(result));
        }
    }
    // From here on it is about what went wrong: resending, used-up sequences, time-outs.
    Ok(insist(chain, flight).await)
}

/// The first broadcast; whether the mempool took it.
async fn depart(chain: &dyn Chain, tx: &SignedTx) -> bool {
    matches!(chain.broadcast(tx).await, Ok(()) | Err(BroadcastError::AlreadyKnown))
}

/// Looks after each block, for as long as nothing speaks against the mempool having it.
async fn await_block(chain: &dyn Chain, flight: &Flight) -> Option<TxResult> {
    let mut blocks = chain.watch();
    let deadline = Instant::now().checked_add(flight.resend_every)?;
    loop {
        blocks.borrow_and_update();
        if let Ok(Some(result)) = chain.lookup(&flight.tx.hash).await {
            return Some(result);
        }
        if !matches!(tokio::time::timeout_at(deadline, blocks.changed()).await, Ok(Ok(()))) {
            return None;
        }
    }
}

/// Sends the same bytes again until the chain has decided.
async fn insist(chain: &dyn Chain, flight: &Flight) -> Landing {
    let patience = Patience {
        within: flight.resend_every.saturating_mul(100),
        resend_every: flight.resend_every,
    };
    loop {
        match confirm(chain, &flight.tx, patience).await {
            Ok(result) => return Landing::Included(result),
            Err(ConfirmError::Failed { result, .. }) => return Landing::Included(*result),
            Err(error @ ConfirmError::Expired { .. }) => return Landing::Lost(error.to_string()),
            Err(ConfirmError::Broadcast(error)) => match error {
                BroadcastError::SequenceMismatch { .. } => {
                    return Landing::Lost(error.to_string());
                }
                _ => return Landing::Refused(error.to_string()),
            },
            Err(ConfirmError::Undecided { .. }) => {}
            Err(ConfirmError::Chain(error)) => pause(&error, flight.resend_every).await,
        }
    }
}

async fn pause(error: &ChainError, wait: Duration) {
    observe::outbox_waits(&error.to_string(), u64::try_from(wait.as_millis()).unwrap_or(u64::MAX));
    tokio::time::sleep(wait).await;
}
