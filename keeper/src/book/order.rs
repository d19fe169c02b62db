//! One order of a book.

use caplet_api::auction::OrderResponse;
use caplet_api::layout::{DemandRecord, ON_LEDGER, OfferRecord, PLACED_BY_OWNER};
use caplet_clearing::ClassIndex;
use caplet_protocol::{
    DeviceId, Lots, OrderId, Tick, VectorId,
    layout::{OrderFlags, Side},
};

/// An order with what is left of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Order {
    pub(super) device: DeviceId,
    /// Class slot of an offer, requirement vector of a demand.
    pub(super) group: u16,
    pub(super) tick: Tick,
    pub(super) flags: OrderFlags,
    pub(super) batch: u16,
    /// 0 for demands.
    pub(super) instant: u16,
    /// Unix seconds.
    pub(super) not_after: u64,
    /// Epoch in which it was placed.
    pub(super) epoch: u32,
}

impl Order {
    /// From a record of an order page, as it was placed.
    pub(super) fn decode(side: Side, epoch: u32, record: &[u8]) -> Self {
        match side {
            Side::Offer => {
                let r = OfferRecord::decode(record);
                Self {
                    device: DeviceId(r.device),
                    group: r.class.into(),
                    tick: Tick(r.tick),
                    flags: OrderFlags(r.flags & !(PLACED_BY_OWNER | ON_LEDGER)),
                    batch: r.batch,
                    instant: r.instant,
                    not_after: r.not_after.into(),
                    epoch,
                }
            }
            Side::Demand => {
                let r = DemandRecord::decode(record);
                Self {
                    device: DeviceId(r.device),
                    group: r.vector,
                    tick: Tick(r.tick),
                    flags: OrderFlags(r.flags & !PLACED_BY_OWNER),
                    batch: r.lots,
                    instant: 0,
                    not_after: r.not_after.into(),
                    epoch,
                }
            }
        }
    }

    /// From the contract's answer, with the market's tick; `None` if it does not fit a page.
    pub(super) fn answered(answer: &OrderResponse, tick_size: u64) -> Option<Self> {
        let group = match answer.side {
            Side::Offer => u16::from(answer.class?.0),
            Side::Demand => answer.vector?,
        };
        let tick = answer.price.u64().checked_div(tick_size)?;
        Some(Self {
            device: answer.device,
            group,
            tick: Tick(u16::try_from(tick).ok()?),
            flags: answer.flags,
            batch: answer.lots.0,
            instant: answer.instant.0,
            not_after: answer.not_after.u64(),
            epoch: answer.epoch,
        })
    }

    /// Whether it is void at a moment.
    pub(super) const fn is_over(&self, seconds: u64) -> bool {
        self.not_after < seconds
    }

    /// As the clearing arithmetic takes an offer.
    pub(super) fn offer(&self, id: OrderId) -> caplet_clearing::Offer {
        caplet_clearing::Offer {
            id,
            device: self.device,
            class: ClassIndex(self.group),
            ask: self.tick,
            lots: Lots(self.batch),
        }
    }

    /// As the clearing arithmetic takes a demand.
    pub(super) fn demand(&self, id: OrderId) -> caplet_clearing::Demand {
        caplet_clearing::Demand {
            id,
            device: self.device,
            vector: VectorId(self.group),
            limit: self.tick,
            lots: Lots(self.batch),
            all_or_nothing: self.flags.has(OrderFlags::ALL_OR_NOTHING),
        }
    }
}
