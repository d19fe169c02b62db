//! Events and results as both kinds of chain give them.

use cosmwasm_std::{Attribute, Event};

use super::reply::{AttributeReply, EventReply, ExecTx};
use crate::event::is_contract_event;
use crate::tx::TxResult;

/// Attribute that the SDK adds to every event; contracts know nothing of it.
const MSG_INDEX: &str = "msg_index";

/// A transaction's result. A failed one keeps no events: those that the node still lists are of its
/// fee only.
pub(super) fn result(height: u64, exec: ExecTx) -> TxResult {
    let events = if exec.code == 0 { exec.events.into_iter().map(event).collect() } else { vec![] };
    TxResult {
        height,
        code: exec.code,
        gas_used: exec.gas_used,
        gas_wanted: exec.gas_wanted,
        metered: true,
        events,
        log: if exec.code == 0 { String::new() } else { exec.log },
    }
}

/// Contract events of the successful transactions of a block, in order.
pub(super) fn contract_events(txs: Vec<ExecTx>) -> Vec<Event> {
    let successful = txs.into_iter().filter(|tx| tx.code == 0);
    successful.flat_map(|tx| tx.events).map(event).filter(is_contract_event).collect()
}

fn event(reply: EventReply) -> Event {
    let kept = reply.attributes.into_iter().filter(|a| a.key != MSG_INDEX);
    let mut event = Event::new(reply.kind);
    // not by Attribute::new, which in debug builds panics at keys that begin with an underscore: the chain's own do
    let attribute =
        |a: AttributeReply| Attribute { key: a.key, value: a.value.unwrap_or_default() };
    event.attributes.extend(kept.map(attribute));
    event
}
