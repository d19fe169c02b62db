//! Record pages of this contract: read once, changed in memory, written once.
//!
//! A page costs 4,254 gas and 33 a byte to read and write (`MECHANISMS.md` 9), so a message that
//! touches many records loads each page once and flushes at its end.

use caplet_api::layout::Pages;
use cosmwasm_std::{StdError, StdResult, Storage};
use std::collections::BTreeMap;

struct Loaded {
    bytes: Vec<u8>,
    dirty: bool,
}

/// Pages of one kind under one sub-key, as one message sees and changes them.
///
/// Nothing is stored before [`PageSet::flush`]: two sets over the same pages must not live at once.
pub struct PageSet {
    pages: Pages,
    sub: Vec<u8>,
    loaded: BTreeMap<u32, Loaded>,
}

impl PageSet {
    /// No page loaded yet.
    #[must_use]
    pub fn new(pages: Pages, sub: &[u8]) -> Self {
        Self { pages, sub: sub.to_vec(), loaded: BTreeMap::new() }
    }

    fn page(&mut self, storage: &dyn Storage, page: u32) -> &mut Loaded {
        let (pages, sub) = (&self.pages, &self.sub);
        self.loaded.entry(page).or_insert_with(|| Loaded {
            bytes: pages.records(storage.get(&pages.key(sub, page)).unwrap_or_default()),
            dirty: false,
        })
    }

    /// Bytes of the record at `place` of `page`; shorter than a record, or empty, past the page's end.
    pub fn read(&mut self, storage: &dyn Storage, page: u32, place: u32) -> &[u8] {
        let pages = self.pages;
        pages.slice(&self.page(storage, page).bytes, place)
    }

    /// Bytes of record `index`, counted through all pages.
    pub fn get(&mut self, storage: &dyn Storage, index: u32) -> &[u8] {
        let (page, place) = self.pages.locate(index);
        self.read(storage, page, place)
    }

    /// Replaces the record at `place` of `page`; the page grows as needed.
    ///
    /// # Errors
    /// If the record is not of the pages' width or the place is outside a page.
    pub fn write(
        &mut self,
        storage: &dyn Storage,
        page: u32,
        place: u32,
        record: &[u8],
    ) -> StdResult<()> {
        let pages = self.pages;
        if record.len() != pages.width || place >= pages.per_page {
            return Err(StdError::msg("a record does not fit its page"));
        }
        let start = usize::try_from(place)
            .ok()
            .and_then(|place| place.checked_mul(pages.width))
            .ok_or_else(|| StdError::msg("a record does not fit its page"))?;
        let end = start.saturating_add(pages.width);
        let loaded = self.page(storage, page);
        if loaded.bytes.len() < end {
            loaded.bytes.resize(end, 0);
        }
        if let Some(slot) = loaded.bytes.get_mut(start..end)
            && slot != record
        {
            slot.copy_from_slice(record);
            loaded.dirty = true;
        }
        Ok(())
    }

    /// Replaces record `index`, counted through all pages.
    ///
    /// # Errors
    /// As [`PageSet::write`].
    pub fn put(&mut self, storage: &dyn Storage, index: u32, record: &[u8]) -> StdResult<()> {
        let (page, place) = self.pages.locate(index);
        self.write(storage, page, place, record)
    }

    /// Stores every page that changed; a page of zeros only is removed.
    pub fn flush(self, storage: &mut dyn Storage) {
        for (page, loaded) in self.loaded {
            if !loaded.dirty {
                continue;
            }
            let key = self.pages.key(&self.sub, page);
            match self.pages.stored(&loaded.bytes) {
                nothing if nothing.is_empty() => storage.remove(&key),
                bytes => storage.set(&key, &bytes),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cosmwasm_std::testing::MockStorage;
    use proptest::prelude::*;

    const TEST: Pages = Pages { prefix: 0xF0, per_page: 4, width: 3, compact: true };

    proptest! {
        #[test]
        fn pages_behave_as_one_long_array(writes in proptest::collection::vec((0u32..40, any::<[u8; 3]>(), any::<bool>()), 0..60)) {
            let mut storage = MockStorage::new();
            let mut model = BTreeMap::new();
            let mut set = PageSet::new(TEST, b"s");
            for (index, record, flush) in writes {
                set.put(&storage, index, &record).unwrap();
                model.insert(index, record);
                if flush {
                    set.flush(&mut storage);
                    set = PageSet::new(TEST, b"s");
                }
            }
            for index in 0..40 {
                let mut got = set.get(&storage, index).to_vec();
                got.resize(3, 0);
                prop_assert_eq!(got, model.get(&index).copied().unwrap_or_default().to_vec());
            }
        }
    }

    #[test]
    fn what_is_not_flushed_is_not_stored_and_zeros_leave_nothing() {
        let mut storage = MockStorage::new();
        let mut set = PageSet::new(TEST, b"");
        set.put(&storage, 1, &[1, 2, 3]).unwrap();
        assert_eq!(storage.get(&TEST.key(b"", 0)), None);
        set.flush(&mut storage);
        assert_eq!(storage.get(&TEST.key(b"", 0)), Some(vec![0, 0, 0, 1, 2, 3]));
        let mut set = PageSet::new(TEST, b"");
        set.put(&storage, 1, &[0, 0, 0]).unwrap();
        set.flush(&mut storage);
        assert_eq!(storage.get(&TEST.key(b"", 0)), None);
    }

    #[test]
    fn a_record_of_another_width_is_refused() {
        let storage = MockStorage::new();
        assert!(PageSet::new(TEST, b"").put(&storage, 0, &[1]).is_err());
        assert!(PageSet::new(TEST, b"").write(&storage, 0, 4, &[1, 2, 3]).is_err());
    }
}
