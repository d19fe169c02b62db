//! Turns ordered money into leases.

use super::{
    lock,
    payers::{Beneficiary, MAX_ITEMS, by_owner, known_flags},
    unlock,
};
use crate::{
    ContractError,
    clock::Clock,
    state::{
        books::Pot,
        fees,
        leases::{Slot, deal_flags},
        slots::Slots,
        terms,
    },
    work::Work,
};
use caplet_api::{
    escrow::Terms,
    event::LeasesOpened,
    layout::{DealRecord, DeviceRecord, LaneRecord, PLACED_BY_OWNER},
    packed::{INSTANT, LockItem, OpenItem},
};
use caplet_base::peer::Registry;
use caplet_protocol::{AccountId, AssetId, DeviceId, Lane, LeaseId};
use cosmwasm_std::{Addr, Response, Storage};

/// Longest settle window: a week (`PROTOCOL.md` 3).
const MAX_SETTLE_SECS: u32 = 7 * 24 * 3600;
/// As many blocks as a chain with a block a second makes in it.
const MAX_SETTLE_BLOCKS: u32 = MAX_SETTLE_SECS;

/// Opens a lease for each item; all or nothing. The leases' numbers are the message's data, u64
/// big-endian in the order of the items.
pub(super) fn open(
    storage: &mut dyn Storage,
    registry: &mut Registry<'_>,
    clock: Clock,
    terms: &Terms,
    beneficiary: Option<&Addr>,
    items: &[u8],
) -> Result<Response, ContractError> {
    check_terms(terms, clock)?;
    let items = OpenItem::unpack(items, MAX_ITEMS)?;
    if items.is_empty() {
        return Err(ContractError::Empty);
    }
    let batch = Batch {
        terms,
        number: terms::save(storage, terms, clock.secs)?,
        fees: fees::current(storage)?,
    };
    let (mut work, mut slots) = (Work::default(), Slots::default());
    let mut beneficiary = Beneficiary::new(beneficiary);
    work.books.of(storage, terms.asset)?;
    let mut leases = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        known_flags(index, item.flags, PLACED_BY_OWNER | INSTANT)?;
        let consumer = active(registry, item.consumer)?;
        let provider = active(registry, item.provider)?;
        let payer = AccountId(consumer.owner);
        let reserve = batch.fund(storage, &mut work, payer, index, item)?;
        if item.fee > 0 {
            let to = Pot::Free(beneficiary.account(registry, item.fee)?);
            let book = work.books.of(storage, terms.asset)?;
            book.shift(storage, Pot::Ordered(payer), to, item.fee.into())?;
        }
        let lease = slots.allot(storage, provider.gateway())?;
        batch.write(storage, &mut work, lease, payer, AccountId(provider.owner), reserve, item)?;
        leases.push(lease.0);
    }
    work.flush(storage);
    slots.flush(storage)?;
    let data: Vec<u8> = leases.iter().flat_map(|lease| lease.to_be_bytes()).collect();
    Ok(Response::new().set_data(data).add_event(event(terms, leases, &items)))
}

fn check_terms(terms: &Terms, clock: Clock) -> Result<(), ContractError> {
    let (start, end, now) = (terms.start.u64(), terms.end.u64(), clock.now());
    if start >= end || end <= now {
        return Err(ContractError::BadTimes { start, end, now });
    }
    for (what, found, most) in [
        ("settle_secs", terms.settle_secs, MAX_SETTLE_SECS),
        ("settle_blocks", terms.settle_blocks, MAX_SETTLE_BLOCKS),
    ] {
        if found > most {
            return Err(ContractError::LongWindow { what, found, most });
        }
    }
    Ok(())
}

fn active(registry: &mut Registry<'_>, device: u32) -> Result<DeviceRecord, ContractError> {
    let device = DeviceId(device);
    let record = registry.device(device)?.ok_or(ContractError::UnknownDevice { device })?;
    if record.is_active() { Ok(record) } else { Err(ContractError::InactiveDevice { device }) }
}

