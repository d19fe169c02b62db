//! The scan of a frozen book, in one go or in parts: where it stands, and how it goes on.

use crate::ContractError;
use crate::book::{Book, clearing_demand, clearing_offer};
use caplet_clearing::certificate::Scan;
use caplet_protocol::{OrderId, layout::Side};
use cosmwasm_schema::cw_serde;
use cosmwasm_std::Storage;

/// Where a scan stands, beside what the certificate keeps of it.
#[cw_serde]
pub(crate) struct Progress {
    /// The epoch.
    pub(crate) epoch: u32,
    /// Orders scanned, of both sides.
    pub(crate) scanned: u32,
    /// Demands first.
    pub(crate) side: Side,
    /// The order scanned last on this side.
    pub(crate) last: Option<u64>,
    /// Lots demanded at the base price or above.
    pub(crate) demanded: u64,
    /// Lots offered at the base price or below.
    pub(crate) offered: u64,
}

impl Progress {
    /// Nothing scanned yet.
    pub(crate) const fn new(epoch: u32) -> Self {
        Self { epoch, scanned: 0, side: Side::Demand, last: None, demanded: 0, offered: 0 }
    }

    /// Scans at most `most` more orders; whether that was all of the book.
    pub(crate) fn advance(
        &mut self,
        storage: &dyn Storage,
        book: &mut Book,
        scan: &mut Scan<'_>,
        most: u32,
    ) -> Result<bool, ContractError> {
        let end = self.scanned.saturating_add(most);
        if self.side == Side::Demand {
            if !self.side_of(storage, book, scan, end)? {
                return Ok(false);
            }
            (self.side, self.last) = (Side::Offer, None);
        }
        self.side_of(storage, book, scan, end)
    }

    fn side_of(
        &mut self,
        storage: &dyn Storage,
        book: &mut Book,
        scan: &mut Scan<'_>,
        end: u32,
    ) -> Result<bool, ContractError> {
        let (base, side) = (book.state.base_tick(), self.side);
        let last = self.last.and_then(OrderId::from_u64);
        book.each_frozen(storage, self.epoch, side, last, |order| {
            if self.scanned >= end {
                return Ok(false);
            }
            // at most 20,000 orders of 16-bit lots
            let lots = u64::from(order.left.batch);
            match side {
                Side::Demand => {
                    scan.demand(&clearing_demand(order))?;
                    if order.tick >= base {
                        self.demanded = self.demanded.saturating_add(lots);
                    }
                }
                Side::Offer => {
                    scan.offer(&clearing_offer(order))?;
                    if order.tick <= base {
                        self.offered = self.offered.saturating_add(lots);
                    }
                }
            }
            self.scanned = self.scanned.saturating_add(1);
            self.last = Some(order.id.to_u64());
            Ok(true)
        })
    }
}
