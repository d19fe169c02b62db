//! All optimal clearings of a small book, by search.

use crate::books::{demand, offer};
use caplet_clearing::{Book, Fill};
use caplet_protocol::{Lots, OrderId};
use std::collections::BTreeMap;

/// Up to `most` clearings of a given welfare, by plain enumeration over pairs; and whether these are all (or as many as
/// were asked for). A rare book has more of them than are looked through: where most pairs are worth the same, nearly
/// every pairing is optimal.
pub(crate) fn optimal_fills(book: &Book, welfare: i128, most: usize) -> (Vec<Vec<Fill>>, bool) {
    let mut pairs = vec![];
    for o in &book.offers {
        for d in &book.demands {
            if let Some(cost) = book.terms().cost(o.class, d.vector) {
                let price = |t| i128::from(book.market.price(t));
                let worth = price(d.limit) - price(o.ask) - i128::from(cost);
                if worth >= 0 {
                    pairs.push((o.id, d.id, worth));
                }
            }
        }
    }
    let mut search =
        Search { book, pairs, welfare, most, steps: 200_000, gave_up: false, found: vec![] };
    search.from(0, &mut vec![], 0);
    (search.found, !search.gave_up)
}

struct Search<'a> {
    book: &'a Book,
    pairs: Vec<(OrderId, OrderId, i128)>,
    welfare: i128,
    most: usize,
    steps: usize,
    gave_up: bool,
    found: Vec<Vec<Fill>>,
}

impl Search<'_> {
    fn from(&mut self, at: usize, fills: &mut Vec<Fill>, worth: i128) {
        if self.found.len() == self.most {
            return;
        }
        let Some(left) = self.steps.checked_sub(1) else {
            self.gave_up = true;
            return;
        };
        self.steps = left;
        if worth + self.most_of(at, fills) < self.welfare {
            return; // nothing from here on reaches it
        }
        let Some(&(o, d, each)) = self.pairs.get(at) else {
            if worth == self.welfare {
                self.found.push(fills.clone());
            }
            return;
        };
        let used = |f: &dyn Fn(&Fill) -> bool| {
            fills.iter().filter(|x| f(x)).map(|x| x.lots.0).sum::<u16>()
        };
        let room_o = offer(self.book, o).lots.0 - used(&|f| f.offer == o);
        let room_d = demand(self.book, d).lots.0 - used(&|f| f.demand == d);
        for lots in (0..=room_o.min(room_d)).rev() {
            if lots > 0 {
                fills.push(Fill { offer: o, demand: d, lots: Lots(lots) });
            }
            self.from(at + 1, fills, worth + each * i128::from(lots));
            if lots > 0 {
                fills.pop();
            }
        }
    }

    /// More than the pairs from `at` on can add: each side's room at the best worth that it has left, whichever is less.
    fn most_of(&self, at: usize, fills: &[Fill]) -> i128 {
        let mut best = [BTreeMap::new(), BTreeMap::new()];
        for (o, d, each) in &self.pairs[at..] {
            for (side, id) in [(0, o), (1, d)] {
                let known: &mut i128 = best[side].entry(*id).or_default();
                *known = (*known).max(*each);
            }
        }
        let used = |f: &dyn Fn(&Fill) -> bool| {
            fills.iter().filter(|x| f(x)).map(|x| x.lots.0).sum::<u16>()
        };
        let [offers, demands] = best;
        let offered = offers.into_iter().map(|(o, each)| {
            each * i128::from(offer(self.book, o).lots.0 - used(&|f| f.offer == o))
        });
        let asked = demands.into_iter().map(|(d, each)| {
            each * i128::from(demand(self.book, d).lots.0 - used(&|f| f.demand == d))
        });
        offered.sum::<i128>().min(asked.sum())
    }
}
