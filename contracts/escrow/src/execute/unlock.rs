//! Gives back what was locked for orders that ended.

use super::payers::{Beneficiary, MAX_ITEMS, by_owner, known_flags, payer};
use crate::{ContractError, state::books::Pot, work::Work};
use caplet_api::{layout::PLACED_BY_OWNER, packed::UnlockItem};
use caplet_base::peer::Registry;
use caplet_protocol::{AccountId, AssetId, DeviceId};
use cosmwasm_std::{Addr, Response, Storage};

/// Moves each item's amount from ordered back to free, and what it forfeits to the beneficiary: the
/// protocol's fees if the message names none.
pub(super) fn unlock(
    storage: &mut dyn Storage,
    registry: &mut Registry<'_>,
    asset: AssetId,
    beneficiary: Option<&Addr>,
    items: &[u8],
) -> Result<Response, ContractError> {
    let named = beneficiary.is_some();
    let (mut work, mut beneficiary) = (Work::default(), Beneficiary::new(beneficiary));
    work.books.of(storage, asset)?;
    for (index, item) in UnlockItem::unpack(items, MAX_ITEMS)?.into_iter().enumerate() {
        known_flags(index, item.flags, PLACED_BY_OWNER)?;
        let device = DeviceId(item.device);
        let payer = payer(registry, device)?;
        let asked = u128::from(item.amount).saturating_add(item.forfeit.into());
        ordered(storage, &mut work, asset, device, payer, asked)?;
        let book = work.books.of(storage, asset)?;
        book.shift(storage, Pot::Ordered(payer), Pot::Free(payer), item.amount.into())?;
        if item.forfeit > 0 {
            let to = match named {
                true => Pot::Free(beneficiary.account(registry, item.forfeit)?),
                false => Pot::Fees,
            };
            book.shift(storage, Pot::Ordered(payer), to, item.forfeit.into())?;
        }
        if !by_owner(item.flags) {
            work.allowances.release(storage, device, asset, item.amount)?;
        }
    }
    work.flush(storage);
    Ok(Response::new())
}

/// Passes if the payer has as much ordered.
///
/// # Errors
/// What there is and what is asked.
pub(super) fn ordered(
    storage: &dyn Storage,
    work: &mut Work,
    asset: AssetId,
    device: DeviceId,
    payer: AccountId,
    asked: u128,
) -> Result<(), ContractError> {
    let has = work.books.of(storage, asset)?.balance(storage, payer).ordered;
    if asked > has {
        return Err(ContractError::NotOrdered { device, payer, asset, has, asked });
    }
    Ok(())
}
