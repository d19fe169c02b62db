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
use caplet_mechanism::price::{Base, Controller, Premium, posted};
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

/// A day of both lanes, whose base price begins at `price` base units.
pub(super) fn day(stage: &Stage, price: u64) -> Result<Ledger, MarketError> {
    let tick_size = stage.terms().market.tick_size;
    let ticks = price.checked_div(tick_size).and_then(|ticks| u16::try_from(ticks).ok());
    let mut base = Base::from(Tick(ticks.unwrap_or(1).max(1)));
    let (mut ledger, mut waiting) = (Ledger::default(), Vec::new());
    let mut lately = 0;
    for slot in 0..SLOTS {
        let spare = stage.spare(slot);
        let mut entry = open(stage, slot, &spare);
        let new = &stage.wishes[slot];
        waiting.extend(new.iter().filter(|wish| !wish.urgent));
        let (for_batch, kept) = split(stage, &spare, lately);
        let cleared = batch(stage, &mut entry, for_batch, std::mem::take(&mut waiting))?;
        base = CONTROLLER.next(base, demanded(&cleared.book, base), offered(&cleared.book, base));
        let mut at_once: Vec<Wish> = new.iter().copied().filter(|wish| wish.urgent).collect();
        lately = smoothed(lately, wanted(&at_once, base));
        let mut left: Vec<Lots> =
            cleared.spare.iter().zip(&kept).map(|(a, b)| Lots(a.0.saturating_add(b.0))).collect();
        instant(stage, &mut entry, &mut left, &mut at_once, base);
        // who cannot wait and got nothing tries the next batch, for what is then left of the worth
        let missed = at_once.into_iter().filter(|wish| wish.lots.0 > 0);
        waiting = cleared.waiting.into_iter().filter(|wish| wish.until > slot).collect();
        waiting.extend(missed.map(|wish| Wish { until: slot, ..late(wish) }));
        ledger.slots.push(entry);
    }
    Ok(ledger)
}

/// Serves those who cannot wait, in the order in which they come.
fn instant(stage: &Stage, entry: &mut Slot, left: &mut [Lots], wishes: &mut [Wish], base: Base) {
    let total = left.iter().map(|lots| u64::from(lots.0)).fold(0, u64::saturating_add);
    let (before, base) = (entry.traded, stage.terms().market.price(base.tick()));
    for wish in wishes {
        take_best(stage, entry, left, wish, |ask, traded| {
            posted(ask, base, PREMIUM.at(traded.saturating_sub(before), total))
        });
    }
}

/// Spare lots for the batch and for the instant lane: the dearest devices keep theirs, until there are as many as were
/// asked for lately. They earn the premium there, and the batch loses least.
fn split(stage: &Stage, spare: &[Lots], mut keep: u64) -> (Vec<Lots>, Vec<Lots>) {
    let mut order: Vec<usize> = (0..spare.len()).collect();
    order.sort_by_key(|&at| std::cmp::Reverse(stage.devices[at].ask));
    let (mut batch, mut kept) = (spare.to_vec(), vec![Lots(0); spare.len()]);
    for at in order {
        let lots = u16::try_from(keep).unwrap_or(u16::MAX).min(batch[at].0);
        batch[at].0 = batch[at].0.saturating_sub(lots);
        kept[at].0 = lots;
        keep = keep.saturating_sub(lots.into());
    }
    (batch, kept)
}

/// Lots wanted at the base price or above it.
fn wanted(wishes: &[Wish], base: Base) -> u64 {
    let able = wishes.iter().filter(|wish| wish.limit >= base.tick());
    able.map(|wish| u64::from(wish.lots.0)).fold(0, u64::saturating_add)
}

/// Halfway from what was to what is.
const fn smoothed(old: u64, new: u64) -> u64 {
    old.midpoint(new)
}

fn demanded(book: &Book, base: Base) -> u64 {
    let at = book.demands.iter().filter(|d| d.limit >= base.tick());
    at.map(|d| u64::from(d.lots.0)).fold(0, u64::saturating_add)
}

fn offered(book: &Book, base: Base) -> u64 {
    let at = book.offers.iter().filter(|o| o.ask <= base.tick());
    at.map(|o| u64::from(o.lots.0)).fold(0, u64::saturating_add)
}
