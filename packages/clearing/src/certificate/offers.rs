//! The second pass: offers, and every fill between its two orders.

use super::{Reject, Scan, Slack};
use crate::{Fill, Offer};

impl Scan<'_> {
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
}
