//! Reading events of transactions.

use crate::Event;

/// First value of an attribute in the first event of that kind which has it.
pub fn attribute<'a>(events: &'a [Event], kind: &str, key: &str) -> Option<&'a str> {
    events
        .iter()
        .filter(|e| e.ty == kind)
        .flat_map(|e| &e.attributes)
        .find(|a| a.key == key)
        .map(|a| a.value.as_str())
}

/// Code id that a [`crate::Msg::Store`] was given.
pub fn code_id(events: &[Event]) -> Option<u64> {
    attribute(events, "store_code", "code_id")?.parse().ok()
}

/// Address of the first contract that was instantiated.
pub fn instantiated(events: &[Event]) -> Option<&str> {
    attribute(events, "instantiate", CONTRACT)
}

/// Attribute that names the contract an event came from; the chain sets it, contracts cannot.
pub(crate) const CONTRACT: &str = "_contract_address";

/// Whether an event was emitted by a contract.
pub(crate) fn is_contract_event(event: &Event) -> bool {
    event.ty == "wasm" || event.ty.starts_with("wasm-")
}
