//! The rates at which the payer signs: what was measured of one segment sets that of the next.

use caplet_protocol::Bps;
use std::num::NonZeroU64;

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
    /// Bytes of [`Rates::encode`].
    pub const LEN: usize = 36;

    /// In the order of the fields, big-endian.
    #[must_use]
    pub fn encode(&self) -> [u8; Self::LEN] {
        let mut out = [0; Self::LEN];
        let (start, rest) = out.split_at_mut(8);
        let (before, rest) = rest.split_at_mut(16);
        let (rate, rest) = rest.split_at_mut(2);
        let (switch, next) = rest.split_at_mut(8);
        start.copy_from_slice(&self.start.to_be_bytes());
        before.copy_from_slice(&self.before.to_be_bytes());
        rate.copy_from_slice(&self.rate.0.to_be_bytes());
        switch.copy_from_slice(&self.switch.to_be_bytes());
        next.copy_from_slice(&self.next.0.to_be_bytes());
        out
    }

    /// What [`Rates::encode`] wrote; `None` of anything longer or shorter.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (start, rest) = bytes.split_first_chunk()?;
        let (before, rest) = rest.split_first_chunk()?;
        let (rate, rest) = rest.split_first_chunk()?;
        let (switch, rest) = rest.split_first_chunk()?;
        let next = rest.try_into().ok()?;
        Some(Self {
            start: u64::from_be_bytes(*start),
            before: u128::from_be_bytes(*before),
            rate: Bps(u16::from_be_bytes(*rate)),
            switch: u64::from_be_bytes(*switch),
            next: Bps(u16::from_be_bytes(next)),
        })
    }

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

    /// Base units owed for the first `units` at `price` a lot of `lot` units, cumulative and rounded down once:
    /// `floor((units - off / 10,000) * price / lot)`.
    #[must_use]
    pub fn owed(&self, price: u64, lot: NonZeroU64, units: u64) -> u128 {
        let lot = u128::from(lot.get());
        if self.is_full() {
            let product = u128::from(units).saturating_mul(price.into());
            return product.checked_div(lot).unwrap_or(0);
        }
        // units x basis points x price stays below 2^142 only for prices that no reserve holds: it saturates then,
        // and the cap ends the lane
        let worth = u128::from(units).saturating_mul(FULL.into()).saturating_sub(self.off(units));
        let lot = lot.saturating_mul(FULL.into());
        worth.saturating_mul(price.into()).checked_div(lot).unwrap_or(0)
    }

    /// Whether anything was ever taken off, or will be.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.before == 0 && self.rate.0 >= FULL && self.next.0 >= FULL
    }
}
