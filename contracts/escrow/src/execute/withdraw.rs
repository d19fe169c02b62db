//! Pays out free balance.

use crate::{
    ContractError,
    error::MoneyError,
    state::{
        assets,
        books::{Books, Pot},
    },
};
use caplet_api::{cw20::Cw20ExecuteMsg, escrow::AssetKind, event::Withdrawn};
use caplet_protocol::{AccountId, AssetId};
use cosmwasm_std::{Addr, BankMsg, CosmosMsg, Response, Storage, coin, wasm_execute};

/// Pays `amount`, or everything free, to `to`.
pub(super) fn withdraw(
    storage: &mut dyn Storage,
    account: AccountId,
    asset: AssetId,
    amount: Option<u128>,
    to: &Addr,
) -> Result<Response, ContractError> {
    let mut books = Books::default();
    let book = books.of(storage, asset)?;
    let free = book.balance(storage, account).free;
    let amount = amount.unwrap_or(free);
    if amount == 0 {
        return Err(MoneyError::NothingToWithdraw { account, asset, free }.into());
    }
    if amount > free {
        return Err(MoneyError::NotFree { account, asset, free, asked: amount }.into());
    }
    book.shift(storage, Pot::Free(account), Pot::Outside, amount)?;
    books.flush(storage);
    let event = Withdrawn { account: account.0, asset: asset.0, amount };
    Ok(Response::new().add_event(event).add_message(send(storage, asset, amount, to)?))
}

/// The message that moves `amount` of an asset from the escrow to `to`.
pub(super) fn send(
    storage: &dyn Storage,
    asset: AssetId,
    amount: u128,
    to: &Addr,
) -> Result<CosmosMsg, ContractError> {
    Ok(match assets::load(storage, asset)?.kind {
        AssetKind::Native { denom } => {
            BankMsg::Send { to_address: to.to_string(), amount: vec![coin(amount, denom)] }.into()
        }
        AssetKind::Cw20 { address } => {
            let msg = Cw20ExecuteMsg::Transfer { recipient: to.to_string(), amount: amount.into() };
            wasm_execute(address, &msg, Vec::new())?.into()
        }
    })
}
