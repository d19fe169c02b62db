//! The scan over a frozen book.

use super::{Reject, StateError, Verified, bytes, state::State};
use crate::{
    Fill, Reduction, Terms, Trade,
    prices::{self, Constraints, Extremes},
    trade_reduction,
};
use caplet_protocol::VectorId;

/// A verification under way: every open demand in ascending id, then every open offer in ascending
/// id, then [`Scan::finish`]. Between transactions keep [`Scan::to_bytes`] and the fills.
///
/// Once a call has returned an error the scan is worthless: drop it.
#[derive(Debug)]
pub struct Scan<'a> {
    pub(super) terms: Terms<'a>,
    pub(super) fills: &'a [Fill],
    /// Positions of fills by (demand, offer); used until the offers begin.
    pub(super) by_demand: Vec<usize>,
    /// m of each vector once it was needed: `Some(None)` when no priced class serves it.
    least: Vec<Option<Option<u64>>>,
    pub(super) state: State,
}

impl<'a> Scan<'a> {
    /// Begins. Fills are in ascending (offer, demand); `witness` has a price for every class with offers.
    ///
    /// # Errors
    /// [`Reject::Market`], or fills that are unsorted, repeated or empty.
    pub fn start(
        terms: Terms<'a>,
        fills: &'a [Fill],
        witness: &[Option<u64>],
    ) -> Result<Self, Reject> {
        terms.market.check()?;
        if u32::try_from(fills.len()).is_err() {
            return Err(Reject::TooMany(fills.len()));
        }
        if let Some(&Fill { offer, demand, .. }) = fills.iter().find(|f| f.lots.0 == 0) {
            return Err(Reject::Empty { offer, demand });
        }
        let key = |f: &Fill| (f.offer, f.demand);
        if let Some(pair) = fills.windows(2).find(|pair| key(&pair[0]) >= key(&pair[1])) {
            return Err(Reject::FillsUnsorted { offer: pair[1].offer, demand: pair[1].demand });
        }
        let mut witness = witness.to_vec();
        witness.resize(terms.classes.len(), None);
        let resolved = vec![None; fills.len()];
        Ok(Self::over(terms, fills, State { witness, resolved, ..State::default() }))
    }

    /// Goes on from [`Scan::to_bytes`], with the same terms and fills.
    ///
    /// # Errors
    /// When the bytes are not a state over so many classes and fills.
    pub fn resume(terms: Terms<'a>, fills: &'a [Fill], state: &[u8]) -> Result<Self, StateError> {
        let state = bytes::decode(state)?;
        if state.resolved.len() != fills.len() || state.witness.len() != terms.classes.len() {
            return Err(StateError::Foreign {
                fills: state.resolved.len(),
                given: fills.len(),
                classes: state.witness.len(),
                live: terms.classes.len(),
            });
        }
        Ok(Self::over(terms, fills, state))
    }

    fn over(terms: Terms<'a>, fills: &'a [Fill], state: State) -> Self {
        let mut by_demand = Vec::new();
        if !state.offers {
            // fills of a demand stand by offer already
            let demands = fills.iter().map(|fill| fill.demand.to_u64());
            let mut keyed: Vec<(u64, usize)> = demands.zip(0..).collect();
            keyed.sort_unstable();
            by_demand.extend(keyed.into_iter().map(|(_, at)| at));
        }
        Self { terms, fills, by_demand, least: vec![None; terms.vectors.len()], state }
    }

    /// The partial sums as bytes, for the next transaction.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        bytes::encode(&self.state)
    }

    /// m: the least price with cost at which a vector is served.
    pub(super) fn least(&mut self, vector: VectorId) -> Option<u64> {
        let known = self.least.get(usize::from(vector.0)).copied().flatten();
        known.unwrap_or_else(|| {
            let classes = self.terms.live();
            let bears = classes.filter_map(|(class, _)| {
                let price = self.state.witness.get(class.at()).copied().flatten()?;
                self.terms.cost(class, vector)?.checked_add(price)
            });
            let least = bears.min();
            if let Some(memo) = self.least.get_mut(usize::from(vector.0)) {
                *memo = Some(least);
            }
            least
        })
    }

    /// Turns from demands to offers, once.
    pub(super) fn end_demands(&mut self) -> Result<(), Reject> {
        if self.state.offers {
            return Ok(());
        }
        if let Some(fill) = self.by_demand.get(self.state.done).and_then(|&at| self.fills.get(at)) {
            return Err(Reject::UnknownDemand { offer: fill.offer, demand: fill.demand });
        }
        self.by_demand = Vec::new();
        (self.state.offers, self.state.last, self.state.done) = (true, None, 0);
        Ok(())
    }

    /// Ends: every open order was scanned. Accepts iff the gap is zero, and derives the prices.
    ///
    /// # Errors
    /// Fills that are left over, or a gap.
    pub fn finish(mut self) -> Result<Verified, Reject> {
        self.conclude()
    }

    /// Ends like [`Scan::finish`], then gives up the marginal trade: [`trade_reduction`]. What comes back is
    /// the proof of the full optimum, and what is to be settled instead of it. Fills of demands that take
    /// all or nothing stay as they are, at their asks.
    ///
    /// # Errors
    /// As [`Scan::finish`]; and [`Reject::Classes`] when more than one class has offers.
    pub fn finish_reduced(mut self) -> Result<(Verified, Reduction), Reject> {
        let classes = self.state.margins.offered().count();
        if classes > 1 {
            return Err(Reject::Classes(classes));
        }
        let only = self.state.margins.offered().next();
        let (class, unsold) = only.map_or((None, None), |(class, m)| (Some(class), m.unsold));
        let (mut trades, mut whole) = (Vec::new(), Vec::new());
        for (&fill, known) in self.fills.iter().zip(&self.state.resolved) {
            // a fill without either is of an unknown order, which `conclude` rejects
            let (Some(known), Some(class)) = (known, class) else { continue };
            if known.whole {
                whole.push(fill);
                continue;
            }
            let limit = self.terms.market.price(known.limit);
            let cost = self.terms.cost(class, known.vector).unwrap_or(limit);
            trades.push(Trade { fill, value: limit.saturating_sub(cost) });
        }
        let verified = self.conclude()?;
        let mut reduced = trade_reduction(&trades, unsold);
        reduced.fills.extend(whole);
        reduced.fills.sort_unstable();
        Ok((verified, reduced))
    }

    fn conclude(&mut self) -> Result<Verified, Reject> {
        self.end_demands()?;
        if let Some(&Fill { offer, demand, .. }) = self.fills.get(self.state.done) {
            return Err(Reject::UnknownOffer { offer, demand });
        }
        let State { welfare, bound, lots, margins, slack, .. } = std::mem::take(&mut self.state);
        if bound > welfare {
            return Err(Reject::Gap { welfare, bound, slack });
        }
        let contradiction = Reject::Contradiction { welfare, bound };
        if bound < welfare {
            return Err(contradiction);
        }
        let constraints = Constraints::of(self.terms, &margins);
        let Some(extremes) = constraints.extremes() else {
            return Err(contradiction);
        };
        let prices = prices::settle_prices(&extremes);
        if !constraints.admit(&prices) {
            return Err(contradiction);
        }
        let Extremes { low, high } = extremes;
        Ok(Verified { welfare, bound, lots, low, high, prices })
    }
}
