//! Where the money of a new or larger lease comes from.

use super::{lock, payers::by_owner, unlock};
use crate::{ContractError, state::books::Pot, work::Work};
use caplet_api::{
    layout::PLACED_BY_OWNER,
    packed::{INSTANT, LockItem},
};
use caplet_protocol::{AccountId, AssetId, DeviceId};
use cosmwasm_std::Storage;

/// What an item asks for and what it unlocks for it.
#[derive(Clone, Copy)]
pub(super) struct Ask {
    /// Which item, from 0.
    pub(super) index: usize,
    pub(super) asset: AssetId,
    pub(super) payer: AccountId,
    pub(super) consumer: DeviceId,
    /// Base units a lot.
    pub(super) price: u64,
    pub(super) lots: u16,
    /// Close bond.
    pub(super) bond: u64,
    /// To whoever cleared.
    pub(super) fee: u64,
    /// Base units taken from ordered, or from free in the instant lane.
    pub(super) unlock: u64,
    pub(super) flags: u8,
}

impl Ask {
    /// Moves reserve and bond out of what the item unlocks and the surplus back; returns the reserve.
    /// The item's fee stays ordered, for the caller to pay.
    pub(super) fn fund(
        &self,
        storage: &dyn Storage,
        work: &mut Work,
    ) -> Result<u64, ContractError> {
        let Self { index, asset, payer, consumer, unlock, flags, .. } = *self;
        if self.lots == 0 {
            return Err(ContractError::NoLots { index });
        }
        // 64 bits by 16, and two more of 64: far from the end of 128
        let reserve = u128::from(self.price).saturating_mul(self.lots.into());
        let needs = reserve.saturating_add(self.bond.into()).saturating_add(self.fee.into());
        // `unlock` is 64 bits, so a reserve it covers is too
        let (Some(surplus), Ok(reserve)) = (
            u64::try_from(needs).ok().and_then(|needs| unlock.checked_sub(needs)),
            u64::try_from(reserve),
        ) else {
            return Err(ContractError::Underfunded { index, needs, unlock });
        };
        if flags & INSTANT != 0 {
            let (device, flags) = (consumer.0, flags & PLACED_BY_OWNER);
            let pledge = LockItem { device, amount: unlock, relay_fee: 0, flags };
            lock::pledge(storage, work, asset, payer, &pledge)?;
        } else {
            unlock::ordered(storage, work, asset, consumer, payer, unlock.into())?;
        }
        let book = work.books.of(storage, asset)?;
        book.shift(storage, Pot::Ordered(payer), Pot::Reserved, reserve.into())?;
        book.shift(storage, Pot::Ordered(payer), Pot::Bonds, self.bond.into())?;
        book.shift(storage, Pot::Ordered(payer), Pot::Free(payer), surplus.into())?;
        if !by_owner(flags) {
            work.allowances.release(storage, consumer, asset, surplus)?;
        }
        Ok(reserve)
    }
}
