//! Balances, one or many.

use crate::{
    ContractError,
    state::{books::Books, config},
};
use caplet_api::escrow::{BalanceResponse, BalancesResponse};
use caplet_api::layout::{BALANCES, BalanceRecord, asset_sub};
use caplet_base::{cursor, peer::Registry};
use caplet_protocol::{AccountId, AssetId};
use cosmwasm_std::{Addr, Order, QuerierWrapper, Storage};

/// The balance of an address; nothing for one that never had an account.
pub(super) fn one(
    storage: &dyn Storage,
    querier: &QuerierWrapper<'_>,
    address: &Addr,
    asset: AssetId,
) -> Result<BalanceResponse, ContractError> {
    let mut books = Books::default();
    let book = books.of(storage, asset)?;
    let registry = Registry::new(*querier, &config::load(storage)?.registry);
    let account = registry.account(address)?;
    let record = account.map(|account| book.balance(storage, account)).unwrap_or_default();
    Ok(BalanceResponse { account, free: record.free.into(), ordered: record.ordered.into() })
}

/// Balances of an asset that are not nothing, by account number.
pub(super) fn list(
    storage: &dyn Storage,
    asset: AssetId,
    start_after: Option<AccountId>,
    limit: Option<u32>,
) -> Result<BalancesResponse, ContractError> {
    Books::default().of(storage, asset)?;
    let limit = cursor::limit(limit);
    // account 0 is never given
    let first = start_after.map_or(Some(1), |account| account.0.checked_add(1));
    let Some(first) = first else { return Ok(BalancesResponse { balances: Vec::new() }) };
    let sub = asset_sub(asset);
    let from = BALANCES.key(&sub, BALANCES.locate(first).0);
    let mut to = BALANCES.key(&sub, u32::MAX);
    to.push(0);
    let mut balances = Vec::new();
    for (key, page) in storage.range(Some(&from), Some(&to), Order::Ascending) {
        let Some(number) = key.last_chunk::<4>() else { continue };
        let base = u32::from_be_bytes(*number).saturating_mul(BALANCES.per_page);
        let page = BALANCES.records(page);
        for place in 0..BALANCES.per_page {
            if balances.len() >= limit {
                return Ok(BalancesResponse { balances });
            }
            let account = base.saturating_add(place);
            let record = BalanceRecord::decode(BALANCES.slice(&page, place));
            if account >= first && record != BalanceRecord::default() {
                balances.push(BalanceResponse {
                    account: Some(AccountId(account)),
                    free: record.free.into(),
                    ordered: record.ordered.into(),
                });
            }
        }
    }
    Ok(BalancesResponse { balances })
}
