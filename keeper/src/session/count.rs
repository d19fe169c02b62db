//! What a local provider has served on each lease, on disk.

use crate::store::Store;
use caplet_metering::{Allowed, Rates};
use caplet_protocol::{Bps, LeaseId};
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
    /// Vouchers in a row whose count differed by more than tolerated; from [`STRIKES`] on nothing is served any more.
    pub(super) mismatches: u32,
    /// Units served that the consumer did not count and that were let go, cumulative: all that is tolerated.
    pub(super) forgiven: u64,
    /// Rates that were agreed to.
    pub(super) rates: Rates,
}

/// Vouchers in a row whose count may differ: the last one ends service (`PROTOCOL.md` 4).
pub(super) const STRIKES: u32 = 3;

fn read(c: &Connection, lease: LeaseId) -> rusqlite::Result<Count> {
    let found = c
        .prepare_cached(
            "SELECT units, operations, reported, mismatches, rates, forgiven FROM served WHERE lease = ?1",
        )?
        .query_row([lease.0.to_be_bytes()], |row| {
            Ok(Count {
                units: u64::from_be_bytes(row.get(0)?),
                operations: u64::from_be_bytes(row.get(1)?),
                reported: u64::from_be_bytes(row.get(2)?),
                mismatches: row.get(3)?,
                rates: rates(row.get(4)?)?,
                forgiven: row.get::<_, Option<_>>(5)?.map_or(0, u64::from_be_bytes),
            })
        })
        .optional()?;
    Ok(found.unwrap_or_default())
}

