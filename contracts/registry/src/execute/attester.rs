//! Who attests, and what it takes.

use crate::{ContractError, state::attestations};
use caplet_api::event::AttesterSet;
use caplet_api::registry::AttestationRules;
use cosmwasm_std::{Addr, Event, Storage};

/// Appoints or dismisses an attester. Devices that it attested are counted anew when somebody asks for it (`Recount`):
/// there may be more of them than one message can rewrite.
pub(super) fn set(
    storage: &mut dyn Storage,
    attester: &Addr,
    weight: u8,
) -> Result<Vec<Event>, ContractError> {
    attestations::set_attester(storage, attester, weight)?;
    Ok(vec![AttesterSet { attester: attester.to_string(), weight }.into()])
}

/// Sets the rules; devices are counted by them from their next attestation or recount on.
pub(super) fn rules(
    storage: &mut dyn Storage,
    rules: &AttestationRules,
) -> Result<Vec<Event>, ContractError> {
    let AttestationRules { threshold, most_secs } = *rules;
    if threshold == 0 || most_secs < 60 {
        return Err(ContractError::AttestationRules { threshold, most_secs });
    }
    attestations::set_rules(storage, rules)?;
    Ok(Vec::new())
}
