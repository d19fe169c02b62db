//! Events of one contract among all of a transaction or block.

use cosmwasm_std::Event;

/// Attribute by which the chain says which contract an event is from; no contract can set it.
const CONTRACT: &str = "_contract_address";

/// The events of kind `T` that `contract` emitted; what does not decode is another kind.
pub(crate) fn of<'a, T>(events: &'a [Event], contract: &'a str) -> impl Iterator<Item = T> + 'a
where
    T: for<'b> TryFrom<&'b Event> + 'a,
{
    events
        .iter()
        .filter(move |event| {
            event.attributes.iter().any(|a| a.key == CONTRACT && a.value == contract)
        })
        .filter_map(|event| T::try_from(event).ok())
}
