//! Minimum-cost circulation by the primal network simplex method with strongly feasible trees
//! (Cunningham 1976): every tree arc without flow points to the root, which the leaving rule keeps up, so
//! that degenerate pivots cannot cycle.
//!
//! Two objectives, one after the other: when no arc saves cost any more, those whose reduced cost is not
//! zero are left out, which leaves exactly the optimal circulations, and ties are settled among them from
//! the same tree.
#![allow(clippy::arithmetic_side_effects)] // flows stay within capacities; a potential is a sum of at most 2^17 costs below 2^104

mod entering;
mod pivot;

use super::{
    circulation::{Arc, Circulation, NO_LIMIT, RouteTie, index},
    rows::{Rows, Serves},
    start::Start,
    tree::{Step, Tree},
};
use std::ops::Range;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Empty,
    Full,
    Tree,
}

pub(super) struct Simplex {
    pub(super) arcs: Vec<Arc>,
    pub(super) flow: Vec<u64>,
    pub(super) state: Vec<State>,
    pub(super) potential: Vec<i128>,
    pub(super) tree: Tree,
    /// Each with the place of its first arc that is not full.
    pub(super) curves: Vec<(Range<usize>, usize)>,
    /// The curve of each arc; rows' arcs have none.
    curve_of: Vec<u32>,
    rows: Rows,
    /// Arcs from here on are of rows.
    first_row_arc: usize,
    /// Places of arcs of rows that have left the tree.
    free: Vec<u32>,
    /// What arcs cost among circulations of equal cost, once that is the objective.
    ties: Option<Tight>,
    cursor: usize,
}

/// Arcs of rows that are tight, by row.
struct Tight {
    rows: Vec<Range<usize>>,
    /// With what they cost among circulations of equal cost.
    serves: Vec<(Serves, i64)>,
}

/// An arc that saves.
#[derive(Clone, Copy, Debug)]
enum Entering {
    Arc(usize),
    Row { from: u32, to: u32, cost: i64, tie: i64 },
}

const NO_CURVE: u32 = u32::MAX;

impl Simplex {
    /// Arcs, their flows, and the rows as they were given.
    pub(super) fn into_parts(self) -> (Vec<Arc>, Vec<u64>, Rows) {
        (self.arcs, self.flow, self.rows)
    }

    pub(super) fn new(network: Circulation, start: &Start) -> Self {
        let Circulation { arcs, roots, curves, rows } = network;
        let mut curve_of = vec![NO_CURVE; arcs.len()];
        for (at, curve) in curves.iter().enumerate() {
            curve_of[curve.clone()].fill(index(at));
        }
        let mut simplex = Self {
            flow: vec![0; arcs.len()],
            state: vec![State::Empty; arcs.len()],
            potential: vec![0; roots.len() + 1],
            tree: Tree::bare(roots.len() + 1),
            curves: curves.into_iter().map(|c| (c.clone(), c.start)).collect(),
            curve_of,
            rows,
            first_row_arc: arcs.len(),
            free: Vec::new(),
            ties: None,
            cursor: 0,
            arcs,
        };
        start.apply(&mut simplex, &roots);
        simplex.weigh_tree();
        simplex
    }

    /// Leaves out what cost has decided and changes the objective. The tree stays, and stays strongly
    /// feasible, as that is a matter of flows.
    pub(super) fn turn_to_ties(&mut self, route_tie: RouteTie<'_>) {
        let mut curves = Vec::new();
        for arc in 0..self.first_row_arc {
            self.curve_of[arc] = NO_CURVE;
            if self.reduced(arc) == 0 {
                self.curve_of[arc] = index(curves.len());
                let margin = if self.state[arc] == State::Full { arc + 1 } else { arc };
                curves.push((arc..arc + 1, margin));
            }
        }
        self.curves = curves;
        let mut tight = Tight { rows: Vec::new(), serves: Vec::new() };
        for row in 0..self.rows.len() {
            let (to, start) = (self.rows.node(row), tight.serves.len());
            let of = self.rows.serving(row).filter(|s| self.reduced_row(*s, to) == 0);
            tight.serves.extend(of.map(|s| (s, route_tie(s.node, to))));
            tight.rows.push(start..tight.serves.len());
        }
        for arc in &mut self.arcs[self.first_row_arc..] {
            arc.tie = route_tie(arc.from, arc.to).into();
        }
        self.ties = Some(tight);
        self.cursor = 0;
        self.weigh_tree();
    }

    pub(super) fn links(&mut self) -> Vec<(u32, u32, i64)> {
        let mut order = Vec::new();
        self.tree.visit(0, |node| order.push(node));
        let steps = order.iter().skip(1).rev().map(|&node| self.tree.step(node).arc as usize);
        let of_rows = steps.filter(|arc| *arc >= self.first_row_arc).map(|arc| &self.arcs[arc]);
        of_rows.map(|arc| (arc.from, arc.to, arc.cost)).collect()
    }

    /// Potentials from the tree alone.
    fn weigh_tree(&mut self) {
        let mut order = Vec::new();
        self.tree.visit(0, |node| order.push(node));
        for &node in order.iter().skip(1) {
            self.potential[node as usize] = self.hanging(self.tree.step(node));
        }
    }

    /// The potential of a node that hangs by `step`.
    fn hanging(&self, step: Step) -> i128 {
        let (parent, cost) = (self.potential[step.parent as usize], self.cost(step.arc as usize));
        if step.up { parent - cost } else { parent + cost }
    }

    fn cost(&self, arc: usize) -> i128 {
        if self.ties.is_some() { self.arcs[arc].tie } else { i128::from(self.arcs[arc].cost) }
    }

    fn reduced(&self, arc: usize) -> i128 {
        let Arc { from, to, .. } = self.arcs[arc];
        self.cost(arc) + self.potential[from as usize] - self.potential[to as usize]
    }

    fn reduced_row(&self, Serves { node, cost }: Serves, to: u32) -> i128 {
        i128::from(cost) + self.potential[node as usize] - self.potential[to as usize]
    }

    /// A row's arc for the tree.
    pub(super) fn add_row_arc(&mut self, from: u32, to: u32, cost: i64, tie: i64) -> usize {
        let arc = Arc { from, to, cost, tie: tie.into(), capacity: NO_LIMIT };
        if let Some(place) = self.free.pop() {
            let place = place as usize;
            (self.arcs[place], self.flow[place], self.state[place]) = (arc, 0, State::Empty);
            return place;
        }
        self.arcs.push(arc);
        self.flow.push(0);
        self.state.push(State::Empty);
        self.arcs.len() - 1
    }

    pub(super) fn enter(&mut self, arc: usize) {
        self.state[arc] = State::Tree;
        if arc < self.first_row_arc
            && let Some((_, margin)) = self.curves.get_mut(self.curve_of[arc] as usize)
        {
            *margin = arc;
        }
    }
}
