//! Minimum-cost circulation by the primal network simplex method with strongly feasible trees
//! (Cunningham 1976): every tree arc without flow points to the root, which the leaving rule keeps up, so
//! that degenerate pivots cannot cycle. Block search for the entering arc (Grigoriadis 1986).
//!
//! Two objectives, one after the other: when no arc saves cost any more, those whose reduced cost is not
//! zero are frozen, which leaves exactly the optimal circulations, and ties are settled among them from
//! the same tree.
#![allow(clippy::arithmetic_side_effects)] // flows stay within capacities; a potential is a sum of at most 2^17 costs below 2^104

use super::tree::{Step, Tree};

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
    /// The arc from each node but the root to the root that starts in the tree.
    roots: Vec<u32>,
}

/// An optimal circulation and its certificate.
#[derive(Debug)]
pub(super) struct Solution {
    pub(super) arcs: Vec<Arc>,
    pub(super) flow: Vec<u64>,
    /// Of the cost: cost + potential(from) - potential(to) is >= 0 on an arc with room and <= 0 on one
    /// with flow; the root's is 0.
    pub(super) potential: Vec<i128>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Empty,
    Full,
    Tree,
    /// Every cheapest circulation has the same flow on it.
    Frozen,
}

struct Simplex {
    arcs: Vec<Arc>,
    flow: Vec<u64>,
    state: Vec<State>,
    potential: Vec<i128>,
    tree: Tree,
    /// Whether the objective is the ties.
    ties: bool,
    cursor: usize,
    block: usize,
}

/// What stops more flow round a cycle.
struct Blocking {
    amount: u64,
    /// The lower end of the tree arc that blocks first, and whether it is on the first side; `None`
    /// when it is the entering arc itself.
    leaving: Option<(u32, bool)>,
}

impl Circulation {
    /// Adds a node, which must next be tied to the root by [`Self::root_by`] before the network is solved.
    pub(super) fn add_node(&mut self) -> u32 {
        u32::try_from(self.roots.len() + 1).expect("at most 4096 classes and 65536 vectors")
    }

    /// Adds the arc that ties the newest node to the root in the starting tree.
    pub(super) fn root_by(&mut self, arc: Arc) {
        self.roots.push(index(self.arcs.len()));
        self.arcs.push(arc);
    }

    /// The cheapest circulation, and of those the one with the least sum of ties.
    pub(super) fn solve(self) -> Solution {
        let mut simplex = Simplex::start(self);
        simplex.run();
        let potential = simplex.potential.clone();
        simplex.turn_to_ties();
        simplex.run();
        Solution { arcs: simplex.arcs, flow: simplex.flow, potential }
    }
}

fn index(i: usize) -> u32 {
    u32::try_from(i).expect("arcs are fewer than 4096 x 65536 + 2^28")
}

impl Simplex {
    fn start(network: Circulation) -> Self {
        let Circulation { arcs, roots } = network;
        let mut state = vec![State::Empty; arcs.len()];
        roots.iter().for_each(|&arc| state[arc as usize] = State::Tree);
        let mut simplex = Self {
            flow: vec![0; arcs.len()],
            state,
            potential: vec![0; roots.len() + 1],
            tree: Tree::star(&roots),
            ties: false,
            cursor: 0,
            block: arcs.len().isqrt().max(16),
            arcs,
        };
        simplex.weigh_tree();
        simplex
    }

    fn run(&mut self) {
        while let Some(arc) = self.entering() {
            self.pivot(arc);
        }
    }

    /// Freezes what cost has decided and changes the objective. The tree stays, and stays strongly
    /// feasible, as that is a matter of flows.
    fn turn_to_ties(&mut self) {
        for arc in 0..self.arcs.len() {
            if self.state[arc] != State::Tree && self.reduced(arc) != 0 {
                self.state[arc] = State::Frozen;
            }
        }
        self.ties = true;
        self.weigh_tree();
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
        if self.ties { self.arcs[arc].tie } else { i128::from(self.arcs[arc].cost) }
    }

    fn reduced(&self, arc: usize) -> i128 {
        let Arc { from, to, .. } = self.arcs[arc];
        self.cost(arc) + self.potential[from as usize] - self.potential[to as usize]
    }

    /// How much a unit more flow (or less, on a full arc) would save; positive when it would.
    fn saving(&self, arc: usize) -> i128 {
        match self.state[arc] {
            State::Empty => -self.reduced(arc),
            State::Full => self.reduced(arc),
            State::Tree | State::Frozen => 0,
        }
    }

    /// The best arc of the first block, from where the last search ended, that has one at all.
    fn entering(&mut self) -> Option<usize> {
        let mut best: Option<(i128, usize)> = None;
        let mut left_in_block = self.block;
        for _ in 0..self.arcs.len() {
            let saving = self.saving(self.cursor);
            if saving > best.map_or(0, |(most, _)| most) {
                best = Some((saving, self.cursor));
            }
            self.cursor = if self.cursor + 1 == self.arcs.len() { 0 } else { self.cursor + 1 };
            left_in_block -= 1;
            if left_in_block == 0 {
                if best.is_some() {
                    break;
                }
                left_in_block = self.block;
            }
        }
        best.map(|(_, arc)| arc)
    }

    fn pivot(&mut self, arc: usize) {
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
            self.state[arc] = if fills { State::Full } else { State::Empty };
            return;
        };
        let left = self.tree.step(top).arc as usize;
        self.state[left] = if self.flow[left] == 0 { State::Empty } else { State::Full };
        self.state[arc] = State::Tree;
        let (inner, parent) = if on_first { (first, second) } else { (second, first) };
        self.hang(top, inner, Step { parent, arc: index(arc), up: from == inner });
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
