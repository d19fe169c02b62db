//! A market cleared again and again by somebody who has each book whole and does not say what changed.

use super::{Change, Clearing, Incremental};
use crate::{Book, BookError, Demand, Offer};
use caplet_protocol::{Lots, OrderId, VectorId};
use std::cmp::Ordering;
use std::collections::BTreeSet;

/// The last book of a market, and the solver that has it.
///
/// Fills and welfare are those that [`solve`](crate::solve) gives for the book; its prices support them too, and may be others. Where terms or classes are others than last time it begins anew;
/// orders and vectors that changed are handed to the solver one by one, which then begins from the last optimum.
#[derive(Debug, Default)]
pub struct Following {
    /// Orders sorted by id.
    last: Option<(Book, Incremental)>,
}

impl Following {
    /// Clears a book.
    ///
    /// # Errors
    /// When the book does not hang together: [`Book::check`]. What was known is forgotten then.
    pub fn clear(&mut self, mut book: Book) -> Result<Clearing, BookError> {
        let last = self.last.take();
        book.check()?;
        book.offers.sort_unstable_by_key(|offer| offer.id);
        book.demands.sort_unstable_by_key(|demand| demand.id);
        let mut solver = match last.and_then(|(last, solver)| follow(&last, solver, &book)) {
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
    let vectors = (0..=u16::MAX).map(VectorId).zip(&book.vectors);
    let vectors: Vec<_> =
        vectors.filter(|(id, now)| last.vectors.get(usize::from(id.0)) != Some(now)).collect();
    let changed: BTreeSet<VectorId> = vectors.iter().map(|(id, _)| *id).collect();
    let offers = differing(&last.offers, &book.offers, |o| o.id, |was, is| was == is);
    let same = |was: &Demand, is: &Demand| was == is && !changed.contains(&was.vector);
    let demands = differing(&last.demands, &book.demands, |d| d.id, same);
    // what goes first, and with it whatever has a vector that becomes another; then vectors, then what is new
    for (was, is) in &offers {
        if let (Some(was), None) = (was, is) {
            solver.apply(Change::Offer(Offer { lots: Lots(0), ..**was })).ok()?;
        }
    }
    for (was, is) in &demands {
        if let Some(was) = was
            && (is.is_none() || changed.contains(&was.vector))
        {
            solver.apply(Change::Demand(Demand { lots: Lots(0), ..**was })).ok()?;
        }
    }
    for (id, vector) in vectors {
        solver.apply(Change::Vector(id, *vector)).ok()?;
    }
    for offer in offers.iter().filter_map(|(_, is)| *is) {
        solver.apply(Change::Offer(*offer)).ok()?;
    }
    for demand in demands.iter().filter_map(|(_, is)| *is) {
        solver.apply(Change::Demand(*demand)).ok()?;
    }
    Some(solver)
}

/// What two lists that are sorted by id do not have in common: as it was, and as it is. One walk over both, as nearly all
/// of a book stays from epoch to epoch.
fn differing<'a, T>(
    was: &'a [T],
    is: &'a [T],
    id: impl Fn(&T) -> OrderId,
    same: impl Fn(&T, &T) -> bool,
) -> Vec<(Option<&'a T>, Option<&'a T>)> {
    let (mut was, mut is) = (was.iter().peekable(), is.iter().peekable());
    let mut found = Vec::new();
    loop {
        let order = match (was.peek(), is.peek()) {
            (None, None) => return found,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(old), Some(new)) => id(old).cmp(&id(new)),
        };
        let old = if order.is_le() { was.next() } else { None };
        let new = if order.is_ge() { is.next() } else { None };
        if !old.zip(new).is_some_and(|(old, new)| same(old, new)) {
            found.push((old, new));
        }
    }
}
