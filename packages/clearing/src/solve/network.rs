//! The aggregated book as a circulation.
//!
//! Root to class: an arc a bucket of offers, at its ask. Class to vector: the cost. Vector to root:
//! an arc a bucket of demands, at minus its limit. Class to root at nothing: an offer may go to waste,
//! so no price is negative.
//!
//! Ties are settled as `docs/adr/0002-canonical-clearing.md` says: more lots, then the buckets with the
//! oldest orders, then a fixed hash of class and vector.
#![allow(clippy::arithmetic_side_effects)] // prices are below 2^62 (`Market::check`), lots below 2^48, sums in i128; ids below 2^40

use super::{
    circulation::{Arc, Circulation, NO_LIMIT, Solution},
    queue::{Bucket, Queue},
    rows::{Node, Nodes, Rows},
    start::Market,
};
use crate::Terms;
use caplet_protocol::{OrderId, VectorId};
use std::collections::BTreeMap;

/// Lots that flow from a class to a vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Route {
    pub(super) class: usize,
    pub(super) vector: usize,
    pub(super) lots: u64,
}

/// The optimum of the divisible book.
#[derive(Debug)]
pub(super) struct Optimum {
    /// Sorted by (class, vector).
    pub(super) routes: Vec<Route>,
    pub(super) prices: Vec<Option<u64>>,
    pub(super) welfare: i128,
}

/// What a clearing leaves for the next one of the same market to start from.
#[derive(Debug)]
pub(super) struct Warm {
    classes: BTreeMap<u16, i128>,
    vectors: BTreeMap<u16, i128>,
    links: Vec<(u16, u16, i64)>,
    /// Good for the same classes and vectors only.
    pub(super) rows: Rows,
}

impl Warm {
    /// A vector has become another one.
    pub(super) fn forget(&mut self, vector: VectorId) {
        self.vectors.remove(&vector.0);
        self.links.retain(|(_, of, _)| *of != vector.0);
        self.rows = Rows::default();
    }

    fn of(solution: Solution, nodes: &Nodes) -> Self {
        let name = |node: u32| nodes.names[node as usize - 1];
        let named = nodes.names.iter().copied().zip(solution.potential.into_iter().skip(1));
        let mut all: Vec<_> = named.collect();
        let vectors = all.split_off(nodes.classes).into_iter().collect();
        let links = solution.links.into_iter().map(|(from, to, cost)| (name(from), name(to), cost));
        let (classes, links) = (all.into_iter().collect(), links.collect());
        Self { classes, vectors, links, rows: solution.rows }
    }
}

/// The network and what its parts stand for.
pub(super) struct Network {
    graph: Circulation,
    /// Node and lowest ask by class; `None` without offers.
    classes: Vec<Node>,
    nodes: Nodes,
    /// The curve of each node but the root.
    curves: Vec<usize>,
}

impl Network {
    /// Lays out nodes and arcs.
    pub(super) fn build(
        terms: Terms<'_>,
        supply: &Queue,
        demand: &Queue,
        rows: Option<Rows>,
    ) -> Self {
        let mut network = Self {
            graph: Circulation::default(),
            classes: Vec::new(),
            nodes: Nodes::default(),
            curves: Vec::new(),
        };
        for class in 0..terms.classes.len() {
            let node = network.add_class(terms, supply, class);
            network.classes.push(node);
        }
        network.nodes.classes = network.nodes.names.len();
        let vectors = 0..terms.vectors.len();
        let vectors: Vec<_> = vectors.map(|v| network.add_vector(terms, demand, v)).collect();
        network.graph.rows = rows
            .filter(|rows| rows.are_over(&network.nodes))
            .unwrap_or_else(|| Rows::new(terms, &network.classes, &vectors, network.nodes.clone()));
        network
    }

    /// Solves and reads the result back in terms of the book; with what to start from another time. Where it
    /// starts changes nothing but how long it takes.
    pub(super) fn optimum(mut self, warm: Option<&Warm>) -> (Optimum, Warm) {
        let mut rows = std::mem::take(&mut self.graph.rows);
        let market =
            Market { network: &self.graph, classes: self.nodes.classes, curves: &self.curves };
        let start = match warm {
            Some(warm) => {
                let (guess, links) = self.recall(warm);
                market.start(&mut rows, &guess, &links)
            }
            None => {
                let guess = market.guess(&mut rows);
                market.start(&mut rows, &guess, &[])
            }
        };
        self.graph.rows = rows;
        let Self { graph, classes, nodes, .. } = self;
        let name = |node: u32| nodes.names[node as usize - 1];
        let first_route = graph.arcs.len();
        let solution = graph.solve(&start, &|class, vector| lot(name(class), name(vector)));
        let value = |(arc, &flow): (&Arc, &u64)| i128::from(flow) * i128::from(arc.cost);
        let welfare = -solution.arcs.iter().zip(&solution.flow).map(value).sum::<i128>();
        let flows = solution.arcs.iter().zip(&solution.flow).skip(first_route);
        let mut routes: Vec<_> = flows
            .filter(|(_, lots)| **lots > 0)
            .map(|(arc, &lots)| {
                let (class, vector) = (name(arc.from).into(), name(arc.to).into());
                Route { class, vector, lots }
            })
            .collect();
        routes.sort_unstable();
        let prices = classes.iter().map(|class| {
            let (node, ask) = (*class)?;
            Some(supporting(solution.potential[node as usize], ask))
        });
        let optimum = Optimum { routes, prices: prices.collect(), welfare };
        (optimum, Warm::of(solution, &nodes))
    }

