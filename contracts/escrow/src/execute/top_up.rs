//! Adds lots to running leases.

use super::{
    fund::Ask,
    open::active,
    payers::{MAX_ITEMS, by_owner, known_flags},
};
use crate::{
    ContractError,
    clock::Clock,
    error::{LaneError, LeaseError},
    state::leases::{Lease, Slot},
    work::Work,
};
use caplet_api::{
    event::LeasesToppedUp,
    layout::{DealRecord, LaneRecord, PLACED_BY_OWNER},
    packed::{INSTANT, TopUpItem},
};
use caplet_base::peer::Registry;
use caplet_protocol::{AccountId, DeviceId, Lane, LeaseId};
use cosmwasm_std::{Response, Storage};

/// Raises lots and a lane's cap of each lease, at the lease's own price; all or nothing. The sender has
/// taken as many lots from the offer's instant lane.
pub(super) fn top_up(
    storage: &mut dyn Storage,
    registry: &mut Registry<'_>,
    clock: Clock,
    items: &[u8],
) -> Result<Response, ContractError> {
    let items = TopUpItem::unpack(items, MAX_ITEMS)?;
    if items.is_empty() {
        return Err(LeaseError::Empty.into());
    }
    let mut work = Work::default();
    let mut caps = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        known_flags(index, item.flags, PLACED_BY_OWNER | INSTANT)?;
        let lease = work.leases.lease(storage, LeaseId(item.lease))?;
        may_grow(storage, &mut work, registry, clock, &lease, item)?;
        caps.push(grow(storage, &mut work, &lease, index, item)?);
    }
    work.flush(storage);
    let list = |of: fn(&TopUpItem) -> u64| items.iter().map(of).collect();
    Ok(Response::new().add_event(LeasesToppedUp {
        leases: list(|item| item.lease),
        lanes: list(|item| item.lane.into()),
        lots: list(|item| item.lots.into()),
        caps,
    }))
}

/// Passes while the lease is served, both devices are active, and whoever asks is who asked for the
/// lease: what returns later goes back to the allowance it came from.
fn may_grow(
    storage: &dyn Storage,
    work: &mut Work,
    registry: &mut Registry<'_>,
    clock: Clock,
    lease: &Lease,
    item: &TopUpItem,
) -> Result<(), ContractError> {
    lease.assert_live("top up")?;
    belongs(storage, work, lease, item)?;
    let (end, now) = (work.terms.get(storage, lease.deal.terms)?.terms.end.u64(), clock.now());
    if now >= end {
        return Err(LaneError::Over { lease: lease.id, end, now }.into());
    }
    if by_owner(item.flags) != lease.by_owner() {
        return Err(LaneError::OtherPlacer { lease: lease.id, owner: lease.by_owner() }.into());
    }
    active(registry, lease.deal.consumer)?;
    active(registry, lease.deal.provider)?;
    Ok(())
}

/// Passes lots of the lease's own market and provider, for its own consumer, whose provider asks no more than the lease
/// pays.
fn belongs(
    storage: &dyn Storage,
    work: &mut Work,
    lease: &Lease,
    item: &TopUpItem,
) -> Result<(), ContractError> {
    let market = work.terms.get(storage, lease.deal.terms)?.terms.market;
    let own = (market.0, lease.deal.consumer, lease.deal.provider);
    let brought = (item.market, item.consumer, item.provider);
    if own != brought {
        return Err(LaneError::OthersLots { lease: lease.id, own, brought }.into());
    }
    let (price, asked) = (lease.deal.price, item.price);
    if price < asked {
        return Err(LaneError::DearerLots { lease: lease.id, price, asked }.into());
    }
    Ok(())
}

/// The lane's cap afterwards.
fn grow(
    storage: &dyn Storage,
    work: &mut Work,
    lease: &Lease,
    index: usize,
    item: &TopUpItem,
) -> Result<u64, ContractError> {
    let full = || ContractError::Full { what: "lots of a lease" };
    let (first, slot) = (lease.slot(Lane(0))?, lease.slot(Lane(item.lane.into()))?);
    let ask = Ask {
        index,
        asset: work.terms.get(storage, lease.deal.terms)?.terms.asset,
        payer: AccountId(lease.deal.payer),
        consumer: DeviceId(lease.deal.consumer),
        price: lease.deal.price,
        lots: item.lots,
        bond: 0,
        fee: 0,
        unlock: item.unlock,
        flags: item.flags,
    };
    let reserve = ask.fund(storage, work)?;
    let lots = lease.deal.lots.checked_add(item.lots).ok_or_else(full)?;
    // the whole reserve of a lease fits 64 bits, whatever its lanes
    lease.deal.price.checked_mul(lots.into()).ok_or_else(full)?;
    work.leases.set_deal(storage, first, &DealRecord { lots, ..lease.deal })?;
    raise(storage, work, slot, reserve)
}

fn raise(
    storage: &dyn Storage,
    work: &mut Work,
    slot: Slot,
    by: u64,
) -> Result<u64, ContractError> {
    let lane = work.leases.lane(storage, slot)?;
    let cap = lane.cap.checked_add(by).ok_or(ContractError::Broken("a cap exceeds 64 bits"))?;
    work.leases.set_lane(storage, slot, &LaneRecord { cap, ..lane })?;
    Ok(cap)
}
