//! A batch a slot.

use super::ledger::{Deal, Ledger, Slot};
use super::{
    MarketError,
    day::SLOTS,
    stage::{Stage, Wish},
};
use caplet_clearing::{Book, Demand, Offer, paid, solve, verify};
use caplet_protocol::{DeviceId, Lots, OrderId, Tick};
use std::collections::BTreeMap;

/// What a batch leaves.
pub(super) struct Cleared {
    /// Wishes with the lots they still want.
    pub(super) waiting: Vec<Wish>,
    /// The book that was cleared.
    pub(super) book: Book,
}

/// A day of batches only. Who cannot wait takes part in the next batch at half of what a lot was worth to it.
pub(super) fn day(stage: &Stage) -> Result<Ledger, MarketError> {
    let (mut ledger, mut waiting) = (Ledger::default(), Vec::new());
    for slot in 0..SLOTS {
        let spare = stage.spare(slot);
        let mut entry = open(stage, slot, &spare);
        waiting.extend(stage.wishes[slot].iter().map(|wish| late(*wish)));
        let cleared = batch(stage, &mut entry, &spare, std::mem::take(&mut waiting))?;
        waiting.extend(cleared.waiting.into_iter().filter(|wish| wish.until > slot));
        ledger.slots.push(entry);
    }
    Ok(ledger)
}

/// The entry of a slot before anything is traded.
pub(super) fn open(stage: &Stage, slot: usize, spare: &[Lots]) -> Slot {
    let offered = spare.iter().map(|lots| u64::from(lots.0)).fold(0, u64::saturating_add);
    let wanted =
        stage.wishes[slot].iter().map(|wish| u64::from(wish.lots.0)).fold(0, u64::saturating_add);
    Slot { offered, wanted, ..Slot::default() }
}

/// A wish that has to wait for the next batch.
pub(super) fn late(wish: Wish) -> Wish {
    if wish.urgent { Wish { limit: Tick(wish.limit.0 / 2), ..wish } } else { wish }
}

/// Clears wishes against spare lots and enters what is traded.
pub(super) fn batch(
    stage: &Stage,
    entry: &mut Slot,
    spare: &[Lots],
    mut wishes: Vec<Wish>,
) -> Result<Cleared, MarketError> {
    let book = book(stage, spare, &wishes);
    let clearing = solve(&book)?;
    let (offers, demands) = (book.offers.iter().copied(), book.demands.iter().copied());
    let verified = verify(book.terms(), offers, demands, &clearing.fills, &clearing.prices)?;
    let by_offer: BTreeMap<OrderId, &Offer> = book.offers.iter().map(|o| (o.id, o)).collect();
    for fill in &clearing.fills {
        let (Some(offer), Some(demand)) =
            (by_offer.get(&fill.offer), book.demands.get(place(fill.demand)))
        else {
            continue;
        };
        let price = paid(&book.market, offer, demand, &verified.prices);
        let cost = book.terms().cost(offer.class, demand.vector);
        let (Some(price), Some(cost)) = (price, cost) else { continue };
        let (limit, ask) = (book.market.price(demand.limit), book.market.price(offer.ask));
        entry.add(Deal { lots: fill.lots.0.into(), price, limit, cost, ask });
        take(&mut wishes[place(fill.demand)].lots, fill.lots);
    }
    wishes.retain(|wish| wish.lots.0 > 0);
    Ok(Cleared { waiting: wishes, book })
}

fn take(from: &mut Lots, lots: Lots) {
    from.0 = from.0.saturating_sub(lots.0);
}

fn book(stage: &Stage, spare: &[Lots], wishes: &[Wish]) -> Book {
    let (market, classes, vectors) = stage.market();
    let offers = stage.devices.iter().zip(spare).zip(0u32..).map(|((device, lots), at)| Offer {
        id: id(at),
        device: DeviceId(at),
        class: device.class,
        ask: device.ask,
        lots: *lots,
    });
    let demands = wishes.iter().zip(0u32..).map(|(wish, at)| Demand {
        id: id(at),
        device: DeviceId(u32::MAX),
        vector: wish.vector,
        limit: wish.limit,
        lots: wish.lots,
        all_or_nothing: false,
    });
    Book { market, classes, vectors, offers: offers.collect(), demands: demands.collect() }
}

fn id(at: u32) -> OrderId {
    let [a, b, c, slot] = at.to_be_bytes();
    OrderId { page: u32::from_be_bytes([0, a, b, c]), slot }
}

fn place(id: OrderId) -> usize {
    usize::try_from(id.to_u64()).unwrap_or(usize::MAX)
}
