//! Numbers for paths, as the kernel wants them.

use std::collections::BTreeMap;

/// Paths by number and back; "" is 1, the root.
pub(super) struct Inodes {
    paths: BTreeMap<u64, String>,
    numbers: BTreeMap<String, u64>,
    next: u64,
}

impl Default for Inodes {
    fn default() -> Self {
        Self {
            paths: BTreeMap::from([(1, String::new())]),
            numbers: BTreeMap::from([(String::new(), 1)]),
            next: 2,
        }
    }
}

impl Inodes {
    pub(super) fn path(&self, number: u64) -> Option<String> {
        self.paths.get(&number).cloned()
    }

    pub(super) fn number(&mut self, path: &str) -> u64 {
        if let Some(number) = self.numbers.get(path) {
            return *number;
        }
        let number = self.next;
        self.next = self.next.saturating_add(1);
        self.paths.insert(number, path.to_owned());
        self.numbers.insert(path.to_owned(), number);
        number
    }

    /// A path is no more; its number is not given again.
    pub(super) fn forget(&mut self, path: &str) {
        if let Some(number) = self.numbers.remove(path) {
            self.paths.remove(&number);
        }
    }

    /// A path and all below it have moved.
    pub(super) fn rename(&mut self, from: &str, to: &str) {
        self.forget(to);
        let below = format!("{from}/");
        let moved: Vec<(String, u64)> = self
            .numbers
            .iter()
            .filter(|(path, _)| *path == from || path.starts_with(&below))
            .map(|(path, number)| (path.clone(), *number))
            .collect();
        for (old, number) in moved {
            self.numbers.remove(&old);
            let new = format!("{to}{}", old.get(from.len()..).unwrap_or_default());
            self.paths.insert(number, new.clone());
            self.numbers.insert(new, number);
        }
    }
}
