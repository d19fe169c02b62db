//! A market's supply classes: at most 64 live ones, each in a slot with a count of its open offers.
//!
//! The table (12 bytes a slot: cell u16, latency, throughput, accuracy, reliability, tags u32,
//! attested, 1) is rewritten only when a slot gets another class; the counts (u32 a slot) change with
//! orders. A slot whose count is 0 is free, and keeps its class until another needs it.

use crate::{OrderError, keys};
use caplet_api::auction::MAX_CLASSES;
use caplet_clearing::Class;
use caplet_protocol::{CellId, ClassSlot, MarketId};
use cosmwasm_std::{StdError, StdResult, Storage};
use std::cmp::Reverse;

const WIDTH: usize = 12;

/// The classes of one market, as one message sees and changes them.
pub(crate) struct Classes {
    market: MarketId,
    table: Vec<Class>,
    counts: Vec<u32>,
    table_changed: bool,
    counts_changed: bool,
}

impl Classes {
    /// Reads them.
    pub(crate) fn load(storage: &dyn Storage, market: MarketId) -> StdResult<Self> {
        let table = storage.get(&keys::class_table(market)).unwrap_or_default();
        let table = table.chunks(WIDTH).map(decode).collect::<StdResult<Vec<_>>>()?;
        let counts = storage.get(&keys::class_counts(market)).unwrap_or_default();
        let mut counts = counts.chunks(4).map(count).collect::<StdResult<Vec<_>>>()?;
        counts.resize(table.len(), 0);
        Ok(Self { market, table, counts, table_changed: false, counts_changed: false })
    }

    /// The slot an offer of `class` goes to, with room for it counted: its own class; a free slot; or,
    /// with none free, the best live class that it dominates.
    pub(crate) fn enter(&mut self, class: Class) -> Result<ClassSlot, OrderError> {
        let at = match self.own(&class).or_else(|| self.free()) {
            Some(at) => at,
            None => self.dominated(&class).ok_or(OrderError::NoClass)?,
        };
        self.take(at, class)?;
        let slot = u8::try_from(at).map_err(|_| OrderError::NoClass)?;
        Ok(ClassSlot(slot))
    }

    fn own(&self, class: &Class) -> Option<usize> {
        self.table.iter().position(|other| other == class)
    }

    fn free(&self) -> Option<usize> {
        let fresh = (self.table.len() < MAX_CLASSES).then_some(self.table.len());
        fresh.or_else(|| self.counts.iter().position(|count| *count == 0))
    }

    fn dominated(&self, class: &Class) -> Option<usize> {
        let rank = |at: usize, c: &Class| {
            let tags = c.tags.count_ones();
            (c.reliability, c.latency, c.throughput, c.accuracy, c.attested, tags, Reverse(at))
        };
        let candidates = self.table.iter().enumerate().filter(|(_, other)| class.dominates(other));
        candidates.max_by_key(|(at, other)| rank(*at, other)).map(|(at, _)| at)
    }

    /// Counts one more offer in a slot, and puts the class there if the slot was free.
    fn take(&mut self, at: usize, class: Class) -> Result<(), OrderError> {
        if at == self.table.len() {
            self.table.push(class);
            self.counts.push(0);
            self.table_changed = true;
        }
        let lost = || StdError::msg("the class counts do not fit the class table");
        let count = self.counts.get_mut(at).ok_or_else(lost)?;
        let held = self.table.get_mut(at).ok_or_else(lost)?;
        if *count == 0 && *held != class {
            *held = class;
            self.table_changed = true;
        }
        *count = count.checked_add(1).ok_or_else(lost)?;
        self.counts_changed = true;
        Ok(())
    }

    /// Counts one offer less in a slot.
    pub(crate) fn leave(&mut self, slot: u8) -> StdResult<()> {
        let count = self.counts.get_mut(usize::from(slot));
        let left = count.as_ref().and_then(|count| count.checked_sub(1));
        match (count, left) {
            (Some(count), Some(left)) => *count = left,
            _ => return Err(StdError::msg("an offer ended in a class that counts none")),
        }
        self.counts_changed = true;
        Ok(())
    }

    /// The class in a slot.
    pub(crate) fn get(&self, slot: u8) -> Option<Class> {
        self.table.get(usize::from(slot)).copied()
    }

