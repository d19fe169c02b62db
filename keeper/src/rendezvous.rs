//! Who goes first when several keepers could do the same work: rendezvous hashing (Thaler and
//! Ravishankar 1998), so that every keeper computes the same order without asking the others.
//! Nothing depends on it: the chain is the referee, and whoever is not there is waited for in vain
//! for a few blocks only.

use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

/// A keeper further back than this goes when the one at this place would.
const MAX_PLACE: u64 = 3;

/// The place of `me` among `keepers` for a piece of work: 0 goes first. `me` need not be listed.
pub(crate) fn place<'a>(work: &[u8], me: &str, keepers: impl IntoIterator<Item = &'a str>) -> u64 {
    let mine = weight(work, me);
    let before = keepers.into_iter().filter(|keeper| *keeper != me && weight(work, keeper) > mine);
    u64::try_from(before.count()).unwrap_or(u64::MAX).min(MAX_PLACE)
}

fn weight(work: &[u8], keeper: &str) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(u64::try_from(work.len()).unwrap_or(u64::MAX).to_be_bytes());
    hash.update(work);
    hash.update(keeper.as_bytes());
    hash.finalize().into()
}

/// When pieces of work were first seen to be due, so that waiting starts there. Forgets what is no
/// longer due.
#[derive(Debug)]
pub(crate) struct Queue {
    seen: BTreeMap<Vec<u8>, u64>,
}

impl Queue {
    /// Nothing seen yet.
    pub(crate) const fn new() -> Self {
        Self { seen: BTreeMap::new() }
    }

    /// Whether it is this keeper's turn at `height`, `patience` blocks for each place before it.
    pub(crate) fn is_due(&mut self, work: &[u8], height: u64, place: u64, patience: u64) -> bool {
        let since = *self.seen.entry(work.to_vec()).or_insert(height);
        height.saturating_sub(since) >= place.saturating_mul(patience)
    }

    /// Keeps only what is still due.
    pub(crate) fn retain(&mut self, due: impl Fn(&[u8]) -> bool) {
        self.seen.retain(|work, _| due(work));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keepers_agree_on_one_order_and_share_the_work() {
        let keepers = ["wasm1a", "wasm1b", "wasm1c"];
        let mut first = BTreeMap::new();
        for epoch in 0u32..300 {
            let work = epoch.to_be_bytes();
            let mut places: Vec<_> =
                keepers.iter().map(|me| (place(&work, me, keepers), *me)).collect();
            places.sort();
            assert_eq!(places.iter().map(|(place, _)| *place).collect::<Vec<_>>(), [0, 1, 2]);
            *first.entry(places[0].1).or_insert(0) += 1;
        }
        assert!(first.values().all(|times| *times > 50), "{first:?}");
    }

    #[test]
    fn a_stranger_and_a_crowd_do_not_wait_for_ever() {
        let crowd: Vec<String> = (0..500).map(|i| format!("wasm1{i}")).collect();
        let all = crowd.iter().map(String::as_str);
        assert!(place(b"work", "wasm1me", all) <= MAX_PLACE);
        assert_eq!(place(b"work", "wasm1me", []), 0);
    }

    #[test]
    fn the_second_waits_its_blocks_from_when_the_work_was_due() {
        let mut queue = Queue::new();
        assert!(queue.is_due(b"a", 10, 0, 2));
        assert!(!queue.is_due(b"b", 10, 1, 2));
        assert!(!queue.is_due(b"b", 11, 1, 2));
        assert!(queue.is_due(b"b", 12, 1, 2));
        queue.retain(|work| work == b"a");
        assert!(!queue.is_due(b"b", 13, 1, 2));
    }
}
