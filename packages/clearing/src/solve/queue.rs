//! One side of the book, grouped and sorted as it fills.

use crate::Book;
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

impl Queue {
    /// Offers by class, ask, id.
    pub(super) fn of_offers(book: &Book) -> Self {
        let entries = book.offers.iter().filter(|o| o.lots.0 > 0).map(|o| Entry {
            group: o.class.0,
            rank: o.ask.0,
            id: o.id,
            left: o.lots.0,
        });
        Self::sorted(entries.collect(), book.classes.len(), false)
    }

    /// Divisible demands by vector, falling limit, id.
    pub(super) fn of_demands(book: &Book) -> Self {
        let open = book.demands.iter().filter(|d| d.lots.0 > 0 && !d.is_whole());
        let entries =
            open.map(|d| Entry { group: d.vector.0, rank: !d.limit.0, id: d.id, left: d.lots.0 });
        Self::sorted(entries.collect(), book.vectors.len(), true)
    }

    fn sorted(mut entries: Vec<Entry>, groups: usize, falling: bool) -> Self {
        entries.sort_unstable();
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
