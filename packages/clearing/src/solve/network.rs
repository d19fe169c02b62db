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
    queue::{Bucket, Queue},
    rows::{Node, Rows},
    simplex::{Arc, Circulation, NO_LIMIT},
    start::Market,
};
use crate::Terms;
use caplet_protocol::OrderId;

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

/// The network and what its parts stand for.
pub(super) struct Network {
    graph: Circulation,
    /// Node and lowest ask by class; `None` without offers.
    classes: Vec<Node>,
    /// Class or vector of each node but the root.
    names: Vec<u16>,
    /// The curve of each node but the root.
    curves: Vec<usize>,
    /// Nodes up to this one are classes.
    last_class: usize,
}

impl Network {
    /// Lays out nodes and arcs.
    pub(super) fn build(terms: Terms<'_>, supply: &Queue, demand: &Queue) -> Self {
        let mut network = Self {
            graph: Circulation::default(),
            classes: Vec::new(),
            names: Vec::new(),
            curves: Vec::new(),
            last_class: 0,
        };
        for class in 0..terms.classes.len() {
            let node = network.add_class(terms, supply, class);
            network.classes.push(node);
        }
        network.last_class = network.names.len();
        let vectors = 0..terms.vectors.len();
        let vectors: Vec<_> = vectors.map(|v| network.add_vector(terms, demand, v)).collect();
        network.graph.rows = Rows::new(terms, &network.classes, &vectors);
        network
    }

    /// Solves and reads the result back in terms of the book.
    pub(super) fn optimum(mut self) -> Optimum {
        let mut rows = std::mem::take(&mut self.graph.rows);
        let market =
            Market { network: &self.graph, classes: self.last_class, curves: &self.curves };
        let guess = market.guess(&mut rows);
        let start = market.start(&mut rows, &guess, &[]);
        self.graph.rows = rows;
        let Self { graph, classes, names, .. } = self;
        let name = |node: u32| names[node as usize - 1];
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
        Optimum { routes, prices: prices.collect(), welfare }
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
        self.names.push(u16::try_from(name).expect("at most 4096 classes and 65536 vectors"));
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
