//! The book without its orders.

use crate::{Class, ClassIndex, Market, Vector, cost};
use caplet_protocol::VectorId;

/// What every check of a clearing reads: the market, its classes by slot, its vectors by id.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'a> {
    /// The market.
    pub market: &'a Market,
    /// Classes by slot; `None` where a slot is free.
    pub classes: &'a [Option<Class>],
    /// Requirement vectors by id; what stands at an id that no open demand has does not matter.
    pub vectors: &'a [Vector],
}

impl<'a> Terms<'a> {
    /// The class in a slot.
    #[must_use]
    pub fn class(&self, index: ClassIndex) -> Option<&'a Class> {
        self.classes.get(index.at())?.as_ref()
    }

    /// The vector with this id.
    #[must_use]
    pub fn vector(&self, id: VectorId) -> Option<&'a Vector> {
        self.vectors.get(usize::from(id.0))
    }

    /// [`cost`] of a class to a vector; `None` also where either does not exist.
    #[must_use]
    pub fn cost(&self, class: ClassIndex, vector: VectorId) -> Option<u64> {
        cost(self.market, self.class(class)?, self.vector(vector)?)
    }

    /// Every live class with its index, ascending.
    pub fn live(&self) -> impl Iterator<Item = (ClassIndex, &'a Class)> + use<'a> {
        (0..=u16::MAX).zip(self.classes).filter_map(|(i, c)| Some((ClassIndex(i), c.as_ref()?)))
    }
}
