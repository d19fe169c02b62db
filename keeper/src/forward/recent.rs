//! What markets were worth lately, as this keeper saw it.

use caplet_protocol::MarketId;
use std::collections::{BTreeMap, VecDeque};

/// Marks that are remembered of a market.
const KEPT: usize = 64;

/// Marks by market, one a slot: the mark is the median of clearing prices already, so one a block would count the same
/// trades over and over.
#[derive(Clone, Debug, Default)]
pub(super) struct Recent(BTreeMap<MarketId, VecDeque<(u64, u64)>>);

impl Recent {
    /// Notes the mark of a slot; the latest of a slot counts.
    pub(super) fn note(&mut self, market: MarketId, slot: u64, mark: u64) {
        let marks = self.0.entry(market).or_default();
        match marks.back_mut() {
            Some(last) if last.0 == slot => last.1 = mark,
            _ => marks.push_back((slot, mark)),
        }
        if marks.len() > KEPT {
            marks.pop_front();
        }
    }

    /// The marks of a market, the oldest first.
    pub(super) fn of(&self, market: MarketId) -> Vec<u64> {
        self.0.get(&market).into_iter().flatten().map(|(_, mark)| *mark).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_mark_a_slot_is_remembered_and_the_oldest_go() {
        let mut recent = Recent::default();
        recent.note(MarketId(1), 5, 10);
        recent.note(MarketId(1), 5, 12);
        recent.note(MarketId(1), 6, 20);
        assert_eq!(recent.of(MarketId(1)), [12, 20]);
        assert!(recent.of(MarketId(2)).is_empty());
        (7..200).for_each(|slot| recent.note(MarketId(1), slot, slot));
        let marks = recent.of(MarketId(1));
        assert_eq!((marks.len(), marks.last()), (KEPT, Some(&199)));
    }
}
