//! The forward curve: what lots cost ahead.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Lots on sale in a window of slots, from their seller or from a holder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OnSale {
    /// The market.
    pub market: u32,
    /// The market's slot that the window begins with.
    pub first: u32,
    /// Its slots.
    pub slots: u16,
    /// Lots in each.
    pub lots: u32,
    /// Base units a lot.
    pub price: u64,
}

/// A point of the curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Point {
    /// The market.
    pub market: u32,
    /// The market's slot that the window begins with.
    pub first: u32,
    /// Its slots.
    pub slots: u16,
    /// Base units of the cheapest lot on sale.
    pub best: u64,
    /// Base units a lot of all that is on sale, their mean by lots, rounded down.
    pub mean: u64,
    /// Lots on sale in each slot.
    pub lots: u64,
}

/// The curve of all markets: windows by market, then by time.
#[must_use]
pub fn curve(on_sale: &[OnSale]) -> Vec<Point> {
    let mut windows: BTreeMap<(u32, u32, u16), Vec<OnSale>> = BTreeMap::new();
    for one in on_sale.iter().filter(|one| one.lots > 0 && one.slots > 0) {
        windows.entry((one.market, one.first, one.slots)).or_default().push(*one);
    }
    windows.into_iter().filter_map(|(window, all)| point(window, &all)).collect()
}

fn point((market, first, slots): (u32, u32, u16), all: &[OnSale]) -> Option<Point> {
    let lots = all.iter().fold(0u64, |sum, one| sum.saturating_add(one.lots.into()));
    let worth = |one: &OnSale| u128::from(one.price).saturating_mul(one.lots.into());
    let worth = all.iter().map(worth).fold(0u128, u128::saturating_add);
    let mean = worth.checked_div(lots.into()).and_then(|mean| u64::try_from(mean).ok())?;
    let best = all.iter().map(|one| one.price).min()?;
    Some(Point { market, first, slots, best, mean, lots })
}
