//! The rates at which the payer signs: what was measured of one segment sets that of the next.

use caplet_protocol::Bps;

const FULL: u16 = 10_000;

/// Rates by unit: one up to a switch, another from there on. What is before is kept as one sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rates {
    /// Units from which `rate` holds.
    pub start: u64,
    /// What was taken off before, in units x basis points.
    pub before: u128,
    /// Rate from `start` up to `switch`.
    pub rate: Bps,
    /// Units from which `next` holds; not before `start`.
    pub switch: u64,
    /// Rate from `switch` on.
    pub next: Bps,
}

impl Default for Rates {
    /// The full price throughout.
    fn default() -> Self {
        Self { start: 0, before: 0, rate: Bps(FULL), switch: 0, next: Bps(FULL) }
    }
}

impl Rates {
    /// With another rate from unit `from` on, `counted` being counted so far. `None` if a later switch is known, so
    /// that no unit that was priced is priced again, or an earlier one is still ahead: two rates are all that is kept.
    #[must_use]
    pub fn switched(self, counted: u64, from: u64, rate: Bps) -> Option<Self> {
        if from < self.switch || (from > self.switch && counted < self.switch) {
            return None;
        }
        let next = Bps(rate.0.min(FULL));
        if from == self.switch {
            return Some(Self { next, ..self });
        }
        Some(Self {
            start: self.switch,
            before: self.off(self.switch),
            rate: self.next,
            switch: from,
            next,
        })
    }

    /// What is taken off for the first `units`, not less than `start`, in units x basis points. Never falls, and by no more than the whole
    /// of what a unit costs.
    #[must_use]
    pub fn off(&self, units: u64) -> u128 {
        let part = |from: u64, to: u64, rate: Bps| {
            let off = FULL.saturating_sub(rate.0);
            u128::from(to.saturating_sub(from)).saturating_mul(off.into())
        };
        let first = part(self.start, units.min(self.switch), self.rate);
        let second = part(self.switch, units, self.next);
        self.before.saturating_add(first).saturating_add(second)
    }

    /// Whether anything was ever taken off, or will be.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.before == 0 && self.rate.0 >= FULL && self.next.0 >= FULL
    }
}
