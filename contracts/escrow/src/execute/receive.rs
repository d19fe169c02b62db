//! Credits CW20 tokens by what really arrived.

use super::account;
use crate::{
    ContractError,
    error::MoneyError,
    state::{
        assets,
        books::{Books, Pot},
    },
};
use caplet_api::cw20::{Cw20BalanceResponse, Cw20QueryMsg, Cw20ReceiveMsg};
use caplet_api::escrow::{AssetKind, ReceiveMsg};
use caplet_api::event::Deposited;
use caplet_base::peer::Registry;
use cosmwasm_std::{
    Addr, Api, QuerierWrapper, Response, StdError, StdResult, Storage, Uint128, from_json,
};

/// What the bank or the token says the escrow has, base units.
pub(crate) fn held(
    querier: &QuerierWrapper<'_>,
    kind: &AssetKind,
    escrow: &Addr,
) -> StdResult<u128> {
    match kind {
        AssetKind::Native { denom } => {
            let amount = querier.query_balance(escrow, denom)?.amount;
            Ok(Uint128::try_from(amount).map_err(StdError::from)?.u128())
        }
        AssetKind::Cw20 { address } => {
            let question = Cw20QueryMsg::Balance { address: escrow.to_string() };
            let answer: Cw20BalanceResponse = querier.query_wasm_smart(address, &question)?;
            Ok(answer.balance.u128())
        }
    }
}

/// Credits the measured difference between what the token says the escrow has and what its ledger
/// counts; the message's own amount is never believed. So a token that keeps a part, or lies, can
/// harm only those who hold it, and tokens sent without a message are credited with the next deposit.
pub(super) fn receive(
    storage: &mut dyn Storage,
    api: &dyn Api,
    querier: &QuerierWrapper<'_>,
    registry: &Registry<'_>,
    escrow: &Addr,
    token: &Addr,
    msg: &Cw20ReceiveMsg,
) -> Result<Response, ContractError> {
    let asset = assets::by_token(storage, token)?
        .ok_or_else(|| MoneyError::UnknownToken { token: token.clone() })?;
    let ReceiveMsg::Deposit { account: to } = from_json(&msg.msg)?;
    let to = api.addr_validate(to.as_deref().unwrap_or(&msg.sender))?;
    let account = account(registry, &to)?;

    let mut books = Books::default();
    let book = books.of(storage, asset)?;
    let owed = book.ledger().owed()?;
    let held = held(querier, &AssetKind::Cw20 { address: token.to_string() }, escrow)?;
    let amount = held.saturating_sub(owed);
    if amount == 0 {
        let said = msg.amount.u128();
        return Err(MoneyError::NothingReceived { token: token.clone(), said, held, owed }.into());
    }
    book.shift(storage, Pot::Outside, Pot::Free(account), amount)?;
    books.flush(storage);
    let event = Deposited { account: account.0, asset: asset.0, amount };
    Ok(Response::new().add_event(event))
}
