//! Fills of a proven clearing become leases.

use crate::ContractError;
use crate::book::{Book, Entry, Frozen, Lanes, clearing_demand, clearing_offer, pending};
use crate::execute::{Context, parties::Parties};
use caplet_api::packed::OpenItem;
use caplet_clearing::{Fill, Terms};
use caplet_protocol::{
    OrderId,
    layout::{OrderFlags, Side},
};
use cosmwasm_std::{StdError, StdResult, Storage};
use std::collections::BTreeSet;

/// A clearing that was proven.
pub(super) struct Proven<'a> {
    /// The epoch.
    pub(super) epoch: u32,
    /// Who gets how many lots of whom.
    pub(super) fills: &'a [Fill],
    /// What it was proven against.
    pub(super) terms: Terms<'a>,
    /// What a lot of each class is paid.
    pub(super) prices: &'a [Option<u64>],
}

/// Opens a lease for every fill whose devices still trade. Says how many opened none.
pub(super) fn settle(
    storage: &mut dyn Storage,
    context: &Context<'_>,
    book: &mut Book,
    frozen: &mut Frozen,
    proven: &Proven<'_>,
) -> Result<u32, ContractError> {
    let Proven { epoch, fills, .. } = *proven;
    let gone = Gone::find(&mut Parties::new(context), frozen, fills)?;
    let (mut leases, mut skipped) = (Vec::with_capacity(fills.len()), 0u32);
    for fill in fills {
        if gone.voids(fill) {
            skipped = skipped.saturating_add(1);
        } else {
            leases.push(open(storage, book, frozen, proven, fill)?);
        }
    }
    for id in &gone.offers {
        drop_order(storage, book, find(frozen, Side::Offer, *id)?, epoch)?;
    }
    for id in &gone.demands {
        drop_order(storage, book, find(frozen, Side::Demand, *id)?, epoch)?;
    }
    let dearest = leases.iter().map(|lease| lease.price).max().unwrap_or(0);
    book.calls.open = Some((book.terms(epoch, dearest)?, leases));
    Ok(skipped)
}

/// Filled orders that open no lease, because a device was suspended, frozen or retired since it placed
/// them, or lost the attestation that the other side requires. The proof counts them, as they stood at the freeze.
///
/// The order of such a device ends. The order on the other side stays as it is: nobody loses a place
/// in the book by another's fault.
struct Gone {
    offers: BTreeSet<OrderId>,
    demands: BTreeSet<OrderId>,
    /// All-or-nothing demands that lost a part: they get nothing this time.
    spoiled: BTreeSet<OrderId>,
}

impl Gone {
    fn find(parties: &mut Parties<'_>, frozen: &mut Frozen, fills: &[Fill]) -> StdResult<Self> {
        let none = BTreeSet::new;
        let mut gone = Self { offers: none(), demands: none(), spoiled: none() };
        for fill in fills {
            let provider = find(frozen, Side::Offer, fill.offer)?.order.device;
            let demand = find(frozen, Side::Demand, fill.demand)?.order;
            if !parties.trades(demand.device)? {
                gone.demands.insert(fill.demand);
            }
            let attested = demand.flags.has(OrderFlags::ATTESTED);
            if !parties.trades(provider)? || (attested && !parties.attested(provider)?) {
                gone.offers.insert(fill.offer);
                if clearing_demand(&demand).is_whole() {
                    gone.spoiled.insert(fill.demand);
                }
            }
        }
        Ok(gone)
    }

    fn voids(&self, fill: &Fill) -> bool {
        self.offers.contains(&fill.offer)
            || self.demands.contains(&fill.demand)
            || self.spoiled.contains(&fill.demand)
    }
}

/// Takes the lots of a fill on both sides; the lease that comes of it.
fn open(
    storage: &mut dyn Storage,
    book: &mut Book,
    frozen: &mut Frozen,
    proven: &Proven<'_>,
    fill: &Fill,
) -> StdResult<OpenItem> {
    let (epoch, lots) = (proven.epoch, fill.lots.0);
    let offer = find(frozen, Side::Offer, fill.offer)?;
    let provider = offer.order;
    if take(storage, book, offer, epoch, lots)? {
        book.unlock(&provider, provider.bond);
    }
    let demand = find(frozen, Side::Demand, fill.demand)?;
    let consumer = demand.order;
    let done = take(storage, book, demand, epoch, lots)?;
    let (given, taken) = (clearing_offer(&provider), clearing_demand(&consumer));
    let price = caplet_clearing::paid(proven.terms.market, &given, &taken, proven.prices);
    let bond = if done { consumer.bond } else { 0 };
    let unlock = book.locked_for(consumer.tick, lots).and_then(|sum| sum.checked_add(bond));
    let fee = book.config.lot_fee.u64().checked_mul(lots.into());
    let lost = || StdError::msg("a proven fill has no price, or its money exceeds 64 bits");
    Ok(OpenItem {
        consumer: consumer.device.0,
        provider: provider.device.0,
        price: price.ok_or_else(lost)?,
        lots,
        unlock: unlock.ok_or_else(lost)?,
        fee: fee.ok_or_else(lost)?,
        demand: fill.demand.to_u64(),
        flags: consumer.owner_bit(),
    })
}

/// Takes lots of an order of the frozen book; whether it is done now.
fn take(
    storage: &mut dyn Storage,
    book: &mut Book,
    entry: &mut Entry,
    epoch: u32,
    lots: u16,
) -> StdResult<bool> {
    let order = &mut entry.order;
    if !entry.cancelled {
        return book.take(storage, order, Lanes::batch(lots));
    }
    let left = order.left.less(Lanes::batch(lots));
    order.left = left.ok_or_else(|| StdError::msg("a cancelled order would be overfilled"))?;
    pending::put(storage, book.market, epoch, order);
    book.lease_capacity(storage, order, Lanes::batch(lots))?;
    let done = order.left.is_none();
    if done {
        book.leave(storage, order)?;
    }
    Ok(done)
}

/// Ends an order of a device that trades no more; a demand's money returns.
fn drop_order(
    storage: &mut dyn Storage,
    book: &mut Book,
    entry: &Entry,
    epoch: u32,
) -> StdResult<()> {
    let order = &entry.order;
    if entry.cancelled {
        pending::remove(storage, book.market, epoch, order);
        book.withdraw_capacity(storage, order, order.left.total())?;
        book.leave(storage, order)?;
    } else {
        book.end(storage, order)?;
    }
    book.unlock(order, book.locked(order)?);
    Ok(())
}

/// An order that a proven fill names.
fn find(frozen: &mut Frozen, side: Side, id: OrderId) -> StdResult<&mut Entry> {
    let entry = match side {
        Side::Offer => frozen.offers.get_mut(&id),
        Side::Demand => frozen.demands.get_mut(&id),
    };
    entry.ok_or_else(|| StdError::msg("a proven fill names an order outside the book"))
}
