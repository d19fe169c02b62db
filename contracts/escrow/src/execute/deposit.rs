//! Credits native coins.

use crate::{
    ContractError,
    error::MoneyError,
    state::{
        assets,
        books::{Books, Pot},
    },
};
use caplet_api::event::Deposited;
use caplet_protocol::AccountId;
use cosmwasm_std::{Coin, Response, Storage, Uint128};

/// Credits every attached coin to the account; all of them must be accepted.
pub(super) fn deposit(
    storage: &mut dyn Storage,
    account: AccountId,
    coins: &[Coin],
) -> Result<Response, ContractError> {
    let (mut books, mut response) = (Books::default(), Response::new());
    for coin in coins.iter().filter(|coin| !coin.amount.is_zero()) {
        let asset = assets::by_denom(storage, &coin.denom)?
            .ok_or_else(|| MoneyError::UnknownDenom { denom: coin.denom.clone() })?;
        let amount = Uint128::try_from(coin.amount)
            .map_err(|_| MoneyError::HugeAmount { coin: coin.to_string() })?
            .u128();
        books.of(storage, asset)?.shift(storage, Pot::Outside, Pot::Free(account), amount)?;
        let event = Deposited { account: account.0, asset: asset.0, amount };
        response = response.add_event(event);
    }
    if response.events.is_empty() {
        return Err(MoneyError::NoCoins.into());
    }
    books.flush(storage);
    Ok(response)
}
