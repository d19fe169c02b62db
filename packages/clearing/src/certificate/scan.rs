//! The scan over a frozen book.

use super::{
    Reject, Slack, StateError, Verified, bytes,
    state::{Resolved, State},
};
use crate::{Demand, Fill, Offer, Terms, prices};
use caplet_protocol::VectorId;

/// A verification under way: every open demand in ascending id, then every open offer in ascending
/// id, then [`Scan::finish`]. Between transactions keep [`Scan::to_bytes`] and the fills.
///
/// Once a call has returned an error the scan is worthless: drop it.
#[derive(Debug)]
pub struct Scan<'a> {
    terms: Terms<'a>,
    fills: &'a [Fill],
    /// Positions of fills by (demand, offer); used until the offers begin.
    by_demand: Vec<usize>,
    /// m of each vector once it was needed: `Some(None)` when no priced class serves it.
    least: Vec<Option<Option<u64>>>,
    state: State,
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
            by_demand.extend(0..fills.len());
            by_demand.sort_unstable_by_key(|&i| fills.get(i).map(|f| (f.demand, f.offer)));
        }
        Self { terms, fills, by_demand, least: vec![None; terms.vectors.len()], state }
    }

    /// The partial sums as bytes, for the next transaction.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        bytes::encode(&self.state)
    }

    /// Scans the next open demand.
    ///
    /// # Errors
    /// What is wrong with its fills, or with the order of scanning.
    pub fn demand(&mut self, demand: &Demand) -> Result<(), Reject> {
        let Demand { id, vector, lots, .. } = *demand;
        if self.state.offers {
            return Err(Reject::DemandTooLate(id));
        }
        self.state.advance(id)?;
        if lots.0 == 0 {
            return Ok(()); // as if absent: a fill of it is of an unknown order
        }
        if self.terms.vector(vector).is_none() {
            return Err(Reject::NoVector { demand: id, vector });
        }
        let (filled, lots) = (self.fills_of_demand(demand)?, u64::from(lots.0));
        if filled > lots {
            return Err(Reject::Overfilled { demand: id, filled, lots });
        }
        self.state.lots = self.state.lots.checked_add(filled).ok_or(Reject::Overflow(id))?;
        if demand.is_whole() {
            let whole = filled == 0 || filled == lots;
            return if whole { Ok(()) } else { Err(Reject::Split { demand: id, filled, lots }) };
        }
        self.weigh_demand(demand, filled, lots.saturating_sub(filled))
    }

    /// Collects the fills of a demand, notes for the offers' pass whose they are, adds them up.
    fn fills_of_demand(&mut self, demand: &Demand) -> Result<u64, Reject> {
        let resolved =
            Resolved { vector: demand.vector, limit: demand.limit, whole: demand.is_whole() };
        let mut filled = 0u64;
        while let Some(&at) = self.by_demand.get(self.state.done) {
            let Some(fill) = self.fills.get(at).filter(|f| f.demand <= demand.id) else { break };
            if fill.demand < demand.id {
                return Err(Reject::UnknownDemand { offer: fill.offer, demand: fill.demand });
            }
            if let Some(slot) = self.state.resolved.get_mut(at) {
                *slot = Some(resolved);
            }
            let sum = filled.checked_add(u64::from(fill.lots.0));
            filled = sum.ok_or(Reject::Overflow(demand.id))?;
            self.state.done = self.state.done.saturating_add(1);
        }
        Ok(filled)
    }

    /// Both sums, margins and time priority of a divisible demand.
    fn weigh_demand(&mut self, demand: &Demand, filled: u64, left: u64) -> Result<(), Reject> {
        let Demand { id, vector, .. } = *demand;
        let limit = self.terms.market.price(demand.limit);
        let least = self.least(vector);
        let state = &mut self.state;
        state.add_welfare(id, filled, i128::from(limit))?;
        state.margins.demand(vector, limit, filled > 0, left > 0);
        let Some(best) = least.filter(|&best| best <= limit) else { return Ok(()) };
        state.add_bound(id, u64::from(demand.lots.0), limit.saturating_sub(best))?;
        if best < limit && left > 0 {
            state.blame(Slack::Unfilled { demand: id, limit, best, left });
        }
        if best == limit {
            match state.waiting_demands.get(&vector) {
                Some(&older) if filled > 0 => {
                    return Err(Reject::DemandJumped { older, demand: id });
                }
                None if left > 0 => drop(state.waiting_demands.insert(vector, id)),
                _ => {}
            }
        }
        Ok(())
    }

    /// m: the least price with cost at which a vector is served.
    fn least(&mut self, vector: VectorId) -> Option<u64> {
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

    /// Scans the next open offer. The first one ends the demands.
    ///
    /// # Errors
    /// What is wrong with its fills, or with the order of scanning.
    pub fn offer(&mut self, offer: &Offer) -> Result<(), Reject> {
        self.end_demands()?;
        let Offer { id, class, lots, .. } = *offer;
        self.state.advance(id)?;
        if lots.0 == 0 {
            return Ok(());
        }
        if self.terms.class(class).is_none() {
            return Err(Reject::NoClass { offer: id, class });
        }
        let price = self.state.witness.get(class.at()).copied().flatten();
        let price = price.ok_or(Reject::NoPrice { class, offer: id })?;
        let (mut divisible, mut filled) = (0u64, 0u64);
        while let Some(&fill) = self.fills.get(self.state.done).filter(|f| f.offer <= id) {
            if fill.offer < id {
                return Err(Reject::UnknownOffer { offer: fill.offer, demand: fill.demand });
            }
            let lots = u64::from(fill.lots.0);
            filled = filled.checked_add(lots).ok_or(Reject::Overflow(id))?;
            if self.fill(offer, &fill, price)? {
                divisible = divisible.saturating_add(lots);
            }
            self.state.done = self.state.done.saturating_add(1);
        }
        let lots = u64::from(lots.0);
        if filled > lots {
            return Err(Reject::Oversold { offer: id, filled, lots });
        }
        self.weigh_offer(offer, price, divisible, lots.saturating_sub(divisible))
    }

    /// Checks one fill between its two orders; whether it is a divisible one.
    fn fill(&mut self, offer: &Offer, fill: &Fill, price: u64) -> Result<bool, Reject> {
        let Fill { offer: id, demand, lots } = *fill;
        let known = self.state.resolved.get(self.state.done).copied().flatten();
        let of = known.ok_or(Reject::UnknownDemand { offer: id, demand })?;
        let (class, vector) = (offer.class, of.vector);
        let Some(cost) = self.terms.cost(class, vector) else {
            return Err(Reject::Incompatible { offer: id, demand, class, vector });
        };
        let (ask, limit) = (self.terms.market.price(offer.ask), self.terms.market.price(of.limit));
        let paid = if of.whole { ask } else { price };
        if paid < ask {
            return Err(Reject::BelowAsk { offer: id, ask, paid });
        }
        let bears = paid.checked_add(cost).filter(|&bears| bears <= limit);
        let bears = bears.ok_or(Reject::AboveLimit { offer: id, demand, paid, cost, limit })?;
        if of.whole {
            return Ok(false);
        }
        let gives = i128::from(ask).saturating_add(i128::from(cost));
        self.state.add_welfare(id, u64::from(lots.0), gives.saturating_neg())?;
        self.state.margins.fill(class, vector);
        if let Some(best) = self.least(vector).filter(|&best| best < bears) {
            self.state.blame(Slack::Dearer { offer: id, demand, bears, best });
        }
        Ok(true)
    }

    /// Bound, margins and time priority of an offer.
    fn weigh_offer(
        &mut self,
        offer: &Offer,
        price: u64,
        filled: u64,
        left: u64,
    ) -> Result<(), Reject> {
        let Offer { id, class, .. } = *offer;
        let ask = self.terms.market.price(offer.ask);
        let state = &mut self.state;
        state.margins.offer(class, ask, filled > 0, left > 0);
        state.add_bound(id, u64::from(offer.lots.0), price.saturating_sub(ask))?;
        if ask < price && left > 0 {
            state.blame(Slack::Unsold { offer: id, ask, price, left });
        }
        if ask == price {
            match state.waiting_offers.get(&class) {
                Some(&older) if filled > 0 => {
                    return Err(Reject::OfferJumped { older, offer: id });
                }
                None if left > 0 => drop(state.waiting_offers.insert(class, id)),
                _ => {}
            }
        }
        Ok(())
    }

    /// Turns from demands to offers, once.
    fn end_demands(&mut self) -> Result<(), Reject> {
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
        self.end_demands()?;
        if let Some(&Fill { offer, demand, .. }) = self.fills.get(self.state.done) {
            return Err(Reject::UnknownOffer { offer, demand });
        }
        let State { welfare, bound, lots, margins, slack, .. } = self.state;
        if bound > welfare {
            return Err(Reject::Gap { welfare, bound, slack });
        }
        let contradiction = Reject::Contradiction { welfare, bound };
        if bound < welfare {
            return Err(contradiction);
        }
        let (low, high) = prices::extremes(self.terms, &margins).ok_or(contradiction.clone())?;
        let prices = prices::settle_prices(&low, &high);
        if !prices::admits(self.terms, &margins, &prices) {
            return Err(contradiction);
        }
        Ok(Verified { welfare, bound, lots, low, high, prices })
    }
}
