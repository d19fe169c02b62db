//! Paying one voucher whose signature is known.

use super::{Outcome, verify::Trust};
use crate::{
    ContractError,
    clock::Clock,
    lease::{
        end::{self, BondTo},
        revoke::revoke,
    },
    state::{books::Pot, evidence, leases::Slot},
    work::Work,
};
use caplet_api::escrow::{CloseReason, ItemResult};
use caplet_api::event::LeasesClosing;
use caplet_api::layout::LaneRecord;
use caplet_api::packed::VoucherItem;
use caplet_protocol::{AccountId, AssetId, Domain, LeaseId};
use cosmwasm_std::{Event, Storage};

/// Pays items one after another.
pub(super) struct Till {
    pub(super) work: Work,
    /// Who gets the keeper fee; the protocol if the sender has no account.
    pub(super) keeper: Option<AccountId>,
    pub(super) domain: Domain,
    pub(super) clock: Clock,
    pub(super) events: Vec<Event>,
}

impl Till {
    /// Pays what the item proves above what its lane has redeemed, up to the lane's cap.
    ///
    /// A link that does not reach the anchor pays nothing at all, not even the plain amount: the
    /// sender sees that it sent a wrong link, and sends the voucher without one.
    pub(super) fn pay(
        &mut self,
        storage: &mut dyn Storage,
        item: &VoucherItem,
        slot: Slot,
        trust: Trust,
    ) -> Result<Outcome, ContractError> {
        if trust == Trust::None {
            return Ok(Outcome::nothing(ItemResult::BadSignature));
        }
        // an item before this one may have closed the lease
        if self.work.leases.lane(storage, slot)?.fees == 0 {
            return Ok(Outcome::nothing(ItemResult::Closed));
        }
        let voucher = &item.voucher;
        if item.k != 0 && !voucher.proves(&self.domain, item.k, &item.link) {
            return Ok(Outcome::nothing(ItemResult::BadChain));
        }
        if trust == Trust::Revoked {
            self.revoke(storage, voucher.lease)?;
        }
        let lane = self.work.leases.lane(storage, slot)?;
        let before = self.work.leases.redeemed(storage, slot)?;
        let worth = voucher.worth(item.k);
        let after = u64::try_from(worth).unwrap_or(u64::MAX).min(lane.cap);
        if after >= before && voucher.evidence != [0; 32] {
            evidence::keep(storage, voucher.lease, &voucher.evidence);
        }
        let Some(paid) = after.checked_sub(before).filter(|paid| *paid > 0) else {
            return Ok(Outcome::nothing(ItemResult::Stale));
        };
        self.work.leases.set_redeemed(storage, slot, after)?;
        self.share(storage, &lane, before, after)?;
        if after == lane.cap {
            self.close_if_exhausted(storage, voucher.lease)?;
        }
        let result =
            if worth > u128::from(lane.cap) { ItemResult::Clamped } else { ItemResult::Paid };
        Ok(Outcome { result, paid })
    }

    fn revoke(&mut self, storage: &dyn Storage, lease: LeaseId) -> Result<(), ContractError> {
        let lease = self.work.leases.lease(storage, lease)?;
        if revoke(storage, &mut self.work, self.clock, &lease)? {
            let reason = CloseReason::KeyCompromised as u8;
            self.events.push(LeasesClosing { leases: vec![lease.id.0], reason }.into());
        }
        Ok(())
    }

    /// Fees are differences of functions of the cumulative amount, so splitting gains nothing.
    fn share(
        &mut self,
        storage: &dyn Storage,
        lane: &LaneRecord,
        before: u64,
        after: u64,
    ) -> Result<(), ContractError> {
        let fees = self.work.schedules.get(storage, lane.fees)?;
        let split = fees.split(before, after);
        let keeper = self.keeper.map_or(Pot::Fees, Pot::Free);
        let book = self.work.books.of(storage, AssetId(lane.asset))?;
        book.shift(storage, Pot::Reserved, Pot::Fees, split.protocol.into())?;
        book.shift(storage, Pot::Reserved, keeper, split.keeper.into())?;
        let payee = Pot::Free(AccountId(lane.payee));
        book.shift(storage, Pot::Reserved, payee, split.payee.into())
    }

    /// Nothing can be redeemed any more: Closed at once, without a window.
    fn close_if_exhausted(
        &mut self,
        storage: &dyn Storage,
        lease: LeaseId,
    ) -> Result<(), ContractError> {
        let lease = self.work.leases.lease(storage, lease)?;
        for slot in lease.slots() {
            let cap = self.work.leases.lane(storage, slot)?.cap;
            if self.work.leases.redeemed(storage, slot)? != cap {
                return Ok(());
            }
        }
        let event =
            end::closed(storage, &mut self.work, &lease, CloseReason::Exhausted, BondTo::Payer)?;
        self.events.push(event.into());
        Ok(())
    }
}
