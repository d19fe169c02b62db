//! One demand against posted offers: the instant lane, and the seed's pseudocode to the letter:
//! filter by requirements, sort by what a lot really costs, take the first.

use crate::{ClassIndex, Terms};
use caplet_protocol::{DeviceId, OrderId, VectorId};

/// An offer of the instant lane as the taker sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Posted {
    /// Page and slot; the older wins at equal cost.
    pub id: OrderId,
    /// The providing device; nobody takes from itself.
    pub device: DeviceId,
    /// Its supply class.
    pub class: ClassIndex,
    /// Base units a lot it can be had for now, premium included.
    pub price: u64,
    /// Lots left in the instant lane.
    pub lots: u16,
}

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The consuming device.
    pub device: DeviceId,
    /// Requirements and weights.
    pub vector: VectorId,
    /// Most it bears for a lot, cost included, in base units.
    pub limit: u64,
}

/// The best offer for a demand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The offer.
    pub offer: Posted,
    /// Its [`cost`](crate::cost) to the demand; price + cost is within the limit.
    pub cost: u64,
}

impl Choice {
    /// Base units a lot, price and cost together: what offers are ranked by.
    #[must_use]
    pub fn bears(&self) -> u64 {
        self.offer.price.saturating_add(self.cost) // a limit is above it
    }
}

/// The best of the posted offers, if any serves the demand within its limit. What the others ask, or
/// whether an offer that loses is there at all, changes nothing.
pub fn best(
    terms: Terms<'_>,
    wanted: &Wanted,
    posted: impl IntoIterator<Item = Posted>,
) -> Option<Choice> {
    let serves = |offer: Posted| {
        let cost = terms.cost(offer.class, wanted.vector)?;
        let bears = offer.price.checked_add(cost)?;
        (offer.lots > 0 && offer.device != wanted.device && bears <= wanted.limit)
            .then_some(Choice { offer, cost })
    };
    posted.into_iter().filter_map(serves).min_by_key(|c| (c.bears(), c.offer.id))
}

/// How good an offer is for a demand, for display: 100 when it costs nothing, 0 at the limit or above,
/// linear between, rounded down. It depends on no other offer.
#[must_use]
pub fn score(limit: u64, bears: u64) -> u8 {
    let saved = u128::from(limit.saturating_sub(bears));
    let score = saved.saturating_mul(100).checked_div(u128::from(limit)).unwrap_or(0);
    u8::try_from(score).unwrap_or(100)
}
