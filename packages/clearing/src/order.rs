//! Orders of a frozen book, and what is done with them.

use crate::{ClassIndex, Market};
use caplet_protocol::{DeviceId, Lots, OrderId, Tick, VectorId};

/// An open offer of the batch lane. The order of ids is time priority.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Page and slot.
    pub id: OrderId,
    /// The providing device.
    pub device: DeviceId,
    /// Its supply class as of the freeze.
    pub class: ClassIndex,
    /// Least price of a lot, in ticks.
    pub ask: Tick,
    /// Lots that are left.
    pub lots: Lots,
}

/// An open demand of the batch lane. The order of ids is time priority.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Demand {
    /// Page and slot.
    pub id: OrderId,
    /// The consuming device.
    pub device: DeviceId,
    /// Requirements and weights.
    pub vector: VectorId,
    /// Most the buyer bears for a lot, its [`cost`](crate::cost) included, in ticks.
    pub limit: Tick,
    /// Lots that are left.
    pub lots: Lots,
    /// Takes all its lots or none.
    pub all_or_nothing: bool,
}

impl Demand {
    /// Whether it fills in the second pass, outside the certificate: all or nothing over several
    /// lots. A single lot can't be divided, so such a demand stays in the certified book.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.all_or_nothing && self.lots.0 > 1
    }
}

/// Lots of one offer given to one demand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fill {
    /// The offer.
    pub offer: OrderId,
    /// The demand.
    pub demand: OrderId,
    /// How many, at least one.
    pub lots: Lots,
}

/// Base units a lot that a fill of `offer` by `demand` pays the provider: the price of the offer's
/// class, or the offer's own ask in the second pass. `None` when the class has no price.
#[must_use]
pub fn paid(
    market: &Market,
    offer: &Offer,
    demand: &Demand,
    prices: &[Option<u64>],
) -> Option<u64> {
    if demand.is_whole() {
        return Some(market.price(offer.ask));
    }
    prices.get(offer.class.at()).copied().flatten()
}
