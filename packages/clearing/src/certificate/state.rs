//! What a scan carries from order to order, and from transaction to transaction.

use super::{Reject, Slack};
use crate::{ClassIndex, prices::Margins};
use caplet_protocol::{OrderId, Tick, VectorId};
use std::collections::BTreeMap;

/// What the offers' pass has to know of a fill's demand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Resolved {
    pub(super) vector: VectorId,
    pub(super) limit: Tick,
    pub(super) whole: bool,
}

/// The sums and extremes so far. Serialised by [`super::bytes`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct State {
    pub(super) witness: Vec<Option<u64>>,
    /// Offers come after all demands.
    pub(super) offers: bool,
    /// The order scanned last on this side.
    pub(super) last: Option<OrderId>,
    /// Fills done on this side.
    pub(super) done: usize,
    /// By fill, as far as its demand was scanned.
    pub(super) resolved: Vec<Option<Resolved>>,
    pub(super) welfare: i128,
    pub(super) bound: i128,
    pub(super) lots: u64,
    pub(super) margins: Margins,
    /// Oldest offer with a rest at an ask that equals the price, by class.
    pub(super) waiting_offers: BTreeMap<ClassIndex, OrderId>,
    /// Oldest demand with a rest at a limit that equals its least price with cost, by vector.
    pub(super) waiting_demands: BTreeMap<VectorId, OrderId>,
    /// The first slack seen; not serialised, as it only explains.
    pub(super) slack: Option<Slack>,
}

impl State {
    /// Orders must come in ascending id.
    pub(super) fn advance(&mut self, order: OrderId) -> Result<(), Reject> {
        if let Some(previous) = self.last.filter(|&previous| previous >= order) {
            return Err(Reject::BookUnsorted { previous, order });
        }
        self.last = Some(order);
        Ok(())
    }

    /// Adds lots at a signed price to the welfare.
    pub(super) fn add_welfare(
        &mut self,
        at: OrderId,
        lots: u64,
        price: i128,
    ) -> Result<(), Reject> {
        if lots == 0 {
            return Ok(()); // most orders; a product of 128 bits is dear
        }
        let sum = price.checked_mul(i128::from(lots)).and_then(|v| self.welfare.checked_add(v));
        self.welfare = sum.ok_or(Reject::Overflow(at))?;
        Ok(())
    }

    /// Adds lots at a surplus to the bound.
    pub(super) fn add_bound(&mut self, at: OrderId, lots: u64, surplus: u64) -> Result<(), Reject> {
        if surplus == 0 {
            return Ok(());
        }
        let value = i128::from(surplus).checked_mul(i128::from(lots));
        let sum = value.and_then(|v| self.bound.checked_add(v));
        self.bound = sum.ok_or(Reject::Overflow(at))?;
        Ok(())
    }

    /// Remembers the first slack.
    pub(super) fn blame(&mut self, slack: Slack) {
        self.slack.get_or_insert(slack);
    }
}
