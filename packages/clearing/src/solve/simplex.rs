//! Minimum-cost circulation by the primal network simplex method with strongly feasible trees
//! (Cunningham 1976): every tree arc without flow points to the root, which the leaving rule keeps up, so
//! that degenerate pivots cannot cycle.
//!
//! Arcs come as curves, runs of parallel arcs of rising cost of which only the one at the margin can enter, and as
//! [`Rows`], whose arcs have no capacity and hence no flow outside the tree: they exist only while in it.
//!
//! Two objectives, one after the other: when no arc saves cost any more, those whose reduced cost is not
//! zero are left out, which leaves exactly the optimal circulations, and ties are settled among them from
//! the same tree.
#![allow(clippy::arithmetic_side_effects)] // flows stay within capacities; a potential is a sum of at most 2^17 costs below 2^104

use super::{
    rows::{Rows, Serves},
    start::Start,
    tree::{Step, Tree},
};
use std::ops::Range;

/// A capacity that never binds.
pub(super) const NO_LIMIT: u64 = u64::MAX;

/// An arc of the network.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arc {
    pub(super) from: u32,
    pub(super) to: u32,
    /// Of a unit of flow.
    pub(super) cost: i64,
    /// Of a unit of flow, among circulations of equal cost.
    pub(super) tie: i128,
    pub(super) capacity: u64,
}

/// A network with root 0 in which no flow at all is feasible.
#[derive(Debug, Default)]
pub(super) struct Circulation {
    pub(super) arcs: Vec<Arc>,
    /// Runs of arcs between the same nodes, cost rising.
    pub(super) curves: Vec<Range<usize>>,
    /// The arc from each node but the root to the root that may start in the tree without flow.
    pub(super) roots: Vec<u32>,
    pub(super) rows: Rows,
}

/// An optimal circulation and its certificate.
#[derive(Debug)]
pub(super) struct Solution {
    /// Those of the circulation, then those of the rows that are in the tree.
    pub(super) arcs: Vec<Arc>,
    pub(super) flow: Vec<u64>,
    /// Of the cost: cost + potential(from) - potential(to) is >= 0 on an arc with room and <= 0 on one
    /// with flow; the root's is 0.
    pub(super) potential: Vec<i128>,
    /// (class node, vector node, cost) of the rows' arcs in the last tree, those far from the root first.
    pub(super) links: Vec<(u32, u32, i64)>,
    /// As it was given.
    pub(super) rows: Rows,
}

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

/// What an arc of a row costs among circulations of equal cost, by the nodes of its class and its vector.
pub(super) type RouteTie<'a> = &'a dyn Fn(u32, u32) -> i64;

/// An arc that saves.
#[derive(Clone, Copy, Debug)]
enum Entering {
    Arc(usize),
    Row { from: u32, to: u32, cost: i64, tie: i64 },
}

/// What stops more flow round a cycle.
struct Blocking {
    amount: u64,
    /// The lower end of the tree arc that blocks first, and whether it is on the first side; `None`
    /// when it is the entering arc itself.
    leaving: Option<(u32, bool)>,
}

const NO_CURVE: u32 = u32::MAX;
/// Pivots after which rows look at potentials anew.
const REFRESH: u32 = 32;
/// Curves and rows of which the best arc enters, while the objective is cost.
const BLOCK: usize = 8;

impl Circulation {
    /// Adds a node, which must next be tied to the root by [`Self::root_by`] before the network is solved.
    pub(super) fn add_node(&mut self) -> u32 {
        u32::try_from(self.roots.len() + 1).expect("at most 4096 classes and 65536 vectors")
    }

    /// Adds a curve.
    pub(super) fn add_curve(&mut self, arcs: impl IntoIterator<Item = Arc>) {
        let start = self.arcs.len();
        self.arcs.extend(arcs);
        self.curves.push(start..self.arcs.len());
    }

    /// Adds a curve whose first arc may tie the newest node to the root.
    pub(super) fn root_by(&mut self, arcs: impl IntoIterator<Item = Arc>) {
        self.roots.push(index(self.arcs.len()));
        self.add_curve(arcs);
    }

    /// The cheapest circulation, and of those the one with the least sum of ties. Where it starts changes
    /// nothing but how long it takes.
    pub(super) fn solve(self, start: &Start, route_tie: RouteTie<'_>) -> Solution {
        let mut simplex = Simplex::new(self, start);
        simplex.run();
        let potential = simplex.potential.clone();
        simplex.turn_to_ties(route_tie);
        simplex.run();
        let links = simplex.links();
        let Simplex { arcs, flow, rows, .. } = simplex;
        Solution { arcs, flow, potential, links, rows }
    }
}

pub(super) fn index(i: usize) -> u32 {
    u32::try_from(i).expect("arcs are fewer than 2^28 and the nodes")
}

impl Simplex {
    fn new(network: Circulation, start: &Start) -> Self {
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

    fn run(&mut self) {
        let mut since = REFRESH;
        let mut quiet = 0;
        let block = if self.ties.is_some() { 1 } else { BLOCK };
        let items = self.curves.len() + self.rows.len();
        // a whole round without a pivot, all of it by potentials as they are
        while quiet < items {
            if since >= REFRESH {
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
            if quiet >= items && since > 0 {
                since = REFRESH;
                quiet = 0;
            }
        }
    }

    /// Leaves out what cost has decided and changes the objective. The tree stays, and stays strongly
    /// feasible, as that is a matter of flows.
    fn turn_to_ties(&mut self, route_tie: RouteTie<'_>) {
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

    fn links(&mut self) -> Vec<(u32, u32, i64)> {
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

    fn pivot(&mut self, entering: Entering) {
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
