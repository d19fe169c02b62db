//! The second pass: demands that want several lots or none, from what is left.
//!
//! Choosing the best set of them is NP-hard (generalised assignment), so they come one by one, the
//! highest limit first, then the oldest; each takes the lots that are cheapest for it, at their asks.

use super::queue::Queue;
use crate::{ClassIndex, Demand, Fill, Terms};
use caplet_protocol::{Lots, OrderId};
use std::{cmp::Reverse, collections::BinaryHeap};

/// Fills what can be filled wholly.
pub(super) fn fill<'a>(
    terms: Terms<'_>,
    demands: impl IntoIterator<Item = &'a Demand>,
    supply: &mut Queue,
    fills: &mut Vec<Fill>,
) {
    let mut waiting: Vec<&Demand> = demands.into_iter().filter(|d| d.is_whole()).collect();
    waiting.sort_unstable_by_key(|d| (Reverse(d.limit), d.id));
    for demand in waiting {
        let Some(taken) = gather(terms, supply, demand) else { continue };
        for (class, id, lots) in taken {
            supply.take(class, lots);
            fills.push(Fill { offer: id, demand: demand.id, lots: Lots(lots) });
        }
    }
}

/// The cheapest lots for a demand as (class, offer, lots), or `None` when there are too few within
/// its limit. Takes nothing yet.
fn gather(terms: Terms<'_>, supply: &Queue, demand: &Demand) -> Option<Vec<(usize, OrderId, u16)>> {
    let limit = terms.market.price(demand.limit);
    // one head a class: (price with cost, offer, class, place in the class's queue)
    let mut heads = BinaryHeap::new();
    let head = |class: ClassIndex, cost: u64, place: usize| {
        let entry = supply.group(class.at()).get(place)?;
        let bears = terms.market.price(supply.tick(entry)).checked_add(cost)?;
        (bears <= limit).then_some(Reverse((bears, entry.id, class, place, cost)))
    };
    for (class, _) in terms.live() {
        heads.extend(terms.cost(class, demand.vector).and_then(|cost| head(class, cost, 0)));
    }
    let (mut left, mut taken) = (demand.lots.0, Vec::new());
    while left > 0 {
        let Reverse((_, id, class, place, cost)) = heads.pop()?;
        let lots = supply.group(class.at()).get(place)?.left.min(left);
        left = left.saturating_sub(lots);
        taken.push((class.at(), id, lots));
        heads.extend(head(class, cost, place.saturating_add(1)));
    }
    Some(taken)
}
