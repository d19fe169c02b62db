//! What an optimal clearing says about prices.

use crate::ClassIndex;
use caplet_protocol::VectorId;
use std::collections::{BTreeMap, BTreeSet};

/// Bounds of the price of one class with offers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ClassMargin {
    /// Highest ask with a lot sold: the price is at least this.
    pub(crate) sold: Option<u64>,
    /// Lowest ask with a lot left: the price is at most this.
    pub(crate) unsold: Option<u64>,
}

/// Bounds of the least price with cost of one vector.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct VectorMargin {
    /// Lowest limit with a lot filled: at most this.
    pub(crate) filled: Option<u64>,
    /// Highest limit with a lot unfilled: at least this.
    pub(crate) unfilled: Option<u64>,
    /// Classes that fill it: each attains the least.
    pub(crate) used: BTreeSet<ClassIndex>,
}

/// The marginal orders of a clearing and who trades with whom: all that prices depend on.
/// Collected by [`Scan`](crate::certificate::Scan); maps class and vector to their margins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Margins {
    pub(crate) classes: BTreeMap<ClassIndex, ClassMargin>,
    pub(crate) vectors: BTreeMap<VectorId, VectorMargin>,
}

impl Margins {
    /// Notes an offer: its ask, and whether lots of it are sold and left.
    pub(crate) fn offer(&mut self, class: ClassIndex, ask: u64, sold: bool, left: bool) {
        let margin = self.classes.entry(class).or_default();
        if sold {
            margin.sold = margin.sold.max(Some(ask));
        }
        if left {
            margin.unsold = Some(margin.unsold.map_or(ask, |least| least.min(ask)));
        }
    }

    /// Notes a demand: its limit, and whether lots of it are filled and left.
    pub(crate) fn demand(&mut self, vector: VectorId, limit: u64, filled: bool, left: bool) {
        let margin = self.vectors.entry(vector).or_default();
        if filled {
            margin.filled = Some(margin.filled.map_or(limit, |least| least.min(limit)));
        }
        if left {
            margin.unfilled = margin.unfilled.max(Some(limit));
        }
    }

    /// Notes that a class fills a vector.
    pub(crate) fn fill(&mut self, class: ClassIndex, vector: VectorId) {
        self.vectors.entry(vector).or_default().used.insert(class);
    }
}
