//! What is kept of each lease while it goes on.

use std::collections::BTreeMap;

/// Entries from which on those that are over are looked for.
const MANY: usize = 4_096;

/// Something by lease, lane or side of a lease. It has no more room than twice what goes on takes, and never forgets that,
/// however many there are.
#[derive(Debug)]
pub struct Living<K, V> {
    all: BTreeMap<K, V>,
    /// Entries that were left when those that are over were forgotten last.
    left: usize,
}

impl<K, V> Default for Living<K, V> {
    fn default() -> Self {
        Self { all: BTreeMap::new(), left: 0 }
    }
}

impl<K: Ord, V: Default> Living<K, V> {
    /// What is kept, if anything is.
    #[must_use]
    pub fn get(&self, key: &K) -> Option<&V> {
        self.all.get(key)
    }

    /// What is kept, or a new one. Each time that they have doubled, those that do not go on are forgotten.
    pub fn of(&mut self, key: K, goes_on: impl Fn(&K, &V) -> bool) -> &mut V {
        if self.all.len() >= self.left.saturating_mul(2).max(MANY) {
            self.all.retain(|key, value| goes_on(key, value));
            self.left = self.all.len();
        }
        self.all.entry(key).or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_on_is_kept_however_much_and_the_rest_takes_no_more_room_than_it() {
        let mut all = Living::<u64, u64>::default();
        let goes_on = |key: &u64, _: &u64| !key.is_multiple_of(10);
        for key in 1..=30_000 {
            *all.of(key, goes_on) = key;
        }
        assert!((1..=30_000).filter(|key| key % 10 != 0).all(|key| all.get(&key) == Some(&key)));
        assert!((1..=3_000).filter(|key| key % 10 == 0).all(|key| all.get(&key).is_none()));
        // nothing goes on: what is left is soon no more than the least
        for key in 30_001..=100_000 {
            all.of(key, |_, _| false);
        }
        assert!(all.all.len() <= MANY, "{} are kept", all.all.len());
    }
}
