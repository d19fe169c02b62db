//! Trade reduction: giving up the marginal lot, so that nobody sets the price it trades at.
//!
//! The strongly budget-balanced auction of Segal-Halevi, Hassidim and Aumann (SBBA, 2016), after McAfee
//! (1992), for a market of one class. Let `k` lots trade at the optimum, `b` be the least value (limit -
//! cost) with a lot filled and `s` the least ask with a lot left. If `s <= b`, the lot that is left sets the
//! price, and all `k` trade at `s`. Otherwise the marginal buyer sets it and leaves: `k - 1` lots trade at
//! `b`. Then one lot too many is for sale at that price, and the youngest offer that sells gives one up: who
//! that is depends on no ask, so that no seller gains by another ask (the paper draws a lot; age is as
//! blind to asks, and needs no randomness).
//!
//! Truthful for orders of one lot, inside every limit and ask, never a deficit and no surplus left over.
//! Welfare lost is that of one lot at most.

use crate::Fill;
use caplet_protocol::{Lots, OrderId};
use std::cmp::Reverse;

/// A divisible fill, with what its lots are worth to the buyer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trade {
    /// The fill.
    pub fill: Fill,
    /// The demand's limit less the cost of the class to it, in base units a lot.
    pub value: u64,
}

/// What a reduced clearing is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reduction {
    /// The fills that stay, sorted by (offer, demand).
    pub fills: Vec<Fill>,
    /// Base units a lot that every one of them pays; `None` when nothing trades.
    pub price: Option<u64>,
    /// The offer and the demand that gave up a lot each, if any did.
    pub dropped: Option<(OrderId, OrderId)>,
}

/// Reduces an optimal clearing of a market of one class: `trades` are its divisible fills, sorted by
/// (offer, demand), `unsold` the least ask with a lot left that is in no divisible fill.
///
/// The clearing must be optimal ([`certificate`](crate::certificate)): then every ask in `trades` is at most
/// `unsold`, and at most every value in `trades`.
#[must_use]
pub fn trade_reduction(trades: &[Trade], unsold: Option<u64>) -> Reduction {
    let fills: Vec<Fill> = trades.iter().map(|trade| trade.fill).collect();
    // among equal values the youngest goes; a demand's fills all have one value
    let marginal = trades.iter().min_by_key(|t| (t.value, Reverse(t.fill.demand)));
    let (Some(marginal), Some(youngest)) = (marginal, fills.iter().map(|f| f.offer).max()) else {
        return Reduction { fills: Vec::new(), price: None, dropped: None };
    };
    if let Some(price) = unsold.filter(|&ask| ask <= marginal.value) {
        return Reduction { fills, price: Some(price), dropped: None };
    }
    let buyer = marginal.fill.demand;
    let fills = give_up(fills, youngest, buyer);
    let price = (!fills.is_empty()).then_some(marginal.value);
    Reduction { fills, price, dropped: Some((youngest, buyer)) }
}

/// Takes a lot from an offer and from a demand. If they do not trade with each other, who loses a partner on
/// one side takes who loses one on the other: in a market of one class everybody may.
fn give_up(mut fills: Vec<Fill>, offer: OrderId, demand: OrderId) -> Vec<Fill> {
    let both = fills.iter().position(|f| (f.offer, f.demand) == (offer, demand));
    if let Some(at) = both {
        less(&mut fills, at);
        return fills;
    }
    let of_offer = fills.iter().rposition(|f| f.offer == offer);
    let widowed = of_offer.map(|at| less(&mut fills, at).demand);
    let of_demand = fills.iter().rposition(|f| f.demand == demand);
    let unsold = of_demand.map(|at| less(&mut fills, at).offer);
    if let (Some(offer), Some(demand)) = (unsold, widowed) {
        match fills.binary_search_by_key(&(offer, demand), |f| (f.offer, f.demand)) {
            // a demand has at most 65,535 lots, and this one has just lost one
            Ok(at) => fills
                .iter_mut()
                .skip(at)
                .take(1)
                .for_each(|f| f.lots.0 = f.lots.0.saturating_add(1)),
            Err(at) => fills.insert(at, Fill { offer, demand, lots: Lots(1) }),
        }
    }
    fills
}

/// Takes a lot from the fill at a place, and the fill away with its last; returns it as it was.
fn less(fills: &mut Vec<Fill>, at: usize) -> Fill {
    let old = fills[at];
    if old.lots.0 <= 1 {
        fills.remove(at);
    } else {
        fills[at].lots.0 = old.lots.0.saturating_sub(1);
    }
    old
}
