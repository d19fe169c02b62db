//! A network as the simplex takes it, and what it makes of it.
//!
//! Arcs come as curves, runs of parallel arcs of rising cost of which only the one at the margin can enter, and as
//! [`Rows`], whose arcs have no capacity and hence no flow outside the tree: they exist only while in it.
#![allow(clippy::arithmetic_side_effects)] // nodes are fewer than 2^17

use super::{rows::Rows, simplex::Simplex, start::Start};
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

/// What an arc of a row costs among circulations of equal cost, by the nodes of its class and its vector.
pub(super) type RouteTie<'a> = &'a dyn Fn(u32, u32) -> i64;

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
        let (arcs, flow, rows) = simplex.into_parts();
        Solution { arcs, flow, potential, links, rows }
    }
}

pub(super) fn index(i: usize) -> u32 {
    u32::try_from(i).expect("arcs are fewer than 2^28 and the nodes")
}
