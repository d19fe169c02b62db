//! Many items in one transaction, when one bad item fails all of them: halve until it is alone.

use crate::outbox::{Lane, Outbox, OutboxError};
use caplet_chain::{ChainError, Msg, TxResult};

/// What became of the items.
pub(crate) struct Sent<T> {
    /// Included, in the groups and the order in which they were sent.
    pub(crate) done: Vec<(Vec<T>, TxResult)>,
    /// Refused by the chain when sent alone, with its words.
    pub(crate) refused: Vec<(T, String)>,
    /// Why the rest was not decided; it is to be sent again.
    pub(crate) later: Option<OutboxError>,
}

/// Sends `items` in one transaction of one message; at worst twice as many transactions as items.
///
/// # Errors
/// If a message cannot be made.
pub(crate) async fn send<T>(
    outbox: &Outbox,
    lane: Lane,
    items: Vec<T>,
    message: impl Fn(&[T]) -> Result<Msg, ChainError>,
) -> Result<Sent<T>, ChainError> {
    let mut sent = Sent { done: Vec::new(), refused: Vec::new(), later: None };
    let mut waiting = vec![items];
    while let Some(mut group) = waiting.pop() {
        if group.is_empty() {
            continue;
        }
        match outbox.submit(lane, vec![message(&group)?]).await {
            Ok(result) => sent.done.push((group, result)),
            Err(OutboxError::Failed { log }) => {
                let half = group.len().div_ceil(2);
                let rest = group.split_off(half);
                if rest.is_empty() {
                    sent.refused.extend(group.pop().map(|item| (item, log)));
                } else {
                    // the first half goes first: orders of a device must keep their order
                    waiting.push(rest);
                    waiting.push(group);
                }
            }
            Err(error) => {
                sent.later = Some(error);
                return Ok(sent);
            }
        }
    }
    Ok(sent)
}
