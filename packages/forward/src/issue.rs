//! Which series to issue for a device.

use caplet_protocol::Bps;
use serde::{Deserialize, Serialize};

/// How much of a device is sold ahead, how far, and at what price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Share of capacity that is sold ahead.
    pub reserve: Bps,
    /// Slots of a series; windows begin at multiples of it, so that series of one market compare.
    pub window: u16,
    /// Windows ahead that are on sale at a time: 4 windows of a week of hours are four weeks.
    pub ahead: u16,
    /// Which of the recent clearing prices is the strike: 5,000 is their median.
    pub quantile: Bps,
    /// Base units a lot below which nothing is sold ahead.
    pub least: u64,
}

/// A series that is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Issued {
    /// The market's slot that it begins with.
    pub first: u32,
    /// Its slots.
    pub slots: u16,
}

/// A series to issue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Issue {
    /// The market's slot that it begins with.
    pub first: u32,
    /// Its slots.
    pub slots: u16,
    /// Lots in each.
    pub lots: u16,
    /// Strike, base units a lot.
    pub price: u64,
}

impl Policy {
    /// Lots of a device with `capacity` lots that are sold ahead, rounded down.
    #[must_use]
    pub fn lots(&self, capacity: u16) -> u16 {
        let lots = u32::from(capacity).saturating_mul(self.reserve.0.min(10_000).into()) / 10_000;
        u16::try_from(lots).unwrap_or(capacity)
    }

    /// The strike: the quantile of recent clearing prices (the lower one between two), or `base` when there are
    /// none, and never below the least.
    #[must_use]
    pub fn strike(&self, recent: &[u64], base: u64) -> u64 {
        let mut prices = recent.to_vec();
        prices.sort_unstable();
        let last = prices.len().saturating_sub(1);
        let at = last.saturating_mul(self.quantile.0.min(10_000).into()) / 10_000;
        prices.get(at).copied().unwrap_or(base).max(self.least).max(1)
    }

    /// The series that are missing: one for each window from the next that begins after `now` (a slot of the
    /// market) that no series of the device touches. At most `ahead`; none when nothing is to be reserved.
    #[must_use]
    pub fn missing(&self, now: u32, capacity: u16, there: &[Issued], strike: u64) -> Vec<Issue> {
        let (lots, window) = (self.lots(capacity), u32::from(self.window));
        let Some(current) = now.checked_div(window).filter(|_| lots > 0) else { return Vec::new() };
        (1..=u32::from(self.ahead))
            .map(|ahead| current.saturating_add(ahead).saturating_mul(window))
            .filter(|first| !there.iter().any(|one| one.touches(*first, window)))
            .map(|first| Issue { first, slots: self.window, lots, price: strike })
            .collect()
    }
}

impl Issued {
    fn touches(&self, first: u32, slots: u32) -> bool {
        let end = self.first.saturating_add(self.slots.into());
        self.first < first.saturating_add(slots) && first < end
    }
}
