//! A market cleared again and again by somebody who has each book whole and does not say what changed.

use super::{Change, Clearing, Incremental};
use crate::{Book, BookError, Demand, Offer};
use caplet_protocol::{Lots, OrderId, VectorId};
use std::collections::BTreeMap;

/// The last book of a market, and the solver that has it.
///
/// Fills and welfare are those that [`solve`](crate::solve) gives for the book; its prices support them too, and may be others. Where terms or classes are others than last time it begins anew;
/// orders and vectors that changed are handed to the solver one by one, which then begins from the last optimum.
#[derive(Debug, Default)]
pub struct Following {
    last: Option<(Book, Incremental)>,
}

impl Following {
    /// Clears a book.
    ///
    /// # Errors
    /// When the book does not hang together: [`Book::check`]. What was known is forgotten then.
    pub fn clear(&mut self, book: Book) -> Result<Clearing, BookError> {
        book.check()?;
        let known = self.last.take().and_then(|(last, solver)| follow(&last, solver, &book));
        let mut solver = match known {
            Some(solver) => solver,
            None => Incremental::new(book.clone())?,
        };
        let clearing = solver.clear();
        self.last = Some((book, solver));
        Ok(clearing)
    }
}

/// The solver with the book as it is now; `None` if it has to begin anew.
fn follow(last: &Book, mut solver: Incremental, book: &Book) -> Option<Incremental> {
    if last.market != book.market || last.classes != book.classes {
        return None;
    }
    let was = |orders: &[Offer]| orders.iter().map(|o| (o.id, *o)).collect::<BTreeMap<_, _>>();
    let asked = |orders: &[Demand]| orders.iter().map(|d| (d.id, *d)).collect::<BTreeMap<_, _>>();
    let (offers, demands) = (was(&last.offers), asked(&last.demands));
    let (offers_now, demands_now) = (was(&book.offers), asked(&book.demands));
    let changed = book.vectors.iter().enumerate();
    let changed: Vec<VectorId> = changed
        .filter(|(at, vector)| last.vectors.get(*at) != Some(vector))
        .map(|(at, _)| u16::try_from(at).map(VectorId))
        .collect::<Result<_, _>>()
        .ok()?;
    // what goes first, and with it whatever has a vector that becomes another; then vectors, then what is new
    for (id, old) in &offers {
        if !offers_now.contains_key(id) {
            solver.apply(Change::Offer(Offer { lots: Lots(0), ..*old })).ok()?;
        }
    }
    let stays =
        |id: &OrderId, old: &Demand| demands_now.contains_key(id) && !changed.contains(&old.vector);
    for (id, old) in &demands {
        if !stays(id, old) {
            solver.apply(Change::Demand(Demand { lots: Lots(0), ..*old })).ok()?;
        }
    }
    for id in &changed {
        let vector = book.vectors.get(usize::from(id.0))?;
        solver.apply(Change::Vector(*id, *vector)).ok()?;
    }
    for (id, offer) in &offers_now {
        if offers.get(id) != Some(offer) {
            solver.apply(Change::Offer(*offer)).ok()?;
        }
    }
    for (id, demand) in &demands_now {
        if demands.get(id) != Some(demand) || changed.contains(&demand.vector) {
            solver.apply(Change::Demand(*demand)).ok()?;
        }
    }
    Some(solver)
}
