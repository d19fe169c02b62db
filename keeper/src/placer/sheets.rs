//! Market sheets: what devices need to make an order, retained in the broker.

use super::Placer;
use super::market;
use caplet_protocol::{MarketId, wire::MarketSheet};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A sheet is said anew at most this often.
const LEAST: Duration = Duration::from_secs(1);

/// What was published last.
#[derive(Default)]
pub(super) struct Sheets {
    last: Mutex<BTreeMap<MarketId, (MarketSheet, Instant)>>,
}

impl Sheets {
    /// Whether a sheet is to be published now; remembers that it was.
    fn is_due(&self, id: MarketId, sheet: &MarketSheet) -> bool {
        let now = Instant::now();
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let due = last
            .get(&id)
            .is_none_or(|(known, at)| known != sheet && now.duration_since(*at) >= LEAST);
        if due {
            last.insert(id, (sheet.clone(), now));
        }
        due
    }
}

impl Placer {
    /// Publishes every sheet that changed.
    pub(super) async fn publish_sheets(&self) {
        for market in market::all(&self.books) {
            let Some(sheet) = self.books.sheet(market.id) else { continue };
            if self.sheets.is_due(market.id, &sheet) {
                self.post.sheet(market.id, &sheet).await;
            }
        }
    }
}
