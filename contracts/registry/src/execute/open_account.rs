//! Numbers an address.

use crate::{ContractError, state::accounts};
use caplet_api::event::AccountOpened;
use cosmwasm_std::{Addr, Event, Storage};

/// Numbers `address`; a second time changes nothing. A pause does not stop it: whoever is owed a fee
/// or a refund needs a number.
pub(super) fn open_account(
    storage: &mut dyn Storage,
    address: &Addr,
) -> Result<Vec<Event>, ContractError> {
    let (account, opened) = accounts::open(storage, address)?;
    if !opened {
        return Ok(Vec::new());
    }
    Ok(vec![AccountOpened { account: account.0, address: address.to_string() }.into()])
}
