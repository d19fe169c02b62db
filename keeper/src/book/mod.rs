//! The order book of every market, in memory, kept up from block events.

use caplet_api::auction::{MarketConfig, MarketResponse};
use caplet_clearing::{Vector, single::Choice};
use caplet_protocol::{DeviceId, MarketId, OrderId, wire::MarketSheet};
use std::sync::Arc;
use tokio::sync::watch;

/// Books of all markets; clones share them.
#[derive(Clone, Debug)]
pub struct Books {
    version: Arc<watch::Sender<u64>>,
}

/// An open order of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenOrder {
    /// Page and slot.
    pub id: OrderId,
    /// Base units a lot.
    pub price: u64,
    /// Lots left in the batch lane.
    pub batch: u16,
    /// Lots left in the instant lane; 0 for demands.
    pub instant: u16,
    /// Unix seconds.
    pub not_after: u64,
}

/// What a taker of the instant lane wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Take {
    /// The consuming device; nobody takes from itself.
    pub device: DeviceId,
    /// Requirements and weights.
    pub vector: Vector,
    /// Most it bears for a lot, base units.
    pub limit: u64,
    /// Lots, all from one offer.
    pub lots: u16,
    /// Unix seconds of chain time.
    pub now: u64,
}

impl Books {
    /// Every market as last read, by number.
    #[must_use]
    pub fn markets(&self) -> Vec<MarketResponse> {
        Vec::new()
    }

    /// Definition of a market.
    #[must_use]
    pub fn config(&self, _market: MarketId) -> Option<MarketConfig> {
        None
    }

    /// What devices are told of a market.
    #[must_use]
    pub fn sheet(&self, _market: MarketId) -> Option<MarketSheet> {
        None
    }

    /// Open offers of a device in a market, by number.
    #[must_use]
    pub fn offers_of(&self, _market: MarketId, _device: DeviceId) -> Vec<OpenOrder> {
        Vec::new()
    }

    /// Open demands of a device in a market, by number.
    #[must_use]
    pub fn demands_of(&self, _market: MarketId, _device: DeviceId) -> Vec<OpenOrder> {
        Vec::new()
    }

    /// The best posted offer for a taker, premium included.
    #[must_use]
    pub fn best(&self, _market: MarketId, _take: &Take) -> Option<Choice> {
        None
    }

    /// Rises with every change of any book.
    #[must_use]
    pub fn changed(&self) -> watch::Receiver<u64> {
        self.version.subscribe()
    }
}
