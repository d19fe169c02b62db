//! A book that changes a little from clearing to clearing.
//!
//! Orders stay sorted, and the solver starts from the last optimum: its prices, and the pairs of class and
//! vector in its last tree. What clears is what [`solve`](crate::solve) would give for the same book.

use super::{
    Clearing,
    network::{Network, Warm},
    pair,
    queue::{Entry, Queue, sorted},
    whole,
};
use crate::{Book, BookError, Class, Demand, Market, Offer, Terms, Vector};
use caplet_protocol::{OrderId, VectorId};
use std::collections::BTreeMap;

/// One thing that changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// An offer as it is now, new or known by its id; one without lots goes.
    Offer(Offer),
    /// A demand as it is now, new or known by its id; one without lots goes.
    Demand(Demand),
    /// A requirement vector, new or at an id that no open demand has.
    Vector(VectorId, Vector),
}

/// Why something cannot change. The book is as it was before the change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChangeError {
    /// It would not hang together.
    #[error(transparent)]
    Book(#[from] BookError),
    /// A vector that is in use, or beyond the next free id.
    #[error("vector {0} is in use or not next: give it the id {1} or one without open demands")]
    Vector(VectorId, usize),
}

/// A side of the book: where each order stands, all of them sorted, and what has changed since they were.
#[derive(Debug, Default)]
struct Side {
    places: BTreeMap<OrderId, Entry>,
    entries: Vec<Entry>,
    changed: BTreeMap<(u16, u16, OrderId), Option<Entry>>,
}

impl Side {
    fn of(entries: Vec<Entry>) -> Self {
        let places = entries.iter().map(|e| (e.id, *e)).collect();
        Self { places, entries: sorted(entries), changed: BTreeMap::new() }
    }

    fn remove(&mut self, id: OrderId) {
        if let Some(old) = self.places.remove(&id) {
            self.changed.insert(old.place(), None);
        }
    }

    fn put(&mut self, entry: Entry) {
        self.remove(entry.id);
        self.places.insert(entry.id, entry);
        self.changed.insert(entry.place(), Some(entry));
    }

    /// The entries with what has changed merged in.
    fn merged(&mut self) -> Vec<Entry> {
        let mut changed = std::mem::take(&mut self.changed).into_iter().peekable();
        if changed.peek().is_some() {
            let old = std::mem::take(&mut self.entries);
            self.entries.reserve(old.len());
            for entry in old {
                while let Some((_, new)) = changed.next_if(|(place, _)| *place < entry.place()) {
                    self.entries.extend(new);
                }
                match changed.next_if(|(place, _)| *place == entry.place()) {
                    Some((_, new)) => self.entries.extend(new),
                    None => self.entries.push(entry),
                }
            }
            self.entries.extend(changed.filter_map(|(_, new)| new));
        }
        self.entries.clone()
    }
}

/// A market whose book is kept between clearings.
#[derive(Debug)]
pub struct Incremental {
    market: Market,
    classes: Vec<Option<Class>>,
    vectors: Vec<Vector>,
    supply: Side,
    demand: Side,
    /// Demands that take several lots or none.
    whole: BTreeMap<OrderId, Demand>,
    warm: Option<Warm>,
}

impl Incremental {
    /// Takes a book over.
    ///
    /// # Errors
    /// When the book does not hang together.
    pub fn new(book: Book) -> Result<Self, BookError> {
        book.check()?;
        let Book { market, classes, vectors, offers, demands } = book;
        let open = offers.iter().filter(|o| o.lots.0 > 0);
        let supply = Side::of(open.map(Entry::of_offer).collect());
        let (whole, divisible): (Vec<_>, Vec<_>) =
            demands.into_iter().filter(|d| d.lots.0 > 0).partition(Demand::is_whole);
        let demand = Side::of(divisible.iter().map(Entry::of_demand).collect());
        let whole = whole.into_iter().map(|d| (d.id, d)).collect();
        Ok(Self { market, classes, vectors, supply, demand, whole, warm: None })
    }

    /// Changes one thing.
    ///
    /// # Errors
    /// When the book would no longer hang together; it is then as it was.
    pub fn apply(&mut self, change: Change) -> Result<(), ChangeError> {
        match change {
            Change::Offer(offer) => self.offer(&offer)?,
            Change::Demand(demand) => self.demand(demand)?,
            Change::Vector(id, vector) => self.vector(id, vector)?,
        }
        Ok(())
    }

    /// Clears the book as it is now: what [`solve`](crate::solve) gives for it. The book stays as it is; fills come back as
    /// changes of what is left, when they are settled.
    pub fn clear(&mut self) -> Clearing {
        let mut supply = Queue::over_offers(self.supply.merged(), self.classes.len());
        let mut demand = Queue::over_demands(self.demand.merged(), self.vectors.len());
        let mut warm = self.warm.take();
        let rows = warm.as_mut().map(|warm| std::mem::take(&mut warm.rows));
        let terms = Terms { market: &self.market, classes: &self.classes, vectors: &self.vectors };
        let network = Network::build(terms, &supply, &demand, rows);
        let (optimum, warm) = network.optimum(warm.as_ref());
        let mut fills = pair::deal(&mut supply, &mut demand, &optimum.routes);
        whole::fill(terms, self.whole.values(), &mut supply, &mut fills);
        fills.sort_unstable();
        self.warm = Some(warm);
        Clearing { fills, prices: optimum.prices, welfare: optimum.welfare }
    }

    fn offer(&mut self, offer: &Offer) -> Result<(), BookError> {
        if self.classes.get(offer.class.at()).copied().flatten().is_none() {
            return Err(BookError::Class { offer: offer.id, class: offer.class });
        }
        if offer.lots.0 == 0 {
            self.supply.remove(offer.id);
        } else {
            self.supply.put(Entry::of_offer(offer));
        }
        Ok(())
    }

    fn demand(&mut self, demand: Demand) -> Result<(), BookError> {
        if self.vectors.get(usize::from(demand.vector.0)).is_none() {
            return Err(BookError::Vector { demand: demand.id, vector: demand.vector });
        }
        self.whole.remove(&demand.id);
        self.demand.remove(demand.id);
        if demand.is_whole() {
            self.whole.insert(demand.id, demand);
        } else if demand.lots.0 > 0 {
            self.demand.put(Entry::of_demand(&demand));
        }
        Ok(())
    }

    fn vector(&mut self, id: VectorId, vector: Vector) -> Result<(), ChangeError> {
        let at = usize::from(id.0);
        let used = self.whole.values().any(|d| d.vector == id)
            || self.demand.places.values().any(|entry| entry.place().0 == id.0);
        if used || at > self.vectors.len() {
            return Err(ChangeError::Vector(id, self.vectors.len()));
        }
        match self.vectors.get_mut(at) {
            Some(old) => *old = vector,
            None => self.vectors.push(vector),
        }
        // what was known of the cost of the old vector, if there was one, no longer holds
        if let Some(warm) = &mut self.warm {
            warm.forget(id);
        }
        Ok(())
    }
}