    /// Potentials and pairs of an earlier clearing, for the nodes there are now.
    fn recall(&self, warm: &Warm) -> (Vec<i128>, Vec<(u32, u32, i64)>) {
        let mut potential = vec![0; self.nodes.names.len() + 1];
        let (mut of_class, mut of_vector) = (BTreeMap::new(), BTreeMap::new());
        for (node, (&name, curve)) in (1u32..).zip(self.nodes.names.iter().zip(&self.curves)) {
            let arcs = &self.graph.arcs[self.graph.curves[*curve].clone()];
            let best = arcs.first().map_or(0, |arc| i128::from(arc.cost).abs());
            let is_class = node as usize <= self.nodes.classes;
            let (nodes, known) = if is_class {
                (&mut of_class, &warm.classes)
            } else {
                (&mut of_vector, &warm.vectors)
            };
            nodes.insert(name, node);
            potential[node as usize] = known.get(&name).copied().unwrap_or(best);
        }
        let links = warm.links.iter().filter_map(|(class, vector, cost)| {
            Some((*of_class.get(class)?, *of_vector.get(vector)?, *cost))
        });
        (potential, links.collect())
    }

    fn add_class(&mut self, terms: Terms<'_>, supply: &Queue, class: usize) -> Node {
        let lowest = supply.tick(supply.front(class)?);
        let node = self.add_node(class);
        let arc = |Bucket { tick, oldest, lots }| {
            let (cost, tie) = (money(terms.market.price(tick)), bucket_tie(oldest));
            Arc { from: 0, to: node, cost, tie, capacity: lots }
        };
        self.graph.add_curve(supply.buckets(class).map(arc));
        self.graph.root_by([Arc { from: node, to: 0, cost: 0, tie: 0, capacity: NO_LIMIT }]);
        Some((node, terms.market.price(lowest)))
    }

    fn add_vector(&mut self, terms: Terms<'_>, demand: &Queue, vector: usize) -> Node {
        let highest = demand.tick(demand.front(vector)?);
        let node = self.add_node(vector);
        let arc = |Bucket { tick, oldest, lots }| {
            let cost = -money(terms.market.price(tick));
            let tie = bucket_tie(oldest) - (VOLUME << BUCKETS);
            Arc { from: node, to: 0, cost, tie, capacity: lots }
        };
        self.graph.root_by(demand.buckets(vector).map(arc));
        Some((node, terms.market.price(highest)))
    }

    /// A node, whose curve comes next.
    fn add_node(&mut self, name: usize) -> u32 {
        self.nodes.names.push(u16::try_from(name).expect("at most 4096 classes and 65536 vectors"));
        self.curves.push(self.graph.curves.len());
        self.graph.add_node()
    }
}

/// The price of a class from its node's potential. A class that sells nothing may lie lower than its
/// lowest ask; raised to it, it supports the same optimum, and the arcs left out above hold too.
fn supporting(potential: i128, lowest_ask: u64) -> u64 {
    let price = u64::try_from(potential).expect("disposal keeps 0 <= potential <= a limit");
    price.max(lowest_ask)
}

fn money(price: u64) -> i64 {
    i64::try_from(price).expect("prices are below 2^62")
}

/// Ties between buckets, above all ties between routes: those sum up to below 2^60 on a cycle.
const BUCKETS: u32 = 60;
/// What a lot more is worth, above the ids of any two buckets.
const VOLUME: i128 = 1 << 42;

fn bucket_tie(oldest: OrderId) -> i128 {
    i128::from(oldest.to_u64()) << BUCKETS
}

/// 40 bits out of a class and a vector (the finaliser of SplitMix64, Steele, Lea, Flood 2014), so that
/// no pair is favoured by its number and ties between routes are settled by them alone.
fn lot(class: u16, vector: u16) -> i64 {
    let mut z = (u64::from(class) << 16 | u64::from(vector)).wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    i64::try_from((z ^ (z >> 31)) >> 24).expect("40 bits")
}