fn rates(kept: Option<Vec<u8>>) -> rusqlite::Result<Rates> {
    let Some(kept) = kept else { return Ok(Rates::default()) };
    let wrong =
        || rusqlite::Error::InvalidColumnType(4, "rates".into(), rusqlite::types::Type::Blob);
    Rates::decode(&kept).ok_or_else(wrong)
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
            "INSERT INTO served (lease, units, operations, reported, mismatches, rates, forgiven)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT (lease) DO UPDATE SET
                 units = ?2, operations = ?3, reported = ?4, mismatches = ?5, rates = ?6, forgiven = ?7",
            params![
                lease.0.to_be_bytes(),
                count.units.to_be_bytes(),
                count.operations.to_be_bytes(),
                count.reported.to_be_bytes(),
                count.mismatches,
                count.rates.encode(),
                count.forgiven.to_be_bytes(),
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

    /// Whether the schedule may give that rate from unit `from` on, which is no more than a segment ahead: one far ahead
    /// would keep the rate before it for as long.
    pub(super) fn is_given(&self, allowed: &Allowed, segment: u64, from: u64, rate: Bps) -> bool {
        from <= self.units.saturating_add(segment)
            && allowed.allows(&self.rates, segment, from, rate)
    }

    /// The rate at which the consumer signs from unit `from` on. What the schedule gives is agreed to; of anything else
    /// nothing changes: what is withheld stays owed. Whether it is agreed to.
    pub(super) fn agree_to(
        &mut self,
        allowed: &Allowed,
        segment: u64,
        from: u64,
        rate: Bps,
    ) -> bool {
        self.is_given(allowed, segment, from, rate) && self.switch(from, rate)
    }

    /// Holds to a rate for what is served from here on, whatever the consumer signs; false if a switch that was agreed to
    /// is still ahead.
    pub(super) fn insist(&mut self, rate: Bps) -> bool {
        self.switch(self.units, rate)
    }

    fn switch(&mut self, from: u64, rate: Bps) -> bool {
        let switched = self.rates.switched(self.units, from, rate);
        self.rates = switched.unwrap_or(self.rates);
        switched.is_some()
    }

    /// The consumer's count, with a voucher that pays more than any before. What was served since the last voucher may be
    /// on its way still, so only what was served before counts against it. What is missing within the tolerance of the
    /// whole lease is let go, once; more stays owed, and service waits for a voucher that counts it. Returns whether the
    /// counts differ by more than is tolerated.
    pub(super) fn agree(&mut self, consumer: u64) -> bool {
        let missing = self.reported.saturating_sub(consumer);
        let forgiven = self.forgiven.saturating_add(missing);
        let differs = missing > 0 && forgiven > tolerance(self.reported);
        if differs {
            self.mismatches = self.mismatches.saturating_add(1);
        } else {
            self.forgiven = forgiven;
            self.units = self.units.saturating_sub(missing);
            self.mismatches = if self.is_over() { self.mismatches } else { 0 };
        }
        self.units = self.units.max(consumer);
        self.reported = self.units;
        differs
    }

    /// Whether the counts differed too often for anything more to be served.
    pub(super) const fn is_over(&self) -> bool {
        self.mismatches >= STRIKES
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
        assert!(count.agree(before - 5), "five of 315 are more than a hundredth");
        assert_eq!((count.units, count.mismatches), (before, 1), "they stay owed");
        assert!(!count.agree(before));
        assert_eq!(
            (count.units, count.mismatches),
            (before, 0),
            "a count that has them is agreed to"
        );
    }

    #[test]
    fn no_more_is_let_go_than_is_tolerated_of_the_whole_lease() {
        let (mut count, mut says) = (Count::default(), 0);
        for _ in 0..200 {
            count.add(10);
            says += 9;
            count.agree(says);
        }
        assert!(count.forgiven <= tolerance(2_000), "{} of 2,000 are forgiven", count.forgiven);
        assert_eq!(count.units + count.forgiven, 2_000, "what is not forgiven is owed");
        assert!(count.is_over(), "a consumer that always counts less is served no more");
    }

    #[test]
    fn three_differences_in_a_row_end_service_for_good() {
        let mut count = Count::default();
        count.add(100);
        assert!(!count.agree(100));
        for strike in 1..=STRIKES {
            count.add(100);
            assert!(!count.is_over());
            assert!(count.agree(u64::from(strike)), "nearly all of it is missing");
        }
        assert!(count.is_over());
        assert!(!count.agree(count.units));
        assert!(count.is_over(), "a right count later is paid, and serves nothing");
    }

    #[test]
    fn rates_that_the_schedule_gives_are_agreed_to_and_survive() {
        let store = Store::in_memory(&[crate::session::TABLES]).unwrap();
        let lease = LeaseId(3);
        let allowed = Allowed { floor: Bps(5_000), step: Bps(2_500) };
        let agree = |from, rate| {
            change(&store, lease, |count| count.agree_to(&allowed, 10, from, Bps(rate))).unwrap()
        };
        change(&store, lease, |count| count.add(10)).unwrap();
        assert!(!agree(10, 7_000), "more than a step");
        assert!(agree(10, 7_500));
        assert!(agree(10, 7_500), "said again with every call");
        assert!(!agree(15, 5_000), "before the segment is over");
        let rates = get(&store, lease).unwrap().rates;
        assert_eq!((rates.switch, rates.next), (10, Bps(7_500)));
        change(&store, lease, |count| count.add(10)).unwrap();
        assert!(agree(20, 10_000), "it rises at once");
        assert!(!agree(30, 4_000), "under the floor");
        assert!(!agree(31, 10_000), "more than a segment ahead");
        assert!(agree(30, 9_000));
        let insist = |rate| change(&store, lease, |count| count.insist(Bps(rate))).unwrap();
        assert!(!insist(10_000), "a switch is ahead");
        change(&store, lease, |count| count.add(12)).unwrap();
        assert!(insist(10_000));
        let rates = get(&store, lease).unwrap().rates;
        assert_eq!((rates.switch, rates.next), (32, Bps(10_000)));
        assert_eq!(rates.off(32), 10 * 2_500 + 2 * 1_000, "what was agreed to stays so");
    }

    #[test]
    fn a_consumer_that_counts_more_is_believed() {
        let mut count = Count::default();
        count.add(3);
        assert!(!count.agree(9));
        assert_eq!(count.units, 9);
    }
}