    /// Every slot with its class and the number of its open offers.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u8, Class, u32)> {
        (0..=u8::MAX)
            .zip(self.table.iter().zip(&self.counts))
            .map(|(at, (class, n))| (at, *class, *n))
    }

    /// Stores what changed.
    pub(crate) fn flush(self, storage: &mut dyn Storage) {
        if self.table_changed {
            let bytes: Vec<u8> = self.table.iter().flat_map(encode).collect();
            storage.set(&keys::class_table(self.market), &bytes);
        }
        if self.counts_changed {
            let bytes: Vec<u8> = self.counts.iter().flat_map(|count| count.to_be_bytes()).collect();
            storage.set(&keys::class_counts(self.market), &bytes);
        }
    }
}

fn encode(class: &Class) -> [u8; WIDTH] {
    let ([c0, c1], [t0, t1, t2, t3]) = (class.cell.0.to_be_bytes(), class.tags.to_be_bytes());
    let Class { latency, throughput, accuracy, reliability, attested, .. } = *class;
    [c0, c1, latency, throughput, accuracy, reliability, t0, t1, t2, t3, u8::from(attested), 1]
}

/// A class as the table keeps it.
pub(crate) fn bytes(class: Class) -> Vec<u8> {
    encode(&class).to_vec()
}

/// The class of [`bytes`].
pub(crate) fn decode(bytes: &[u8]) -> StdResult<Class> {
    match *bytes {
        [c0, c1, latency, throughput, accuracy, reliability, t0, t1, t2, t3, attested, 1] => {
            Ok(Class {
                cell: CellId(u16::from_be_bytes([c0, c1])),
                latency,
                throughput,
                accuracy,
                reliability,
                tags: u32::from_be_bytes([t0, t1, t2, t3]),
                attested: attested == 1,
            })
        }
        _ => Err(StdError::msg("the class table is of another version")),
    }
}

fn count(bytes: &[u8]) -> StdResult<u32> {
    let bytes = bytes.try_into().map_err(|_| StdError::msg("the class counts are damaged"))?;
    Ok(u32::from_be_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use cosmwasm_std::testing::MockStorage;

    const MARKET: MarketId = MarketId(1);

    fn class(reliability: u8, tags: u32) -> Class {
        Class {
            cell: CellId(1),
            latency: 0,
            throughput: 0,
            accuracy: 0,
            reliability,
            tags,
            attested: false,
        }
    }

    fn reload(storage: &mut MockStorage, classes: Classes) -> Classes {
        classes.flush(storage);
        Classes::load(storage, MARKET).unwrap()
    }

    #[test]
    fn offers_of_one_class_share_a_slot_that_frees_when_all_are_gone() {
        let mut storage = MockStorage::new();
        let mut classes = Classes::load(&storage, MARKET).unwrap();
        assert_eq!(classes.enter(class(1, 0)).unwrap(), ClassSlot(0));
        assert_eq!(classes.enter(class(2, 0)).unwrap(), ClassSlot(1));
        assert_eq!(classes.enter(class(1, 0)).unwrap(), ClassSlot(0));
        let mut classes = reload(&mut storage, classes);
        assert_eq!(classes.get(1), Some(class(2, 0)));
        classes.leave(1).unwrap();
        assert!(classes.leave(1).is_err());
        let classes = reload(&mut storage, classes);
        assert_eq!(classes.iter().map(|(_, _, n)| n).collect::<Vec<_>>(), [2, 0]);
    }

    #[test]
    fn beyond_sixty_four_an_offer_snaps_down_to_the_best_class_it_dominates() {
        let mut classes = Classes::load(&MockStorage::new(), MARKET).unwrap();
        for tags in 0..64 {
            classes.enter(class(u8::from(tags == 5), tags)).unwrap();
        }
        // it has bits 0 and 2 and reliability 1: 5 is of reliability 1 too, 0, 1, 4 are dominated but lesser
        assert_eq!(classes.enter(class(1, 0b1000_0101)).unwrap(), ClassSlot(5));
        assert!(matches!(
            classes.enter(Class { cell: CellId(9), ..class(7, u32::MAX) }),
            Err(OrderError::NoClass)
        ));
        classes.leave(9).unwrap();
        let late = Class { cell: CellId(9), ..class(7, 1) };
        assert_eq!(classes.enter(late).unwrap(), ClassSlot(9));
        assert_eq!(classes.get(9), Some(late));
    }
}
