//! What one device has promised of one market: open offers and running leases.

use caplet_api::layout::CapacityRecord;

/// Ends of running leases that are told apart.
const ENDS: usize = 3;

/// A device on a market's ledger. All times in Unix seconds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Entry {
    /// Lots at a time; 0: not on the ledger.
    pub(super) capacity: u16,
    /// Lots of open offers.
    pub(super) open: u16,
    /// Until when leases of open offers may run at the latest; 0 without any.
    pub(super) until: u32,
    /// End and lots of running leases, latest last, at most [`ENDS`].
    leases: Vec<(u32, u16)>,
}

impl Entry {
    /// The entry of a record as of `now`: leases that are over count no more.
    pub(super) fn decode(record: &[u8], now: u64) -> Self {
        let r = CapacityRecord::decode(record);
        let leases = [(r.end_a, r.lots_a), (r.end_b, r.lots_b), (r.end_c, r.lots_c)];
        let running = |lease: &(u32, u16)| u64::from(lease.0) > now && lease.1 > 0;
        let leases = leases.into_iter().filter(running).collect();
        Self { capacity: r.capacity, open: r.open, until: r.until, leases }
    }

    /// The record of the entry.
    pub(super) fn encode(&self) -> [u8; CapacityRecord::LEN] {
        let at = |i| self.leases.get(i).copied().unwrap_or_default();
        let ((end_a, lots_a), (end_b, lots_b), (end_c, lots_c)) = (at(0), at(1), at(2));
        let Self { capacity, open, until, .. } = *self;
        CapacityRecord { capacity, open, until, end_a, lots_a, end_b, lots_b, end_c, lots_c }
            .encode()
    }

    /// Lots of leases that run beyond a moment.
    pub(super) fn leased(&self, beyond: u64) -> u32 {
        let running = self.leases.iter().filter(|(end, _)| u64::from(*end) > beyond);
        running.map(|(_, lots)| u32::from(*lots)).sum() // a few 16-bit numbers
    }

    /// Lots that open offers and leases may hold at some time from `from` on.
    pub(super) fn promised(&self, from: u64) -> u32 {
        let open = if from < u64::from(self.until) { self.open } else { 0 };
        self.leased(from).saturating_add(open.into())
    }

    /// Offers lots for leases that end by `until` at the latest; `None` past 16 bits.
    pub(super) fn offer(&mut self, lots: u32, until: u32) -> Option<()> {
        self.open = u16::try_from(u32::from(self.open).checked_add(lots)?).ok()?;
        self.until = self.until.max(until);
        Some(())
    }

    /// Takes lots out of the open ones; `None` if they are not there.
    pub(super) fn withdraw(&mut self, lots: u32) -> Option<()> {
        self.open = u16::try_from(u32::from(self.open).checked_sub(lots)?).ok()?;
        if self.open == 0 {
            self.until = 0;
        }
        Some(())
    }

    /// Notes a lease that begins now: it ends no earlier than those that run. `None` past 16 bits.
    pub(super) fn lease(&mut self, end: u32, lots: u16) -> Option<()> {
        let full = self.leases.len() >= ENDS;
        match self.leases.last_mut() {
            Some(last) if full || last.0 >= end => {
                last.0 = last.0.max(end);
                last.1 = last.1.checked_add(lots)?;
            }
            _ => self.leases.push((end, lots)),
        }
        Some(())
    }

    /// Returns lots of a lease that would have ended at `end`, those that were added to it too; `None` if so many are
    /// not held. What stays is what ends last.
    pub(super) fn give_back(&mut self, end: u32, lots: u16) -> Option<()> {
        let ends_then = |(other, _): &&mut (u32, u16)| *other >= end;
        let mut left = lots;
        for held in self.leases.iter_mut().filter(ends_then) {
            let taken = held.1.min(left);
            held.1 = held.1.saturating_sub(taken);
            left = left.saturating_sub(taken);
        }
        self.leases.retain(|(_, lots)| *lots > 0);
        (left == 0).then_some(())
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)] // small numbers
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn lots_come_free_late_rather_than_early(leases in prop::collection::vec((1u64..40, 1u16..9), 1..20)) {
            let (mut entry, mut now, mut all) = (Entry::default(), 1_000u64, Vec::new());
            for (step, lots) in leases {
                now += step;
                entry = Entry::decode(&entry.encode(), now);
                let end = now + 100;
                entry.lease(u32::try_from(end).unwrap(), lots).unwrap();
                all.push((end, lots));
                for later in now..now + 120 {
                    let running: u32 =
                        all.iter().filter(|(end, _)| *end > later).map(|(_, l)| u32::from(*l)).sum();
                    prop_assert!(entry.leased(later) >= running);
                }
            }
            let over = Entry::decode(&entry.encode(), now + 100);
            prop_assert_eq!(over.leased(0), 0);
        }
    }

    #[test]
    fn what_a_lease_held_comes_back_once() {
        let mut entry = Entry::default();
        entry.lease(10, 2).unwrap();
        entry.lease(20, 3).unwrap();
        assert_eq!(entry.give_back(10, 2), Some(()));
        assert_eq!((entry.leased(0), entry.leased(10)), (3, 3));
        assert_eq!(entry.give_back(21, 1), None);
        assert_eq!(entry.give_back(20, 4), None);
    }

    #[test]
    fn lots_that_were_added_later_come_back_with_their_lease() {
        let mut entry = Entry::default();
        entry.lease(10, 2).unwrap();
        entry.lease(15, 3).unwrap(); // one of them was added to the first
        assert_eq!(entry.give_back(10, 3), Some(()));
        assert_eq!((entry.leased(0), entry.leased(14), entry.leased(15)), (2, 2, 0));
    }

    #[test]
    fn open_lots_bind_until_their_last_lease_could_end() {
        let mut entry = Entry { capacity: 5, ..Entry::default() };
        entry.offer(3, 100).unwrap();
        assert_eq!((entry.promised(99), entry.promised(100)), (3, 0));
        entry.withdraw(3).unwrap();
        assert_eq!((entry.until, entry.withdraw(1)), (0, None));
    }
}
