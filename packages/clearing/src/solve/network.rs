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
    simplex::{Arc, Circulation, NO_LIMIT},
};
use crate::{ClassIndex, Terms};
use caplet_protocol::{OrderId, VectorId};

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
    classes: Vec<Option<(u32, u64)>>,
    /// (class, vector) of the arcs from `first_route` on.
    pairs: Vec<(usize, usize)>,
    first_route: usize,
}

impl Network {
    /// Lays out nodes and arcs in the order that the tie-break is defined by.
    pub(super) fn build(terms: Terms<'_>, supply: &Queue, demand: &Queue) -> Self {
        let mut graph = Circulation::default();
        let classes: Vec<_> =
            (0..terms.classes.len()).map(|c| add_class(&mut graph, terms, supply, c)).collect();
        let vectors: Vec<_> =
            (0..terms.vectors.len()).map(|v| add_vector(&mut graph, terms, demand, v)).collect();
        let first_route = graph.arcs.len();
        let mut pairs = Vec::new();
        for (v, vector) in (0..=u16::MAX).zip(&vectors) {
            let Some((to, limit)) = *vector else { continue };
            for (c, class) in (0..=u16::MAX).zip(&classes) {
                let Some((from, ask)) = *class else { continue };
                let Some(cost) = terms.cost(ClassIndex(c), VectorId(v)) else { continue };
                // a pair that could not trade at any price in the book needs no arc
                if limit.checked_sub(ask).is_some_and(|most| cost <= most) {
                    graph.arcs.push(Arc {
                        from,
                        to,
                        cost: money(cost),
                        tie: lot(c, v),
                        capacity: NO_LIMIT,
                    });
                    pairs.push((usize::from(c), usize::from(v)));
                }
            }
        }
        Self { graph, classes, pairs, first_route }
    }

    /// Solves and reads the result back in terms of the book.
    pub(super) fn optimum(self) -> Optimum {
        let Self { graph, classes, pairs, first_route } = self;
        let solution = graph.solve();
        let value = |(arc, &flow): (&Arc, &u64)| i128::from(flow) * i128::from(arc.cost);
        let welfare = -solution.arcs.iter().zip(&solution.flow).map(value).sum::<i128>();
        let flows = pairs.iter().zip(&solution.flow[first_route..]);
        let mut routes: Vec<_> = flows
            .filter(|(_, lots)| **lots > 0)
            .map(|(&(class, vector), &lots)| Route { class, vector, lots })
            .collect();
        routes.sort_unstable();
        let prices = classes.iter().map(|class| {
            let (node, ask) = (*class)?;
            Some(supporting(solution.potential[node as usize], ask))
        });
        Optimum { routes, prices: prices.collect(), welfare }
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
fn lot(class: u16, vector: u16) -> i128 {
    let mut z = (u64::from(class) << 16 | u64::from(vector)).wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    i128::from((z ^ (z >> 31)) >> 24)
}

fn add_class(
    graph: &mut Circulation,
    terms: Terms<'_>,
    supply: &Queue,
    class: usize,
) -> Option<(u32, u64)> {
    let lowest = supply.tick(supply.front(class)?);
    let node = graph.add_node();
    for Bucket { tick, oldest, lots } in supply.buckets(class) {
        let (cost, tie) = (money(terms.market.price(tick)), bucket_tie(oldest));
        graph.arcs.push(Arc { from: 0, to: node, cost, tie, capacity: lots });
    }
    graph.root_by(Arc { from: node, to: 0, cost: 0, tie: 0, capacity: NO_LIMIT });
    Some((node, terms.market.price(lowest)))
}

fn add_vector(
    graph: &mut Circulation,
    terms: Terms<'_>,
    demand: &Queue,
    vector: usize,
) -> Option<(u32, u64)> {
    let highest = demand.tick(demand.front(vector)?);
    let node = graph.add_node();
    for (rank, Bucket { tick, oldest, lots }) in demand.buckets(vector).enumerate() {
        let cost = -money(terms.market.price(tick));
        let tie = bucket_tie(oldest) - (VOLUME << BUCKETS);
        let arc = Arc { from: node, to: 0, cost, tie, capacity: lots };
        if rank == 0 { graph.root_by(arc) } else { graph.arcs.push(arc) }
    }
    Some((node, terms.market.price(highest)))
}
