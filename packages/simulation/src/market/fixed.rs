//! A price for the day: who comes first takes the best.

use super::ledger::{Deal, Ledger, Slot};
use super::{
    auction::open,
    day::SLOTS,
    stage::{Stage, Wish},
};
use caplet_clearing::single::{Posted, Wanted, best};
use caplet_mechanism::price::take;
use caplet_protocol::{DeviceId, Lots, OrderId};

/// A day at a fixed price: that, or a device's ask if it is higher.
pub(super) fn day(stage: &Stage, price: u64) -> Ledger {
    let (mut ledger, mut waiting) = (Ledger::default(), Vec::new());
    for slot in 0..SLOTS {
        let mut spare = stage.spare(slot);
        let mut entry = open(stage, slot, &spare);
        // who has waited comes first
        waiting.extend(stage.wishes[slot].iter().copied());
        for wish in &mut waiting {
            take_best(stage, &mut entry, &mut spare, wish, |ask| ask.max(price));
        }
        waiting.retain(|wish| wish.lots.0 > 0 && wish.until > slot);
        ledger.slots.push(entry);
    }
    ledger
}

/// Serves a wish lot by lot with the best posted offer, as long as one is within its limit. `posted` makes the price of a
/// lot from its ask.
pub(super) fn take_best(
    stage: &Stage,
    entry: &mut Slot,
    spare: &mut [Lots],
    wish: &mut Wish,
    posted: impl Fn(u64) -> u64,
) {
    let terms = stage.terms();
    let limit = terms.market.price(wish.limit);
    let wanted = Wanted { device: DeviceId(u32::MAX), vector: wish.vector, limit };
    while wish.lots.0 > 0 {
        let all =
            stage.devices.iter().zip(spare.iter()).zip(0u32..).map(|((device, lots), at)| Posted {
                id: OrderId { page: at, slot: 0 },
                device: DeviceId(at),
                class: device.class,
                price: posted(terms.market.price(device.ask)),
                lots: lots.0,
            });
        let Some(choice) = best(terms, &wanted, all) else { return };
        let Some(price) = take(choice.offer.price, choice.cost, limit) else { return };
        let at = usize::try_from(choice.offer.id.page).unwrap_or(usize::MAX);
        let (Some(lots), Some(device)) = (spare.get_mut(at), stage.devices.get(at)) else { return };
        lots.0 = lots.0.saturating_sub(1);
        wish.lots.0 = wish.lots.0.saturating_sub(1);
        let ask = terms.market.price(device.ask);
        entry.add(Deal { lots: 1, price, limit, cost: choice.cost, ask });
    }
}
