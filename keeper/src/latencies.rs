//! What latency is good and what is bad in a market: as the leases have it that are used here.

use caplet_mechanism::quality::{Band, Live};
use caplet_protocol::MarketId;
use std::sync::{Mutex, PoisonError};

/// Latencies of what is used here, by market.
#[derive(Default)]
pub(crate) struct Latencies(Mutex<Live<MarketId>>);

impl Latencies {
    /// Counts what was measured, and says what was good and bad before it.
    pub(crate) fn learn(
        &self,
        market: MarketId,
        measured: impl Iterator<Item = u32>,
    ) -> Option<Band> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).learn(market, measured)
    }

    /// What is good and bad now; `None` as long as too little is known.
    pub(crate) fn band(&self, market: MarketId) -> Option<Band> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).band(&market)
    }
}
