//! Both lanes.

use super::ledger::{Ledger, Slot};
use super::{
    MarketError,
    auction::{batch, late, open},
    day::SLOTS,
    fixed::take_best,
    stage::{Stage, Wish},
};
use caplet_clearing::Book;
use caplet_mechanism::price::{Base, Controller, Premium, lanes, posted};
use caplet_protocol::{Bps, Lots, Tick};

const TARGET: Bps = Bps(8_000);
const CONTROLLER: Controller = Controller {
    gain: Bps(1_250),
    step: Bps(1_250),
    target: TARGET,
    floor: Tick(5),
    ceiling: Tick(200),
};
const PREMIUM: Premium = Premium { at_target: Bps(400), scarce: Bps(6_000), target: TARGET };

/// How an offer's lots are split: for the batch, for the instant lane.
pub(super) type Split = fn(Lots) -> (Lots, Lots);

/// As a gateway proposes offers.
pub(super) const PROPOSED: Split = lanes;

/// Half of an offer, rounded down, for the instant lane.
pub(super) fn halves(lots: Lots) -> (Lots, Lots) {
    let instant = lots.0.checked_div(2).unwrap_or_default();
    (Lots(lots.0.saturating_sub(instant)), Lots(instant))
}

/// A day of both lanes, whose base price begins at `price` base units.
pub(super) fn day(stage: &Stage, price: u64, split: Split) -> Result<Ledger, MarketError> {
    let tick_size = stage.terms().market.tick_size;
    let ticks = price.checked_div(tick_size).and_then(|ticks| u16::try_from(ticks).ok());
    let mut base = Base::from(Tick(ticks.unwrap_or(1).max(1)));
    let (mut ledger, mut waiting) = (Ledger::default(), Vec::new());
    for slot in 0..SLOTS {
        let spare = stage.spare(slot);
        let mut entry = open(stage, slot, &spare);
        let new = &stage.wishes[slot];
        waiting.extend(new.iter().filter(|wish| !wish.urgent));
        // what stands in one lane cannot be had in the other
        let (for_batch, mut at_once): (Vec<Lots>, Vec<Lots>) = spare.into_iter().map(split).unzip();
        let cleared = batch(stage, &mut entry, &for_batch, std::mem::take(&mut waiting))?;
        let (demanded, offered) = (demanded(&cleared.book, base), offered(&cleared.book, base));
        base = CONTROLLER.next(base, demanded, offered);
        let asked = Asked { base, premium: premium(demanded, offered) };
        // no later batch serves who waited up to now: they take what is posted, like those who cannot wait
        let (mut last, still): (Vec<Wish>, Vec<Wish>) =
            cleared.waiting.into_iter().partition(|wish| wish.until <= slot);
        instant(stage, &mut entry, &mut at_once, &mut last, asked);
        let mut urgent: Vec<Wish> = new.iter().copied().filter(|wish| wish.urgent).collect();
        instant(stage, &mut entry, &mut at_once, &mut urgent, asked);
        // who cannot wait and got nothing tries the next batch, for what is then left of the worth
        let missed = urgent.into_iter().filter(|wish| wish.lots.0 > 0);
        waiting = still;
        waiting.extend(missed.map(|wish| Wish { until: slot, ..late(wish) }));
        ledger.slots.push(entry);
    }
    Ok(ledger)
}

/// What the instant lane asks.
#[derive(Clone, Copy)]
struct Asked {
    base: Base,
    /// Basis points.
    premium: u32,
}

/// The premium that the last cleared book's use calls for; it moves with the next book, not from take to take. A book in
/// which nobody asked calls for none.
fn premium(demanded: u64, offered: u64) -> u32 {
    if demanded == 0 { 0 } else { PREMIUM.at(demanded, offered) }
}

/// Serves wishes in the order in which they come.
fn instant(stage: &Stage, entry: &mut Slot, left: &mut [Lots], wishes: &mut [Wish], asked: Asked) {
    let base = stage.terms().market.price(asked.base.tick());
    for wish in wishes {
        take_best(stage, entry, left, wish, |ask| posted(ask, base, asked.premium));
    }
}

fn demanded(book: &Book, base: Base) -> u64 {
    let at = book.demands.iter().filter(|d| d.limit >= base.tick());
    at.map(|d| u64::from(d.lots.0)).fold(0, u64::saturating_add)
}

fn offered(book: &Book, base: Base) -> u64 {
    let at = book.offers.iter().filter(|o| o.ask <= base.tick());
    at.map(|o| u64::from(o.lots.0)).fold(0, u64::saturating_add)
}
