//! What an optimal clearing says about prices.

use crate::ClassIndex;
use caplet_protocol::VectorId;
use std::collections::BTreeSet;

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

/// Values by a number of 16 bits, in a table as long as the largest needs: every order and every fill looks here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Slots<T>(Vec<Option<T>>);

impl<T: Default> Slots<T> {
    /// The value of a number, the default if it had none.
    pub(crate) fn at(&mut self, number: u16) -> &mut T {
        let at = usize::from(number);
        if at >= self.0.len() {
            self.0.resize_with(at.saturating_add(1), || None);
        }
        self.0[at].get_or_insert_default()
    }

    /// Numbers that have a value, ascending.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u16, &T)> {
        (0..=u16::MAX).zip(&self.0).filter_map(|(number, value)| Some((number, value.as_ref()?)))
    }
}

/// The marginal orders of a clearing and who trades with whom: all that prices depend on.
/// Collected by [`Scan`](crate::certificate::Scan).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Margins {
    /// Of classes with offers.
    pub(crate) classes: Slots<ClassMargin>,
    /// Of vectors with demands.
    pub(crate) vectors: Slots<VectorMargin>,
}

impl Margins {
    /// Classes with offers, ascending.
    pub(crate) fn offered(&self) -> impl Iterator<Item = (ClassIndex, &ClassMargin)> {
        self.classes.iter().map(|(class, margin)| (ClassIndex(class), margin))
    }

    /// Notes an offer: its ask, and whether lots of it are sold and left.
    pub(crate) fn offer(&mut self, class: ClassIndex, ask: u64, sold: bool, left: bool) {
        let margin = self.classes.at(class.0);
        if sold {
            margin.sold = margin.sold.max(Some(ask));
        }
        if left {
            margin.unsold = Some(margin.unsold.map_or(ask, |least| least.min(ask)));
        }
    }

    /// Notes a demand: its limit, and whether lots of it are filled and left.
    pub(crate) fn demand(&mut self, vector: VectorId, limit: u64, filled: bool, left: bool) {
        let margin = self.vectors.at(vector.0);
        if filled {
            margin.filled = Some(margin.filled.map_or(limit, |least| least.min(limit)));
        }
        if left {
            margin.unfilled = margin.unfilled.max(Some(limit));
        }
    }

    /// Notes that a class fills a vector.
    pub(crate) fn fill(&mut self, class: ClassIndex, vector: VectorId) {
        self.vectors.at(vector.0).used.insert(class);
    }
}
