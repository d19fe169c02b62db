//! What latency is good and what is bad: as whatever is measured here has it.

use super::{Band, Sketch};
use caplet_protocol::Bps;
use std::collections::BTreeMap;

/// Latencies that must be known of a thing before any is called bad.
const LEAST: u64 = 100;
/// Latencies after which old ones fade.
const FADES: u64 = 20_000;
/// The quantile up to which a segment's latency is good; at twice that nothing of it is left ([`Band::of`]). A
/// segment's 95th percentile over few operations is its slowest, so the bar is where one in a hundred is.
const TAIL: Bps = Bps(9_900);

/// Latencies by what they are latencies of: a market, a service.
#[derive(Clone, Debug)]
pub struct Live<K>(BTreeMap<K, Sketch>);

impl<K> Default for Live<K> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K: Ord> Live<K> {
    /// Counts what was measured, milliseconds, and says what was good and bad before it: nothing is judged by itself.
    pub fn learn(&mut self, of: K, measured: impl Iterator<Item = u32>) -> Option<Band> {
        let sketch = self.0.entry(of).or_default();
        let band = band_of(sketch);
        measured.for_each(|ms| sketch.add(ms));
        if sketch.count() > FADES {
            sketch.fade();
        }
        band
    }

    /// What is good and bad now; `None` as long as too little is known.
    #[must_use]
    pub fn band(&self, of: &K) -> Option<Band> {
        self.0.get(of).and_then(band_of)
    }
}

fn band_of(sketch: &Sketch) -> Option<Band> {
    Band::of(sketch, TAIL, TAIL, LEAST)
}
