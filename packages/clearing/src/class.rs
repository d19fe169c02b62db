//! Supply classes.

use caplet_protocol::{CellId, ClassSlot};

/// Most classes the solver takes; on chain a market has at most 64 live ones.
pub const MAX_CLASSES: usize = 4096;

/// A class by its place in [`Book::classes`](crate::Book::classes). Wider than the chain's
/// [`ClassSlot`], because the solver also clears markets of up to [`MAX_CLASSES`] classes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClassIndex(pub u16);

impl ClassIndex {
    /// As an index into a table by class.
    #[must_use]
    pub fn at(self) -> usize {
        usize::from(self.0)
    }
}

impl From<ClassSlot> for ClassIndex {
    fn from(slot: ClassSlot) -> Self {
        Self(u16::from(slot.0))
    }
}

impl core::fmt::Display for ClassIndex {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.0.fmt(f)
    }
}

/// What every offer of a class has in common. Higher tiers are better. The default promises nothing, in cell 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Class {
    /// Where it is.
    pub cell: CellId,
    /// Latency tier of the device itself, without the network between cells.
    pub latency: u8,
    /// Throughput tier.
    pub throughput: u8,
    /// Accuracy tier.
    pub accuracy: u8,
    /// Reliability tier, from the reputation contract: an index into [`Market::reliability_bps`](crate::Market::reliability_bps).
    pub reliability: u8,
    /// Tags it has, one bit each.
    pub tags: u32,
    /// Whether it runs in an attested enclave.
    pub attested: bool,
}

impl Class {
    /// Whether a lot of this class serves every buyer that a lot of `other` serves, at no higher
    /// cost: same cell and nothing worse. A class dominates itself.
    #[must_use]
    pub fn dominates(&self, other: &Self) -> bool {
        self.cell == other.cell
            && self.latency >= other.latency
            && self.throughput >= other.throughput
            && self.accuracy >= other.accuracy
            && self.reliability >= other.reliability
            && self.tags & other.tags == other.tags
            && self.attested >= other.attested
    }
}
