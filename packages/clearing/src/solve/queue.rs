//! One side of the book, grouped and sorted as it fills.

use crate::{Book, Demand, Offer};
use caplet_protocol::{Lots, OrderId, Tick};
use std::ops::Range;

/// An order in the queue of its class or vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    group: u16,
    /// Ask, or the complement of the limit: cheap offers and generous demands first.
    rank: u16,
    /// Time priority inside a bucket.
    pub(super) id: OrderId,
    /// Lots not dealt out yet.
    pub(super) left: u16,
}

/// Orders of a group at one price.
pub(super) struct Bucket {
    pub(super) tick: Tick,
    pub(super) oldest: OrderId,
    pub(super) lots: u64,
}

/// All queues of a side. Entries are taken from the front of a group only.
#[derive(Debug)]
pub(super) struct Queue {
    entries: Vec<Entry>,
    /// What is left of each group, as a range of entries.
    groups: Vec<Range<usize>>,
    falling: bool,
}

impl Entry {
    /// An offer in its class.
    pub(super) fn of_offer(o: &Offer) -> Self {
        Self { group: o.class.0, rank: o.ask.0, id: o.id, left: o.lots.0 }
    }

    /// A demand in its vector.
    pub(super) fn of_demand(d: &Demand) -> Self {
        Self { group: d.vector.0, rank: !d.limit.0, id: d.id, left: d.lots.0 }
    }

    /// Where it stands, whatever its lots.
    pub(super) fn place(&self) -> (u16, u16, OrderId) {
        (self.group, self.rank, self.id)
    }
}

impl Queue {
    /// Offers by class, ask, id.
    pub(super) fn of_offers(book: &Book) -> Self {
        let open = book.offers.iter().filter(|o| o.lots.0 > 0);
        Self::over_offers(sorted(open.map(Entry::of_offer).collect()), book.classes.len())
    }

    /// Divisible demands by vector, falling limit, id.
    pub(super) fn of_demands(book: &Book) -> Self {
        let open = book.demands.iter().filter(|d| d.lots.0 > 0 && !d.is_whole());
        Self::over_demands(sorted(open.map(Entry::of_demand).collect()), book.vectors.len())
    }

    /// Over sorted offers.
    pub(super) fn over_offers(entries: Vec<Entry>, classes: usize) -> Self {
        Self::grouped(entries, classes, false)
    }

    /// Over sorted demands.
    pub(super) fn over_demands(entries: Vec<Entry>, vectors: usize) -> Self {
        Self::grouped(entries, vectors, true)
    }

    fn grouped(entries: Vec<Entry>, groups: usize, falling: bool) -> Self {
        let mut ranges = vec![0..0; groups];
        let mut at = 0;
        for run in entries.chunk_by(|a, b| a.group == b.group) {
            let end = run.len().saturating_add(at);
            ranges[usize::from(run[0].group)] = at..end;
            at = end;
        }
        Self { entries, groups: ranges, falling }
    }

    /// The price tick of an entry.
    pub(super) fn tick(&self, entry: &Entry) -> Tick {
        Tick(if self.falling { !entry.rank } else { entry.rank })
    }

    /// What is left of a group, best first.
    pub(super) fn group(&self, group: usize) -> &[Entry] {
        &self.entries[self.groups[group].clone()]
    }

    /// The buckets of a group, best first.
    pub(super) fn buckets(&self, group: usize) -> impl Iterator<Item = Bucket> {
        self.group(group).chunk_by(|a, b| a.rank == b.rank).map(|bucket| Bucket {
            tick: self.tick(&bucket[0]),
            oldest: bucket[0].id,
            lots: bucket.iter().map(|e| u64::from(e.left)).sum(),
        })
    }

    /// The next order of a group, with lots left.
    pub(super) fn front(&self, group: usize) -> Option<&Entry> {
        self.group(group).first()
    }

    /// Takes `lots` of the front of a group; the front must have them.
    pub(super) fn take(&mut self, group: usize, lots: u16) -> Lots {
        let range = &mut self.groups[group];
        let front = &mut self.entries[range.start];
        front.left = front.left.checked_sub(lots).expect("no more is taken than is left");
        if front.left == 0 {
            range.start = range.start.saturating_add(1);
        }
        Lots(lots)
    }
}

/// Entries up to which comparing beats counting.
const FEW: usize = 256;
/// Places of a table an entry up to which it does too.
const WIDE: usize = 8;

/// Sorts: by comparing, or by counting (radix sort from the least key up) when there are many.
pub(super) fn sorted(mut entries: Vec<Entry>) -> Vec<Entry> {
    if entries.len() < FEW {
        entries.sort_unstable();
        return entries;
    }
    if !entries.is_sorted_by_key(|e| e.id) {
        entries.sort_unstable_by_key(|e| e.id);
    }
    counted(counted(entries, |e| e.rank), |e| e.group)
}

/// The entries in the order of a key; where it is equal, as they were.
fn counted(mut entries: Vec<Entry>, key: impl Fn(&Entry) -> u16) -> Vec<Entry> {
    // the keys of a book lie close together: a table of all that there could be takes longer to clear than the rest
    let low = entries.iter().map(&key).min().unwrap_or(0);
    let high = entries.iter().map(&key).max().unwrap_or(0);
    let span = usize::from(high.saturating_sub(low)).saturating_add(1);
    if span > entries.len().saturating_mul(WIDE) {
        entries.sort_by_key(key);
        return entries;
    }
    let place = |entry: &Entry| usize::from(key(entry).saturating_sub(low));
    let mut places = vec![0usize; span];
    for entry in &entries {
        let count = &mut places[place(entry)];
        *count = count.saturating_add(1);
    }
    let mut start = 0usize;
    for count in &mut places {
        start = start.saturating_add(std::mem::replace(count, start));
    }
    let mut out = entries.clone();
    for entry in &entries {
        let at = &mut places[place(entry)];
        out[*at] = *entry;
        *at = at.saturating_add(1);
    }
    out
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)] // small numbers
mod tests {
    use super::*;

    #[test]
    fn counting_and_comparing_come_to_the_same() {
        for (count, groups, ranks) in [(300, 7, 9), (300, 50, 60_000), (5_000, 64, 60_000)] {
            let entry = |page: u32| {
                let mixed = page.wrapping_mul(0x9E37_79B1) >> 8;
                let below = |of: u32, end: u32| u16::try_from(of % end).unwrap();
                let (group, rank) = (below(mixed, groups), below(mixed / 64, ranks));
                Entry { group, rank, id: OrderId { page, slot: 0 }, left: 1 }
            };
            let by_counting = sorted((0..count).rev().map(entry).collect());
            let mut by_comparing: Vec<Entry> = (0..count).map(entry).collect();
            by_comparing.sort_unstable();
            assert!(by_counting == by_comparing, "{count} entries of {groups} and {ranks}");
        }
    }
}
