//! What a device has to spare, and what to ask for it: `caplet offer --spare`.
//!
//! The owner's own use comes first. Of what is left after the present load and a reserve for it to grow,
//! the rest is offered. The ask follows what lots cleared at, so that idle capacity gets cheaper until it is
//! wanted and busy capacity dearer, always between the owner's bounds. In a batch of one price an ask below
//! the clearing price loses nothing, so the policy leans low; what matters is to be in.

use anyhow::Context as _;

/// What the owner allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Lots the device can do at a time, its own use included.
    pub capacity: u32,
    /// Lots that are always kept for the owner.
    pub keep: u32,
    /// Share of the present own use that is kept beside it for growth, in basis points.
    pub headroom_bps: u32,
    /// Least ask a lot in base units.
    pub least: u64,
    /// Greatest ask a lot in base units.
    pub most: u64,
    /// The market's tick in base units.
    pub tick: u64,
}

/// What is seen now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Lots the owner uses itself, rounded up.
    pub own: u32,
    /// Lots let out: leases and open offers.
    pub let_out: u32,
    /// Prices that lots cleared at, base units, oldest first, with the lots that did.
    pub cleared: Vec<(u64, u32)>,
    /// The market's base price in base units, for when nothing has cleared.
    pub base: u64,
}

/// What to offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spare {
    /// Lots; 0: nothing.
    pub lots: u32,
    /// Ask a lot in base units, a multiple of the tick.
    pub ask: u64,
    /// Lots that should be taken back by notice, because the owner needs more than is free.
    pub reclaim: u32,
}

/// Clearings that are looked back at.
const BACK: usize = 16;

/// Sizes and prices an offer.
#[must_use]
pub fn spare(bounds: &Bounds, seen: &Seen) -> Spare {
    let growth = u64::from(seen.own).saturating_mul(bounds.headroom_bps.into()).div_ceil(10_000);
    let growth = u32::try_from(growth).unwrap_or(u32::MAX);
    let own = seen.own.saturating_add(growth).max(bounds.keep);
    let room = bounds.capacity.saturating_sub(own);
    // what is running is taken back only when the owner's use itself, without headroom, is in the way
    let hard = bounds.capacity.saturating_sub(seen.own.max(bounds.keep));
    Spare {
        lots: room.saturating_sub(seen.let_out),
        ask: ask(bounds, seen),
        reclaim: seen.let_out.saturating_sub(hard),
    }
}

/// The median of recent clearing prices by lots, lowered by up to a quarter for what of the capacity is
/// idle; inside the bounds and on the ladder.
fn ask(bounds: &Bounds, seen: &Seen) -> u64 {
    let market = median(&seen.cleared).unwrap_or(seen.base);
    let used = seen.own.saturating_add(seen.let_out).min(bounds.capacity);
    let idle = u128::from(bounds.capacity.saturating_sub(used));
    let whole = u128::from(bounds.capacity.max(1)).saturating_mul(4);
    let off = u128::from(market).saturating_mul(idle).checked_div(whole).unwrap_or(0);
    let wanted = market.saturating_sub(u64::try_from(off).unwrap_or(u64::MAX));
    let tick = bounds.tick.max(1);
    let least = bounds.least.max(1).div_ceil(tick).saturating_mul(tick);
    let most = bounds.most.checked_div(tick).unwrap_or(0).saturating_mul(tick).max(least);
    let on_ladder = wanted.checked_div(tick).unwrap_or(0).saturating_mul(tick);
    on_ladder.clamp(least, most)
}

/// The price below which half of the lots of the last clearings cleared.
fn median(cleared: &[(u64, u32)]) -> Option<u64> {
    let from = cleared.len().saturating_sub(BACK);
    let mut recent: Vec<(u64, u32)> = cleared.get(from..)?.to_vec();
    recent.retain(|(_, lots)| *lots > 0);
    recent.sort_unstable();
    let half = recent.iter().map(|(_, lots)| u64::from(*lots)).sum::<u64>().div_ceil(2);
    let mut seen = 0u64;
    recent.into_iter().find_map(|(price, lots)| {
        seen = seen.saturating_add(lots.into());
        (seen >= half).then_some(price)
    })
}

/// Lots that this machine's load stands for, rounded up: its share of the processors is taken for a share
/// of the capacity.
///
/// # Errors
/// If this machine does not say its load.
pub fn machine(capacity: u32) -> anyhow::Result<u32> {
    let text = std::fs::read_to_string("/proc/loadavg")
        .context("reading this machine's load: give --own instead")?;
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let load = hundredths(&text).context("this machine's load is no number: give --own instead")?;
    Ok(lots(load, u64::try_from(processors)?, capacity))
}

