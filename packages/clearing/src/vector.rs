//! Requirement vectors: what demands have instead of classes.

use crate::Class;
use caplet_protocol::CellId;

/// Hard requirements and weights of a demand. The default asks nothing and weighs nothing, in cell 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Vector {
    /// Where the consumer is.
    pub cell: CellId,
    /// Least latency tier.
    pub latency: u8,
    /// Least throughput tier.
    pub throughput: u8,
    /// Least accuracy tier.
    pub accuracy: u8,
    /// Least reliability tier.
    pub reliability: u8,
    /// Tags that must all be there.
    pub tags: u32,
    /// Whether an attested enclave is required.
    pub attested: bool,
    /// What a whole lost point of reliability (from 100 % to 0 %) is worth, in ticks a lot.
    pub rho: u16,
    /// What a millisecond is worth, in thousandths of a tick a lot.
    pub lambda: u16,
}

impl Vector {
    /// Whether a class meets every tier, tag and attestation asked for. Reachability is the
    /// market's to say: see [`cost`](crate::cost).
    #[must_use]
    pub fn accepts(&self, class: &Class) -> bool {
        class.latency >= self.latency
            && class.throughput >= self.throughput
            && class.accuracy >= self.accuracy
            && class.reliability >= self.reliability
            && class.tags & self.tags == self.tags
            && class.attested >= self.attested
    }
}
