//! The first pass: demands.

use super::{Reject, Scan, Slack, state::Resolved};
use crate::Demand;

impl Scan<'_> {
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
}
