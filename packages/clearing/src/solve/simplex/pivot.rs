//! An arc enters the tree, another leaves it.
#![allow(clippy::arithmetic_side_effects)] // flows stay within capacities; a potential is a sum of at most 2^17 costs below 2^104

use super::{Entering, Simplex, State};
use crate::solve::{
    circulation::{Arc, index},
    tree::Step,
};

/// What stops more flow round a cycle.
struct Blocking {
    amount: u64,
    /// The lower end of the tree arc that blocks first, and whether it is on the first side; `None`
    /// when it is the entering arc itself.
    leaving: Option<(u32, bool)>,
}

impl Simplex {
    pub(super) fn pivot(&mut self, entering: Entering) {
        let arc = match entering {
            Entering::Arc(arc) => arc,
            Entering::Row { from, to, cost, tie } => self.add_row_arc(from, to, cost, tie),
        };
        let Arc { from, to, .. } = self.arcs[arc];
        let fills = self.state[arc] == State::Empty;
        // flow is pushed root .. first -> second .. root
        let (first, second) = if fills { (from, to) } else { (to, from) };
        let join = self.tree.meeting(first, second);
        let Blocking { amount, leaving } = self.blocking(arc, first, second, join);
        self.push(amount, first, join, false);
        self.push(amount, second, join, true);
        self.flow[arc] = if fills { self.flow[arc] + amount } else { self.flow[arc] - amount };
        let Some((top, on_first)) = leaving else {
            self.leave(arc);
            return;
        };
        let left = self.tree.step(top).arc as usize;
        self.enter(arc);
        let (inner, parent) = if on_first { (first, second) } else { (second, first) };
        self.hang(top, inner, Step { parent, arc: index(arc), up: from == inner });
        self.leave(left);
    }

    /// Out of the tree, empty or full.
    fn leave(&mut self, arc: usize) {
        let full = self.flow[arc] > 0;
        self.state[arc] = if full { State::Full } else { State::Empty };
        if arc >= self.first_row_arc {
            self.free.push(index(arc));
        } else if let Some((_, margin)) = self.curves.get_mut(self.curve_of[arc] as usize) {
            *margin = if full { arc + 1 } else { arc };
        }
    }

    /// Moves the subtree under `top` to its new place and mends potentials.
    fn hang(&mut self, top: u32, inner: u32, step: Step) {
        self.tree.regraft(top, inner, step);
        let shift = self.hanging(step) - self.potential[inner as usize];
        let potential = &mut self.potential;
        self.tree.visit(inner, |node| potential[node as usize] += shift);
    }

    /// Room on the tree arc over `node` for flow towards the root, or away from it.
    fn room(&self, step: Step, towards_root: bool) -> u64 {
        let arc = step.arc as usize;
        if step.up == towards_root {
            self.arcs[arc].capacity - self.flow[arc]
        } else {
            self.flow[arc]
        }
    }

    /// The last arc to block, along the push from the join: this keeps the tree strongly feasible.
    fn blocking(&self, arc: usize, first: u32, second: u32, join: u32) -> Blocking {
        let mut found = Blocking { amount: self.arcs[arc].capacity, leaving: None };
        let mut node = first;
        while node != join {
            let step = self.tree.step(node);
            let room = self.room(step, false);
            if room < found.amount {
                found = Blocking { amount: room, leaving: Some((node, true)) };
            }
            node = step.parent;
        }
        node = second;
        while node != join {
            let step = self.tree.step(node);
            let room = self.room(step, true);
            if room <= found.amount {
                found = Blocking { amount: room, leaving: Some((node, false)) };
            }
            node = step.parent;
        }
        found
    }

    fn push(&mut self, amount: u64, mut node: u32, join: u32, towards_root: bool) {
        if amount == 0 {
            return;
        }
        while node != join {
            let step = self.tree.step(node);
            let flow = &mut self.flow[step.arc as usize];
            *flow = if step.up == towards_root { *flow + amount } else { *flow - amount };
            node = step.parent;
        }
    }
}
