//! Sends the protocol's fees to the treasury, or burns them.

use super::withdraw::send;
use crate::{
    ContractError,
    error::MoneyError,
    state::{
        assets,
        books::{Books, Pot},
    },
};
use caplet_api::{cw20::Cw20ExecuteMsg, escrow::AssetKind, event::FeesSwept};
use caplet_protocol::AssetId;
use cosmwasm_std::{Addr, BankMsg, CosmosMsg, Response, Storage, coin, wasm_execute};

/// Takes all collected fees of an asset out of the escrow.
pub(super) fn sweep_fees(
    storage: &mut dyn Storage,
    treasury: Option<&Addr>,
    asset: AssetId,
) -> Result<Response, ContractError> {
    let mut books = Books::default();
    let book = books.of(storage, asset)?;
    let amount = book.ledger().fees;
    if amount == 0 {
        return Err(MoneyError::NoFees { asset }.into());
    }
    book.shift(storage, Pot::Fees, Pot::Treasury, amount)?;
    books.flush(storage);
    let msg = match treasury {
        Some(treasury) => send(storage, asset, amount, treasury)?,
        None => burn(storage, asset, amount)?,
    };
    let event = FeesSwept { asset: asset.0, amount, burned: treasury.is_none() };
    Ok(Response::new().add_event(event).add_message(msg))
}

fn burn(storage: &dyn Storage, asset: AssetId, amount: u128) -> Result<CosmosMsg, ContractError> {
    Ok(match assets::load(storage, asset)?.kind {
        AssetKind::Native { denom } => BankMsg::Burn { amount: vec![coin(amount, denom)] }.into(),
        AssetKind::Cw20 { address } => {
            let msg = Cw20ExecuteMsg::Burn { amount: amount.into() };
            wasm_execute(address, &msg, Vec::new())?.into()
        }
    })
}
