//! Publishes where a gateway is dialled.

use super::{check, open_account::open_account};
use crate::{
    ContractError,
    state::{accounts, gateways},
};
use caplet_api::{event::EndpointPublished, registry::EndpointInput};
use caplet_base::{admin, domain};
use caplet_protocol::{
    content,
    layout::{EndpointRecord, PublicKey},
};
use cosmwasm_std::{Addr, Api, Event, StdError, Storage};

/// Longest address list in bytes; it is not stored, but every keeper reads it in the event.
const MAX_ADDRESSES: usize = 1024;

/// Records the digest of the sender's address list; the event carries the list itself.
///
/// The record names the sender's account number, so a gateway opens its account before it signs.
/// A pause keeps new gateways out; known ones may still say that they moved.
pub(super) fn register_gateway(
    storage: &mut dyn Storage,
    api: &dyn Api,
    now: u64,
    sender: &Addr,
    input: &EndpointInput,
) -> Result<Vec<Event>, ContractError> {
    let key = check::ed25519("endpoint key", &input.key)?;
    if input.addresses.is_empty() || input.addresses.len() > MAX_ADDRESSES {
        let found = input.addresses.len();
        return Err(ContractError::Length { what: "address list", found, wanted: "1 to 1024" });
    }
    check::in_force("the endpoint record", input.not_after.u64(), now)?;

    let mut events = open_account(storage, sender)?;
    let account = accounts::find(storage, sender.as_str())?
        .ok_or_else(|| StdError::msg("an account just opened is not there"))?;
    let known = gateways::find(storage, account)?;
    if known.is_none() {
        admin::assert_running(storage)?;
    }
    check::follows("endpoint sequence", input.sequence.u64(), known.map(|k| k.sequence.u64()))?;

    let addresses = content::digest(&input.addresses);
    let record = EndpointRecord {
        account,
        key,
        addresses,
        sequence: input.sequence.u64(),
        not_after: input.not_after.u64(),
    };
    let preimage = record.preimage(&domain::load(storage)?);
    check::signed(api, "endpoint signature", &preimage, &input.signature, PublicKey::ed25519(key))?;

    let gateway = gateways::Gateway {
        key: key.into(),
        addresses: addresses.into(),
        sequence: input.sequence,
        not_after: input.not_after,
    };
    gateways::save(storage, account, &gateway)?;
    events.push(
        EndpointPublished {
            account: account.0,
            address: sender.to_string(),
            key: key.to_vec(),
            addresses: input.addresses.to_vec(),
            sequence: input.sequence.u64(),
            not_after: input.not_after.u64(),
            signature: input.signature.to_vec(),
        }
        .into(),
    );
    Ok(events)
}
