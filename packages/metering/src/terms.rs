//! What both sides know of a lane from the lease.

use crate::{Pace, Rates};
use caplet_protocol::{Bps, Domain, Lane, LeaseId};
use std::num::NonZeroU64;

/// One lane of a lease, as both sides read it from the chain; they must agree to the digit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Domain of the escrow contract.
    pub domain: Domain,
    /// The lease.
    pub lease: LeaseId,
    /// The lane.
    pub lane: Lane,
    /// Base units a lot.
    pub price: u64,
    /// Units a lot.
    pub lot: NonZeroU64,
    /// Base units that may be owed beyond what is redeemed: what a leaked key costs (`PROTOCOL.md` 2).
    pub exposure_cap: u64,
    /// Share of the units by which the counts may differ; one unit always may.
    pub tolerance: Bps,
    /// How long what was served may be on its way, milliseconds: a count is held against the payee's
    /// only for what was served longer ago.
    pub grace_ms: u64,
    /// How often the payer pays.
    pub pace: Pace,
}

impl Terms {
    /// Base units owed for `units`, cumulative: `floor(units * price / lot)`, so that rounding costs the
    /// payee less than one base unit a lease.
    #[must_use]
    pub fn owed(&self, units: u64) -> u128 {
        Rates::default().owed(self.price, self.lot, units)
    }

    /// Base units owed for `units` at these rates, cumulative and rounded down: never more than [`Terms::owed`].
    #[must_use]
    pub fn owed_at(&self, rates: &Rates, units: u64) -> u128 {
        rates.owed(self.price, self.lot, units)
    }

    /// Most units for which no more than `amount` is owed.
    #[must_use]
    pub fn units_for(&self, amount: u128) -> u64 {
        // floor(u * price / lot) <= amount  iff  u * price < (amount + 1) * lot
        let room = amount.saturating_add(1).saturating_mul(u128::from(self.lot.get()));
        let units = room.saturating_sub(1).checked_div(u128::from(self.price));
        units.map_or(u64::MAX, |units| u64::try_from(units).unwrap_or(u64::MAX))
    }

    /// Fewest units for which `amount` is owed.
    #[must_use]
    pub fn units_owing(&self, amount: u128) -> u64 {
        match amount.checked_sub(1) {
            None => 0,
            Some(less) => self.units_for(less).saturating_add(1),
        }
    }

    /// Units by which counts may differ at `units`: `max(1, tolerance)`.
    #[must_use]
    pub fn tolerated(&self, units: u64) -> u64 {
        let share = u128::from(units).saturating_mul(u128::from(self.tolerance.0));
        let share = share.checked_div(10_000).unwrap_or(0);
        u64::try_from(share).unwrap_or(u64::MAX).max(1)
    }

    /// Base units that one segment is worth, rounded up.
    #[must_use]
    pub fn segment_value(&self) -> u128 {
        self.owed(self.pace.segment).saturating_add(1)
    }
}
