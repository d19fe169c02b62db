//! Locks payers' money for orders.

use super::payers::{Beneficiary, MAX_ITEMS, by_owner, known_flags, payer};
use crate::{ContractError, error::MoneyError, state::books::Pot, work::Work};
use caplet_api::{layout::PLACED_BY_OWNER, packed::LockItem};
use caplet_base::peer::Registry;
use caplet_protocol::{AccountId, AssetId, DeviceId};
use cosmwasm_std::{Addr, Response, Storage};

/// Moves each item's amount from free to ordered and its relay fee to the relayer; all or nothing.
pub(super) fn lock(
    storage: &mut dyn Storage,
    registry: &mut Registry<'_>,
    asset: AssetId,
    relayer: &Addr,
    items: &[u8],
) -> Result<Response, ContractError> {
    let (mut work, mut relayer) = (Work::default(), Beneficiary::new(Some(relayer)));
    work.books.of(storage, asset)?;
    for (index, item) in LockItem::unpack(items, MAX_ITEMS)?.into_iter().enumerate() {
        known_flags(index, item.flags, PLACED_BY_OWNER)?;
        let device = DeviceId(item.device);
        let payer = payer(registry, device)?;
        pledge(storage, &mut work, asset, payer, &item)?;
        if item.relay_fee > 0 {
            let relayer = Pot::Free(relayer.account(registry, item.relay_fee)?);
            let book = work.books.of(storage, asset)?;
            book.shift(storage, Pot::Free(payer), relayer, item.relay_fee.into())?;
        }
    }
    work.flush(storage);
    Ok(Response::new())
}

/// Checks that payer and key can bear amount and relay fee, and moves the amount to ordered.
///
/// # Errors
/// Which of the two cannot, with what there is and what is asked.
pub(super) fn pledge(
    storage: &dyn Storage,
    work: &mut Work,
    asset: AssetId,
    payer: AccountId,
    item: &LockItem,
) -> Result<(), ContractError> {
    let device = DeviceId(item.device);
    let asked = u128::from(item.amount).saturating_add(item.relay_fee.into());
    let book = work.books.of(storage, asset)?;
    let has = book.balance(storage, payer).free;
    if asked > has {
        return Err(MoneyError::CannotPay { device, payer, asset, has, asked }.into());
    }
    book.shift(storage, Pot::Free(payer), Pot::Ordered(payer), item.amount.into())?;
    if by_owner(item.flags) {
        return Ok(());
    }
    // two u64 that a balance covers may still exceed one; no allowance does
    let asked = u64::try_from(asked).unwrap_or(u64::MAX);
    work.allowances.commit(storage, device, asset, asked)
}
