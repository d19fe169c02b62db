//! Chunks that were read or written lately, opened.

use super::Id;
use std::collections::{BTreeMap, VecDeque};

/// Bytes kept.
const MOST: usize = 32 << 20;

/// Forgets what came first.
#[derive(Default)]
pub(super) struct Cache {
    kept: BTreeMap<Id, Vec<u8>>,
    order: VecDeque<Id>,
    bytes: usize,
}

impl Cache {
    pub(super) fn get(&self, id: &Id) -> Option<Vec<u8>> {
        self.kept.get(id).cloned()
    }

    pub(super) fn put(&mut self, id: Id, chunk: Vec<u8>) {
        self.bytes = self.bytes.saturating_add(chunk.len());
        match self.kept.insert(id, chunk) {
            Some(same) => self.bytes = self.bytes.saturating_sub(same.len()),
            None => self.order.push_back(id),
        }
        while self.bytes > MOST {
            let Some(first) = self.order.pop_front() else { return };
            let gone = self.kept.remove(&first).map_or(0, |chunk| chunk.len());
            self.bytes = self.bytes.saturating_sub(gone);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_last_is_kept_up_to_a_limit() {
        let mut cache = Cache::default();
        for at in 0..70u8 {
            cache.put([at; 32], vec![at; 1 << 20]);
            cache.put([at; 32], vec![at; 1 << 20]);
        }
        assert_eq!((cache.bytes, cache.kept.len(), cache.order.len()), (MOST, 32, 32));
        assert_eq!(cache.get(&[37; 32]), None);
        assert_eq!(cache.get(&[38; 32]).unwrap(), vec![38; 1 << 20]);
    }
}
