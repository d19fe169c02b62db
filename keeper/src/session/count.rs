//! What a local provider has served on each lease, on disk.

use crate::store::Store;
use caplet_protocol::LeaseId;
use rusqlite::{Connection, OptionalExtension as _, params};

/// Counts of a lease's provider side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Count {
    /// Units served and not disowned by the consumer, cumulative.
    pub(super) units: u64,
    /// Calls served, cumulative.
    pub(super) operations: u64,
    /// Units served when the last voucher came: what the next one must not forget.
    pub(super) reported: u64,
    /// Vouchers in a row whose count differed.
    pub(super) mismatches: u32,
}

fn read(c: &Connection, lease: LeaseId) -> rusqlite::Result<Count> {
    let found = c
        .prepare_cached(
            "SELECT units, operations, reported, mismatches FROM served WHERE lease = ?1",
        )?
        .query_row([lease.0.to_be_bytes()], |row| {
            Ok(Count {
                units: u64::from_be_bytes(row.get(0)?),
                operations: u64::from_be_bytes(row.get(1)?),
                reported: u64::from_be_bytes(row.get(2)?),
                mismatches: row.get(3)?,
            })
        })
        .optional()?;
    Ok(found.unwrap_or_default())
}

/// The counts of a lease.
pub(super) fn get(store: &Store, lease: LeaseId) -> anyhow::Result<Count> {
    store.read(|c| read(c, lease))
}

/// Changes the counts of a lease; durable when it returns.
pub(super) fn change<T>(
    store: &Store,
    lease: LeaseId,
    change: impl FnOnce(&mut Count) -> T,
) -> anyhow::Result<T> {
    store.write(|tx| {
        let mut count = read(tx, lease)?;
        let out = change(&mut count);
        tx.execute(
            "INSERT INTO served (lease, units, operations, reported, mismatches)
             VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (lease) DO UPDATE SET
                 units = ?2, operations = ?3, reported = ?4, mismatches = ?5",
            params![
                lease.0.to_be_bytes(),
                count.units.to_be_bytes(),
                count.operations.to_be_bytes(),
                count.reported.to_be_bytes(),
                count.mismatches,
            ],
        )?;
        Ok(out)
    })
}

/// Units by which counts may differ: one, or a hundredth.
const fn tolerance(units: u64) -> u64 {
    let share = units / 100;
    if share > 1 { share } else { 1 }
}

impl Count {
    /// A served call.
    pub(super) fn add(&mut self, units: u64) {
        self.units = self.units.saturating_add(units);
        self.operations = self.operations.saturating_add(1);
    }

    /// The consumer's count, with a voucher. What was served since the last voucher may be on its way
    /// still, so only what was served before counts against it. The provider's count becomes the
    /// consumer's where that is lower, so that a difference is argued about once. Returns whether the
    /// counts differ by more than is tolerated.
    pub(super) fn agree(&mut self, consumer: u64) -> bool {
        let missing = self.reported.saturating_sub(consumer);
        let differs = missing > tolerance(self.reported);
        self.mismatches = if differs { self.mismatches.saturating_add(1) } else { 0 };
        self.units = self.units.saturating_sub(missing).max(consumer);
        self.reported = self.units;
        differs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_survive_and_only_grow_by_what_is_served() {
        let store = Store::in_memory(&[crate::session::TABLES]).unwrap();
        let lease = LeaseId(u64::MAX);
        assert_eq!(get(&store, lease).unwrap(), Count::default());
        change(&store, lease, |count| count.add(5)).unwrap();
        change(&store, lease, |count| count.add(2)).unwrap();
        let count = get(&store, lease).unwrap();
        assert_eq!((count.units, count.operations), (7, 2));
        assert_eq!(get(&store, LeaseId(1)).unwrap(), Count::default());
    }

    #[test]
    fn what_is_on_its_way_is_no_difference_and_what_was_vouched_over_before_is() {
        let mut count = Count::default();
        count.add(10);
        assert!(!count.agree(8), "two units may be on their way");
        count.add(5);
        assert!(!count.agree(14), "one of 10 is tolerated and none is missing");
        count.add(300);
        assert!(!count.agree(300));
        let before = count.units;
        assert!(count.agree(before - 5), "five of 300 are more than a hundredth");
        assert_eq!((count.units, count.mismatches), (before - 5, 1));
        assert!(!count.agree(count.units));
        assert_eq!(count.mismatches, 0);
    }

    #[test]
    fn a_consumer_that_counts_more_is_believed() {
        let mut count = Count::default();
        count.add(3);
        assert!(!count.agree(9));
        assert_eq!(count.units, 9);
    }
}
