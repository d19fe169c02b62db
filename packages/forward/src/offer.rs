//! What a pool's manager offers for it.

use caplet_protocol::Bps;
use serde::{Deserialize, Serialize};

/// How a pool is offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Least ask, base units a lot.
    pub least: u64,
    /// Share of the lots that is for the instant lane, rounded down; the rest is for the batch.
    pub instant: Bps,
    /// Seconds that an offer stands.
    pub stands_secs: u64,
}

/// The pool's device in its market.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Lots free on the capacity ledger, slot by slot from the one that runs on: what is declared there, less leases,
    /// reservations and open offers.
    pub free: Vec<u16>,
    /// Lots that the capacity ledger has declared; 0: the device is not on it.
    pub declared: u16,
    /// Lots that may be sold now: what members can do without their spares. The pool declares them before it offers, so
    /// these count, however old the ledger is.
    pub sellable: u16,
    /// The market's base price, base units a lot.
    pub base: u64,
    /// Base units that asks are multiples of.
    pub tick: u64,
}

/// An offer to place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Base units a lot.
    pub ask: u64,
    /// Lots for the batch lane.
    pub batch: u16,
    /// Lots for the instant lane.
    pub instant: u16,
    /// Unix seconds until when it stands.
    pub not_after: u64,
}

impl Policy {
    /// What is due at `now`, Unix seconds: an offer of what is free in every slot that its leases may reach, at the base
    /// price or the least ask, whichever is more, on the ladder.
    #[must_use]
    pub fn due(&self, now: u64, standing: &Standing) -> Option<Offer> {
        let free = standing.left().filter(|free| *free > 0)?;
        let tick = standing.tick.max(1);
        let ask = self.least.max(standing.base).max(1).div_ceil(tick).checked_mul(tick)?;
        let instant = u32::from(free)
            .saturating_mul(self.instant.0.min(10_000).into())
            .checked_div(10_000)?;
        let instant = u16::try_from(instant).ok()?;
        Some(Offer {
            ask,
            batch: free.checked_sub(instant)?,
            instant,
            not_after: now.saturating_add(self.stands_secs),
        })
    }
}

impl Standing {
    /// Lots free in every slot once the ledger is brought up to date; `None` if no slot is known.
    fn left(&self) -> Option<u16> {
        let free = self.free.iter().copied().min()?;
        let promised = self.declared.saturating_sub(free);
        Some(self.sellable.saturating_sub(promised))
    }
}
