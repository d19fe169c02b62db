//! A frozen book.

use crate::{Class, ClassIndex, Demand, MAX_CLASSES, Market, MarketError, Offer, Terms, Vector};
use caplet_protocol::{OrderId, VectorId};

/// Everything a clearing is computed from. Orders may stand in any order: it changes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Book {
    /// The market.
    pub market: Market,
    /// Classes by slot, at most [`MAX_CLASSES`]; `None` where a slot is free.
    pub classes: Vec<Option<Class>>,
    /// Requirement vectors by id.
    pub vectors: Vec<Vector>,
    /// Open offers; one without lots counts as absent.
    pub offers: Vec<Offer>,
    /// Open demands; one without lots counts as absent.
    pub demands: Vec<Demand>,
}

/// Why a book cannot be cleared.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BookError {
    /// The market's terms are out of range.
    #[error(transparent)]
    Market(#[from] MarketError),
    /// Too many classes.
    #[error("{0} classes, at most {MAX_CLASSES} fit: split the market")]
    Classes(usize),
    /// Too many vectors.
    #[error("{0} requirement vectors, at most 65536 fit: quantise the weights more coarsely")]
    Vectors(usize),
    /// Too many orders on a side.
    #[error("{0} orders on one side, at most {max} fit: split the market", max = u32::MAX)]
    Orders(usize),
    /// An offer of a class that is not there.
    #[error("offer {offer} is of class {class}, which the book does not list: add the class")]
    Class {
        /// The offer.
        offer: OrderId,
        /// Its class.
        class: ClassIndex,
    },
    /// A demand with a vector that is not there.
    #[error("demand {demand} has vector {vector}, which the book does not list: add the vector")]
    Vector {
        /// The demand.
        demand: OrderId,
        /// Its vector.
        vector: VectorId,
    },
    /// Two offers, or two demands, with one id.
    #[error("two orders of one side have the id {0}: ids are time priority and must differ")]
    Twice(OrderId),
}

impl Book {
    /// The book without its orders.
    #[must_use]
    pub fn terms(&self) -> Terms<'_> {
        Terms { market: &self.market, classes: &self.classes, vectors: &self.vectors }
    }

    /// Checks that the book hangs together.
    ///
    /// # Errors
    /// Names the first thing that does not.
    pub fn check(&self) -> Result<(), BookError> {
        self.market.check()?;
        self.check_sizes()?;
        let terms = self.terms();
        if let Some(o) = self.offers.iter().find(|o| terms.class(o.class).is_none()) {
            return Err(BookError::Class { offer: o.id, class: o.class });
        }
        if let Some(d) = self.demands.iter().find(|d| terms.vector(d.vector).is_none()) {
            return Err(BookError::Vector { demand: d.id, vector: d.vector });
        }
        all_differ(self.offers.iter().map(|o| o.id).collect())?;
        all_differ(self.demands.iter().map(|d| d.id).collect())
    }

    fn check_sizes(&self) -> Result<(), BookError> {
        if self.classes.len() > MAX_CLASSES {
            return Err(BookError::Classes(self.classes.len()));
        }
        if self.vectors.len() > 1 << 16 {
            return Err(BookError::Vectors(self.vectors.len()));
        }
        let most = self.offers.len().max(self.demands.len());
        if u32::try_from(most).is_err() {
            return Err(BookError::Orders(most));
        }
        Ok(())
    }
}

fn all_differ(mut ids: Vec<OrderId>) -> Result<(), BookError> {
    ids.sort_unstable();
    match ids.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(BookError::Twice(pair[0])),
        None => Ok(()),
    }
}
