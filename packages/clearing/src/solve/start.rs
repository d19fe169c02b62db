//! Where the simplex starts: a feasible circulation near the optimum, with a tree for it.
//!
//! From a guess at prices: every node has lots to trade at its price; pairs of nodes that both have some left
//! trade all that one of them has, those that traded in an earlier clearing first. Each such step uses one
//! node up, so the pairs make a forest, and a component of it has one node at most with lots left.
#![allow(clippy::arithmetic_side_effects)] // lots of a book are below 2^48

use super::{
    circulation::{Arc, Circulation, index},
    rows::{Rows, Serves},
    simplex::{Simplex, State},
    tree::Step,
};
use std::ops::Range;

/// Lots that flow from a class's node to a vector's, at a cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) from: u32,
    pub(super) to: u32,
    pub(super) cost: i64,
    pub(super) lots: u64,
}

/// A circulation to start from; the default is none at all.
#[derive(Debug, Default)]
pub(super) struct Start {
    /// Links that make a forest.
    pub(super) links: Vec<Link>,
    /// (curve, its flow): as much as its node's links carry.
    pub(super) levels: Vec<(usize, u64)>,
}

impl Start {
    /// Puts flow and tree into a simplex that has neither.
    pub(super) fn apply(&self, simplex: &mut Simplex, roots: &[u32]) {
        let nodes = roots.len() + 1;
        let mut hung = vec![None; nodes];
        for &(curve, lots) in &self.levels {
            if let Some(arc) = fill(simplex, curve, lots) {
                hung[lower(&simplex.arcs[arc]) as usize] = Some(arc);
            }
        }
        let mut beside: Vec<Vec<usize>> = vec![Vec::new(); nodes];
        for link in &self.links {
            let arc = simplex.add_row_arc(link.from, link.to, link.cost, 0);
            simplex.flow[arc] = link.lots;
            beside[link.from as usize].push(arc);
            beside[link.to as usize].push(arc);
        }
        let mut seen = vec![false; nodes];
        // components with an arc in part first hang by that, the others by a root arc without flow
        let partial = (1..nodes).filter_map(|node| Some((node, hung[node]?)));
        let free = (1..nodes).zip(roots.iter().map(|&arc| arc as usize));
        for (node, arc) in partial.collect::<Vec<_>>().into_iter().chain(free) {
            if !seen[node] {
                grow(simplex, &beside, &mut seen, (node, arc));
            }
        }
    }
}

/// Hangs a component up by an arc of one of its nodes.
fn grow(
    simplex: &mut Simplex,
    beside: &[Vec<usize>],
    seen: &mut [bool],
    (top, arc): (usize, usize),
) {
    let mut stack = vec![(index(top), 0, arc)];
    while let Some((node, parent, arc)) = stack.pop() {
        seen[node as usize] = true;
        simplex.enter(arc);
        let up = simplex.arcs[arc].from == node;
        simplex.tree.attach(node, Step { parent, arc: index(arc), up });
        for &next in beside[node as usize].iter().filter(|next| **next != arc) {
            let Arc { from, to, .. } = simplex.arcs[next];
            stack.push((if from == node { to } else { from }, node, next));
        }
    }
}

/// The end of a root arc that is not the root.
fn lower(arc: &Arc) -> u32 {
    arc.from.max(arc.to)
}

/// Fills a curve from its cheapest arc on; returns the one that is filled in part.
fn fill(simplex: &mut Simplex, curve: usize, mut lots: u64) -> Option<usize> {
    let (range, margin) = simplex.curves[curve].clone();
    let mut at = range.start;
    while lots > 0 && at < range.end && simplex.arcs[at].capacity <= lots {
        lots -= simplex.arcs[at].capacity;
        simplex.flow[at] = simplex.arcs[at].capacity;
        simplex.state[at] = State::Full;
        at += 1;
    }
    simplex.curves[curve].1 = at.max(margin);
    if lots == 0 {
        return None;
    }
    simplex.flow[at] = lots;
    Some(at)
}

/// What a node has to trade.
#[derive(Clone, Debug, Default)]
struct Stock {
    curve: usize,
    left: u64,
    traded: u64,
}