/// The first number of a load average, in hundredths.
fn hundredths(text: &str) -> Option<u64> {
    let (whole, part) = text.split_whitespace().next()?.split_once('.')?;
    let (whole, part): (u64, u64) = (whole.parse().ok()?, part.get(..2)?.parse().ok()?);
    whole.checked_mul(100)?.checked_add(part)
}

fn lots(load: u64, processors: u64, capacity: u32) -> u32 {
    let whole = processors.max(1).saturating_mul(100);
    let lots = load.saturating_mul(capacity.into()).div_ceil(whole);
    u32::try_from(lots).unwrap_or(u32::MAX).min(capacity)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BOUNDS: Bounds =
        Bounds { capacity: 10, keep: 1, headroom_bps: 2_500, least: 100, most: 900, tick: 10 };

    fn seen(own: u32, let_out: u32, cleared: &[(u64, u32)]) -> Seen {
        Seen { own, let_out, cleared: cleared.to_vec(), base: 400 }
    }

    #[test]
    fn the_owners_use_comes_first_with_room_to_grow() {
        assert_eq!(spare(&BOUNDS, &seen(0, 0, &[])).lots, 9, "one is always kept");
        assert_eq!(spare(&BOUNDS, &seen(4, 0, &[])).lots, 5, "four, and one for growth");
        assert_eq!(spare(&BOUNDS, &seen(4, 3, &[])).lots, 2);
        let full = spare(&BOUNDS, &seen(9, 3, &[]));
        assert_eq!((full.lots, full.reclaim), (0, 2), "two are in the owner's way");
        assert_eq!(
            spare(&BOUNDS, &seen(7, 3, &[])).reclaim,
            0,
            "headroom alone takes nothing back"
        );
    }

    #[test]
    fn idle_capacity_gets_cheaper_and_busy_capacity_dearer() {
        let idle = spare(&BOUNDS, &seen(0, 0, &[(400, 1)])).ask;
        let half = spare(&BOUNDS, &seen(0, 5, &[(400, 1)])).ask;
        let busy = spare(&BOUNDS, &seen(0, 10, &[(400, 1)])).ask;
        assert_eq!((idle, half, busy), (300, 350, 400));
    }

    #[test]
    fn the_price_is_the_median_of_what_cleared_and_the_base_price_without_any() {
        assert_eq!(spare(&BOUNDS, &seen(0, 10, &[])).ask, 400);
        let cleared = [(200, 1), (900, 1), (500, 7), (100, 1)];
        assert_eq!(spare(&BOUNDS, &seen(0, 10, &cleared)).ask, 500);
        let old: Vec<(u64, u32)> = [(100, 99)].into_iter().chain([(700, 1); 16]).collect();
        assert_eq!(spare(&BOUNDS, &seen(0, 10, &old)).ask, 700, "what is long past does not count");
    }

    #[test]
    fn the_load_of_the_machine_is_the_owners_use() {
        assert_eq!(hundredths("1.25 0.90 0.70 2/311 4242"), Some(125));
        assert_eq!((hundredths(""), hundredths("x.yz")), (None, None));
        assert_eq!(lots(125, 4, 8), 3, "1.25 of 4 processors are 2.5 of 8 lots");
        assert_eq!((lots(0, 4, 8), lots(9_900, 4, 8)), (0, 8));
    }

    proptest! {
        #[test]
        fn an_offer_is_inside_the_owners_bounds(
            capacity in 0u32..50, keep in 0u32..50, own in 0u32..60, let_out in 0u32..60,
            least in 1u64..1_000, more in 0u64..1_000, tick in 1u64..50,
            cleared in prop::collection::vec((1u64..5_000, 0u32..9), 0..20),
        ) {
            let bounds =
                Bounds { capacity, keep, headroom_bps: 2_500, least, most: least + more, tick };
            let got = spare(&bounds, &Seen { own, let_out, cleared, base: 77 });
            prop_assert!(own.max(keep).saturating_add(got.lots).saturating_add(let_out) <= capacity || got.lots == 0);
            prop_assert!(got.ask >= least && got.ask.is_multiple_of(tick));
            // past the greatest only where no multiple of the tick lies between the bounds
            prop_assert!(got.ask <= least + more || (least + more) / tick * tick < least);
            prop_assert!(got.reclaim <= let_out);
        }

        #[test]
        fn more_own_use_never_offers_more(own in 0u32..20, more in 0u32..20, let_out in 0u32..10) {
            let (a, b) = (spare(&BOUNDS, &seen(own, let_out, &[])), spare(&BOUNDS, &seen(own + more, let_out, &[])));
            prop_assert!(b.lots <= a.lots && b.reclaim >= a.reclaim && b.ask >= a.ask);
        }
    }
}
