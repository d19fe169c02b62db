//! Turns ordered money into leases.

use super::{
    fund::Ask,
    payers::{Beneficiary, MAX_ITEMS, known_flags},
    shares::{self, Share},
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
    event::{LeaseShared, LeasesOpened},
    layout::{DealRecord, DeviceRecord, LaneRecord, PLACED_BY_OWNER},
    packed::{INSTANT, OpenItem},
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
        let cap = batch.ask(index, payer, item).fund(storage, &mut work)?;
        if item.fee > 0 {
            let to = beneficiary.account(registry, item.fee)?;
            batch.tip(storage, &mut work, payer, to, item.fee)?;
        }
        let lease = slots.allot(storage, provider.gateway(), 1)?;
        let signer = DeviceId(item.consumer);
        let share = Share { signer, payee: AccountId(provider.owner), cap };
        batch.write(storage, &mut work, lease, payer, &[share], item)?;
        leases.push(lease.0);
    }
    work.flush(storage);
    slots.flush(storage)?;
    let data: Vec<u8> = leases.iter().flat_map(|lease| lease.to_be_bytes()).collect();
    Ok(Response::new().set_data(data).add_event(event(terms, leases, &items)))
}

/// Opens one lease whose reserve several lanes share; its number is the message's data, u64 big-endian.
pub(super) fn open_shared(
    storage: &mut dyn Storage,
    registry: &mut Registry<'_>,
    clock: Clock,
    terms: &Terms,
    beneficiary: Option<&Addr>,
    (item, lanes): (&[u8], &[u8]),
) -> Result<Response, ContractError> {
    check_terms(terms, clock)?;
    let items = OpenItem::unpack(item, 1)?;
    let Some(item) = items.first() else { return Err(ContractError::Empty) };
    let batch = Batch {
        terms,
        number: terms::save(storage, terms, clock.secs)?,
        fees: fees::current(storage)?,
    };
    let (mut work, mut slots) = (Work::default(), Slots::default());
    known_flags(0, item.flags, PLACED_BY_OWNER | INSTANT)?;
    let payer = AccountId(active(registry, item.consumer)?.owner);
    let gateway = active(registry, item.provider)?.gateway();
    let shares = shares::of_list(registry, item, payer, lanes)?;
    let reserve = batch.ask(0, payer, item).fund(storage, &mut work)?;
    shares::add_up(&shares, reserve)?;
    if item.fee > 0 {
        let to = Beneficiary::new(beneficiary).account(registry, item.fee)?;
        batch.tip(storage, &mut work, payer, to, item.fee)?;
    }
    let count = u32::try_from(shares.len()).unwrap_or(u32::MAX);
    let lease = slots.allot(storage, gateway, count)?;
    batch.write(storage, &mut work, lease, payer, &shares, item)?;
    work.flush(storage);
    slots.flush(storage)?;
    let shared = LeaseShared {
        lease: lease.0,
        signers: shares.iter().map(|share| share.signer.0.into()).collect(),
        payees: shares.iter().map(|share| share.payee.0.into()).collect(),
        caps: shares.iter().map(|share| share.cap).collect(),
    };
    let opened = event(terms, vec![lease.0], &items);
    let data = lease.0.to_be_bytes();
    Ok(Response::new().set_data(data).add_event(opened).add_event(shared))
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

pub(super) fn active(registry: &mut Registry<'_>, device: u32) -> Result<DeviceRecord, ContractError> {
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
    /// What an item asks for.
    fn ask(&self, index: usize, payer: AccountId, item: &OpenItem) -> Ask {
        Ask {
            index,
            asset: self.terms.asset,
            payer,
            consumer: DeviceId(item.consumer),
            price: item.price,
            lots: item.lots,
            bond: self.terms.close_bond.u64(),
            fee: item.fee,
            unlock: item.unlock,
            flags: item.flags,
        }
    }

    /// Pays what the item gives whoever cleared out of what it left ordered.
    fn tip(
        &self,
        storage: &dyn Storage,
        work: &mut Work,
        payer: AccountId,
        to: AccountId,
        fee: u64,
    ) -> Result<(), ContractError> {
        let book = work.books.of(storage, self.terms.asset)?;
        book.shift(storage, Pot::Ordered(payer), Pot::Free(to), fee.into())
    }

    /// Writes lanes and deal.
    fn write(
        &self,
        storage: &dyn Storage,
        work: &mut Work,
        lease: LeaseId,
        payer: AccountId,
        shares: &[Share],
        item: &OpenItem,
    ) -> Result<(), ContractError> {
        let full = ContractError::Full { what: "lease slots" };
        let AssetId(asset) = self.terms.asset;
        let (mut lanes, mut first) = (0u8, None);
        for Share { signer, payee, cap } in shares {
            let Some(slot) = Slot::of(lease, Lane(lanes.into())) else { return Err(full) };
            first.get_or_insert(slot);
            let (signer, payee) = (signer.0, payee.0);
            let lane = LaneRecord { cap: *cap, signer, payee, asset, lane: lanes, fees: self.fees };
            work.leases.set_lane(storage, slot, &lane)?;
            lanes = lanes.saturating_add(1);
        }
        let Some(first) = first else { return Err(full) };
        let deal = DealRecord {
            terms: self.number,
            consumer: item.consumer,
            provider: item.provider,
            payer: payer.0,
            price: item.price,
            lots: item.lots,
            lanes,
            flags: deal_flags(item.flags),
        };
        work.leases.set_deal(storage, first, &deal)
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