/// The market as the start sees it: classes are nodes `1..=classes`, vectors those after them.
pub(super) struct Market<'a> {
    pub(super) network: &'a Circulation,
    pub(super) classes: usize,
    /// The curve of each node but the root.
    pub(super) curves: &'a [usize],
}

impl Market<'_> {
    fn range(&self, node: usize) -> Range<usize> {
        self.network.curves[self.curves[node - 1]].clone()
    }

    /// Lots that a node would trade at a potential.
    fn at_price(&self, node: usize, potential: i128) -> u64 {
        let arcs = &self.network.arcs[self.range(node)];
        let sign = if node <= self.classes { 1 } else { -1 };
        let would = arcs.iter().take_while(|a| i128::from(a.cost) <= sign * potential);
        would.map(|a| a.capacity).sum()
    }

    /// A start from potentials, and from pairs (class node, vector node) to try first.
    pub(super) fn start(
        &self,
        rows: &mut Rows,
        potential: &[i128],
        first: &[(u32, u32, i64)],
    ) -> Start {
        let mut stock: Vec<Stock> = vec![Stock::default(); self.curves.len() + 1];
        for (node, stock) in stock.iter_mut().enumerate().skip(1) {
            stock.curve = self.curves[node - 1];
            stock.left = self.at_price(node, potential[node]);
        }
        let mut links = Vec::new();
        let mut trade = |stock: &mut [Stock], from: u32, to: u32, cost: i64| {
            let lots = stock[from as usize].left.min(stock[to as usize].left);
            if lots > 0 {
                for node in [from, to] {
                    stock[node as usize].left -= lots;
                    stock[node as usize].traded += lots;
                }
                links.push(Link { from, to, cost, lots });
            }
        };
        for &(from, to, cost) in first {
            trade(&mut stock, from, to, cost);
        }
        for row in 0..rows.len() {
            let to = rows.node(row);
            let first = self.range(to as usize).start;
            let limit = -i128::from(self.network.arcs[first].cost);
            while stock[to as usize].left > 0 {
                let has = |s: &Serves| stock[s.node as usize].left > 0;
                let price = |s: &Serves| potential[s.node as usize] + i128::from(s.cost);
                let best = rows.serving(row).filter(has).min_by_key(price);
                let Some(best) = best.filter(|b| price(b) <= limit) else { break };
                trade(&mut stock, best.node, to, best.cost);
            }
        }
        let traded = stock.iter().filter(|s| s.traded > 0);
        Start { levels: traded.map(|s| (s.curve, s.traded)).collect(), links }
    }

    /// Potentials by which about as much is asked of each class as it offers: prices rise where more is
    /// asked, fall where less is, by ever smaller steps. Only a guess: the start need not be good.
    pub(super) fn guess(&self, rows: &mut Rows) -> Vec<i128> {
        let mut potential = vec![self.level(); self.curves.len() + 1];
        potential[0] = 0;
        let mut step = potential.iter().copied().max().unwrap_or(0) / 4;
        for round in 0..24 {
            rows.refresh(&potential);
            let mut asked = vec![0u64; self.classes + 1];
            for row in 0..rows.len() {
                let Some(best) = rows.cheapest(row, &potential) else { continue };
                let bears = potential[best.node as usize] + i128::from(best.cost);
                let to = rows.node(row) as usize;
                potential[to] = bears;
                asked[best.node as usize] += self.at_price(to, bears);
            }
            if round == 23 {
                break;
            }
            for class in 1..=self.classes {
                let offered = self.at_price(class, potential[class]);
                match asked[class].cmp(&offered) {
                    std::cmp::Ordering::Greater => potential[class] += step,
                    std::cmp::Ordering::Less => potential[class] = (potential[class] - step).max(0),
                    std::cmp::Ordering::Equal => {}
                }
            }
            step = (step * 3 / 4).max(1);
        }
        potential
    }

    /// The price at which the whole market's supply meets its demand, as if it were one class.
    fn level(&self) -> i128 {
        let (mut low, mut high) = (0i128, 1i128 << 62);
        while low < high {
            let middle = low.midpoint(high);
            let supply: u64 = (1..=self.classes).map(|n| self.at_price(n, middle)).sum();
            let demand: u64 =
                (self.classes + 1..=self.curves.len()).map(|n| self.at_price(n, middle)).sum();
            if supply >= demand { high = middle } else { low = middle + 1 }
        }
        low
    }
}
