//! From routes to fills: each route takes from the front of its class's and its vector's queue.

use super::{network::Route, queue::Queue};
use crate::Fill;

/// Deals the routed lots out to orders. Routes are sorted by (class, vector): a class serves its
/// vectors in ascending order, a vector is served by its classes in ascending order. Every step
/// empties an order or a route, so there are at most orders + routes fills.
pub(super) fn deal(supply: &mut Queue, demand: &mut Queue, routes: &[Route]) -> Vec<Fill> {
    let mut fills = Vec::new();
    for route in routes {
        let mut left = route.lots;
        while left > 0 {
            let offer = supply.front(route.class).expect("a route has offers for all its lots");
            let asked = demand.front(route.vector).expect("a route has demands for all its lots");
            let both = offer.left.min(asked.left);
            let lots = u16::try_from(left).map_or(both, |left| left.min(both));
            let (offer, demanded) = (offer.id, asked.id);
            supply.take(route.class, lots);
            let lots = demand.take(route.vector, lots);
            left = left.saturating_sub(u64::from(lots.0));
            fills.push(Fill { offer, demand: demanded, lots });
        }
    }
    fills
}
