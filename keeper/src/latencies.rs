//! What latency is good and what is bad in a market: as the leases have it that are used here.

use caplet_mechanism::quality::{Band, Sketch};
use caplet_protocol::{Bps, MarketId};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Latencies of a market that must be known before any is called bad.
const LEAST: u64 = 100;
/// Latencies after which old ones fade.
const FADES: u64 = 20_000;
/// The quantile up to which a segment's latency is good; at twice that nothing of it is left ([`Band::of`]). A
/// segment's 95th percentile over few operations is its slowest, so the bar is where one in a hundred is.
const TAIL: Bps = Bps(9_900);

/// Latencies of what is used here, by market.
#[derive(Default)]
pub(crate) struct Latencies(Mutex<BTreeMap<MarketId, Sketch>>);

impl Latencies {
    /// Counts what was measured, and says what is good and bad now.
    pub(crate) fn learn(
        &self,
        market: MarketId,
        measured: impl Iterator<Item = u32>,
    ) -> Option<Band> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let sketch = all.entry(market).or_default();
        // the segment is judged by what was known before it
        let band = band_of(sketch);
        measured.for_each(|ms| sketch.add(ms));
        if sketch.count() > FADES {
            sketch.fade();
        }
        band
    }

    /// What is good and bad now; `None` as long as too little is known.
    pub(crate) fn band(&self, market: MarketId) -> Option<Band> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(&market).and_then(band_of)
    }
}

fn band_of(sketch: &Sketch) -> Option<Band> {
    Band::of(sketch, TAIL, TAIL, LEAST)
}
