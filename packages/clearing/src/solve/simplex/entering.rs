//! Which arc enters: the best of a few curves and rows, in turn.
#![allow(clippy::arithmetic_side_effects)] // flows stay within capacities; a potential is a sum of at most 2^17 costs below 2^104

use super::{Entering, Simplex, State};
use crate::solve::rows::Serves;
use std::ops::Range;

/// Pivots after which rows look at potentials anew.
const REFRESH: u32 = 32;
/// Curves and rows of which the best arc enters, while the objective is cost.
const BLOCK: usize = 8;

impl Simplex {
    pub(in crate::solve) fn run(&mut self) {
        // ties are priced by potentials as they are, and rows need not look
        let notes = self.ties.is_none();
        let mut since = REFRESH;
        let mut quiet = 0;
        let block = if notes { BLOCK } else { 1 };
        let items = self.curves.len() + self.rows.len();
        // a whole round without a pivot, all of it by potentials as they are
        while quiet < items {
            if notes && since >= REFRESH {
                self.rows.refresh(&self.potential);
                since = 0;
            }
            let mut best: Option<(i128, Entering)> = None;
            for _ in 0..block {
                if let Some((saving, entering)) = self.saving_at(self.cursor)
                    && best.as_ref().is_none_or(|(most, _)| saving > *most)
                {
                    best = Some((saving, entering));
                }
                self.cursor = if self.cursor + 1 >= items { 0 } else { self.cursor + 1 };
            }
            match best {
                Some((_, entering)) => {
                    self.pivot(entering);
                    since += 1;
                    quiet = 0;
                }
                None => quiet += block,
            }
            if notes && quiet >= items && since > 0 {
                since = REFRESH;
                quiet = 0;
            }
        }
    }

    /// The arc of a curve or a row that saves most, if one does.
    fn saving_at(&self, item: usize) -> Option<(i128, Entering)> {
        if let Some((curve, margin)) = self.curves.get(item) {
            return self.saving_curve(curve, *margin);
        }
        let row = item - self.curves.len();
        let to = self.rows.node(row);
        if let Some(tight) = &self.ties {
            let of = tight.serves[tight.rows[row].clone()].iter();
            let price =
                |(s, tie): &(Serves, i64)| i128::from(*tie) + self.potential[s.node as usize];
            let best = of.min_by_key(|entry| price(entry))?;
            let (Serves { node: from, cost }, tie) = *best;
            let saves = self.potential[to as usize] - price(best);
            return (saves > 0).then_some((saves, Entering::Row { from, to, cost, tie }));
        }
        let best = self.rows.cheapest(row, &self.potential)?;
        let saves = -self.reduced_row(best, to);
        let entering = Entering::Row { from: best.node, to, cost: best.cost, tie: 0 };
        (saves > 0).then_some((saves, entering))
    }

    /// At the margin of a curve: one more, or one less of the one before.
    fn saving_curve(&self, curve: &Range<usize>, margin: usize) -> Option<(i128, Entering)> {
        if margin < curve.end {
            match self.state[margin] {
                State::Tree => return None,
                State::Full => {}
                State::Empty => {
                    let saves = -self.reduced(margin);
                    if saves > 0 {
                        return Some((saves, Entering::Arc(margin)));
                    }
                }
            }
        }
        let before = margin.checked_sub(1).filter(|before| *before >= curve.start)?;
        let saves = self.reduced(before);
        (saves > 0).then_some((saves, Entering::Arc(before)))
    }
}
