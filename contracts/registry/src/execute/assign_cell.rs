//! Puts a gateway into a network region.

use super::open_account::open_account;
use crate::{
    ContractError,
    state::{accounts, gateways},
};
use caplet_api::event::CellAssigned;
use caplet_protocol::CellId;
use cosmwasm_std::{Addr, Event, StdError, Storage};

/// Notes the gateway's cell, before or after it registers.
///
/// Devices carry the cell they got when they were registered or last moved, since that is what peers
/// read, and a gateway may have more devices than one message can rewrite: those that are already
/// there follow when their owner sends `move_gateway` to the same gateway.
pub(super) fn assign_cell(
    storage: &mut dyn Storage,
    gateway: &Addr,
    cell: CellId,
) -> Result<Vec<Event>, ContractError> {
    let mut events = open_account(storage, gateway)?;
    let account = accounts::find(storage, gateway.as_str())?
        .ok_or_else(|| StdError::msg("an account just opened is not there"))?;
    gateways::set_cell(storage, account, cell)?;
    let event = CellAssigned { account: account.0, address: gateway.to_string(), cell: cell.0 };
    events.push(event.into());
    Ok(events)
}