/// What the leases of one message have in common.
struct Batch<'a> {
    terms: &'a Terms,
    number: u32,
    fees: u8,
}

impl Batch<'_> {
    /// Moves reserve and bond out of what the item unlocks and the surplus back; returns the reserve.
    /// The item's fee stays ordered, for the caller to pay.
    fn fund(
        &self,
        storage: &dyn Storage,
        work: &mut Work,
        payer: AccountId,
        index: usize,
        item: &OpenItem,
    ) -> Result<u64, ContractError> {
        if item.lots == 0 {
            return Err(ContractError::NoLots { index });
        }
        let (asset, bond) = (self.terms.asset, self.terms.close_bond.u64());
        // 64 bits by 16, and two more of 64: far from the end of 128
        let reserve = u128::from(item.price).saturating_mul(item.lots.into());
        let needs = reserve.saturating_add(bond.into()).saturating_add(item.fee.into());
        let underfunded = ContractError::Underfunded { index, needs, unlock: item.unlock };
        // `unlock` is 64 bits, so a reserve it covers is too
        let (Some(surplus), Ok(reserve)) = (
            u64::try_from(needs).ok().and_then(|needs| item.unlock.checked_sub(needs)),
            u64::try_from(reserve),
        ) else {
            return Err(underfunded);
        };
        let device = DeviceId(item.consumer);
        if item.flags & INSTANT != 0 {
            let flags = item.flags & PLACED_BY_OWNER;
            let pledge =
                LockItem { device: item.consumer, amount: item.unlock, relay_fee: 0, flags };
            lock::pledge(storage, work, asset, payer, &pledge)?;
        } else {
            unlock::ordered(storage, work, asset, device, payer, item.unlock.into())?;
        }
        let book = work.books.of(storage, asset)?;
        book.shift(storage, Pot::Ordered(payer), Pot::Reserved, reserve.into())?;
        book.shift(storage, Pot::Ordered(payer), Pot::Bonds, bond.into())?;
        book.shift(storage, Pot::Ordered(payer), Pot::Free(payer), surplus.into())?;
        if !by_owner(item.flags) {
            work.allowances.release(storage, device, asset, surplus)?;
        }
        Ok(reserve)
    }

    /// Writes lane and deal. Lanes beyond the first come with the payments issue.
    #[allow(clippy::too_many_arguments)] // what a lease is made of
    fn write(
        &self,
        storage: &dyn Storage,
        work: &mut Work,
        lease: LeaseId,
        payer: AccountId,
        payee: AccountId,
        reserve: u64,
        item: &OpenItem,
    ) -> Result<(), ContractError> {
        let slot = Slot::of(lease, Lane(0)).ok_or(ContractError::Full { what: "lease slots" })?;
        let AssetId(asset) = self.terms.asset;
        let lane = LaneRecord {
            cap: reserve,
            signer: item.consumer,
            payee: payee.0,
            asset,
            lane: 0,
            fees: self.fees,
        };
        let deal = DealRecord {
            terms: self.number,
            consumer: item.consumer,
            provider: item.provider,
            payer: payer.0,
            price: item.price,
            lots: item.lots,
            lanes: 1,
            flags: deal_flags(item.flags),
        };
        work.leases.set_lane(storage, slot, &lane)?;
        work.leases.set_deal(storage, slot, &deal)
    }
}

fn event(terms: &Terms, leases: Vec<u64>, items: &[OpenItem]) -> LeasesOpened {
    let list = |of: fn(&OpenItem) -> u64| items.iter().map(of).collect();
    LeasesOpened {
        market: terms.market.0,
        epoch: terms.epoch,
        asset: terms.asset.0,
        start: terms.start.u64(),
        end: terms.end.u64(),
        leases,
        demands: list(|item| item.demand),
        consumers: list(|item| item.consumer.into()),
        providers: list(|item| item.provider.into()),
        prices: list(|item| item.price),
        lots: list(|item| item.lots.into()),
    }
}
