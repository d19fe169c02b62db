//! An order that is open, or pending in the log.

use caplet_api::layout::{DemandRecord, ON_LEDGER, OfferRecord, OrderPageHeader, PLACED_BY_OWNER};
use caplet_protocol::{
    DeviceId, OrderId, Tick,
    layout::{OrderFlags, Side},
};

/// Lots of the two lanes. Demands have batch lots only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lanes {
    /// Batch lane.
    pub(crate) batch: u16,
    /// Instant lane.
    pub(crate) instant: u16,
}

impl Lanes {
    /// Batch lots only.
    pub(crate) const fn batch(lots: u16) -> Self {
        Self { batch: lots, instant: 0 }
    }

    /// Lots of both lanes.
    pub(crate) const fn total(self) -> u32 {
        // two 16-bit numbers
        (self.batch as u32).saturating_add(self.instant as u32)
    }

    /// Whether there are none.
    pub(crate) const fn is_none(self) -> bool {
        self.batch == 0 && self.instant == 0
    }

    /// Both together; `None` past 16 bits.
    pub(crate) fn plus(self, other: Self) -> Option<Self> {
        Some(Self {
            batch: self.batch.checked_add(other.batch)?,
            instant: self.instant.checked_add(other.instant)?,
        })
    }

    /// What is left when `used` are taken; `None` if they are not there.
    pub(crate) fn less(self, used: Self) -> Option<Self> {
        Some(Self {
            batch: self.batch.checked_sub(used.batch)?,
            instant: self.instant.checked_sub(used.instant)?,
        })
    }
}

/// An order with what is left of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Order {
    /// Which side.
    pub(crate) side: Side,
    /// Page and slot.
    pub(crate) id: OrderId,
    /// Whose.
    pub(crate) device: DeviceId,
    /// Ask or limit.
    pub(crate) tick: Tick,
    /// Class slot of an offer, requirement vector of a demand.
    pub(crate) group: u16,
    /// Flags, without the owner's bit.
    pub(crate) flags: OrderFlags,
    /// Placed by the owner itself, so that no device's allowance is involved.
    pub(crate) by_owner: bool,
    /// Counted on the capacity ledger (offers).
    pub(crate) on_ledger: bool,
    /// Whether some of its lots were taken already.
    pub(crate) traded: bool,
    /// Lots left.
    pub(crate) left: Lanes,
    /// Unix seconds.
    pub(crate) not_after: u32,
    /// Epoch in which it was placed.
    pub(crate) epoch: u32,
    /// Base units of bond locked with it.
    pub(crate) bond: u64,
}

/// Bytes of a record, of either side.
pub(super) const WIDTH: usize = OfferRecord::LEN;

const _: () = assert!(OfferRecord::LEN == DemandRecord::LEN, "both sides share one page layout");

impl Order {
    /// The order of a record, as it was placed.
    pub(super) fn decode(side: Side, id: OrderId, header: &OrderPageHeader, record: &[u8]) -> Self {
        match side {
            Side::Offer => {
                let r = OfferRecord::decode(record);
                Self {
                    side,
                    id,
                    device: DeviceId(r.device),
                    tick: Tick(r.tick),
                    group: r.class.into(),
                    flags: OrderFlags(r.flags & !(PLACED_BY_OWNER | ON_LEDGER)),
                    by_owner: r.flags & PLACED_BY_OWNER != 0,
                    on_ledger: r.flags & ON_LEDGER != 0,
                    traded: false,
                    left: Lanes { batch: r.batch, instant: r.instant },
                    not_after: r.not_after,
                    epoch: header.epoch,
                    bond: header.bond,
                }
            }
            Side::Demand => {
                let r = DemandRecord::decode(record);
                Self {
                    side,
                    id,
                    device: DeviceId(r.device),
                    tick: Tick(r.tick),
                    group: r.vector,
                    flags: OrderFlags(r.flags & !PLACED_BY_OWNER),
                    by_owner: r.flags & PLACED_BY_OWNER != 0,
                    on_ledger: false,
                    traded: false,
                    left: Lanes::batch(r.lots),
                    not_after: r.not_after,
                    epoch: header.epoch,
                    bond: header.bond,
                }
            }
        }
    }

    /// The record of the order as it stands now.
    pub(super) fn encode(&self) -> [u8; WIDTH] {
        let flags = self.record_flags();
        match self.side {
            Side::Offer => OfferRecord {
                device: self.device.0,
                // a class slot is below 64
                class: u8::try_from(self.group).unwrap_or(u8::MAX),
                flags,
                tick: self.tick.0,
                batch: self.left.batch,
                instant: self.left.instant,
                not_after: self.not_after,
            }
            .encode(),
            Side::Demand => DemandRecord {
                device: self.device.0,
                vector: self.group,
                tick: self.tick.0,
                lots: self.left.batch,
                flags,
                spare: 0,
                not_after: self.not_after,
            }
            .encode(),
        }
    }

    /// Flags with the bits of owner and ledger, as records carry them.
    fn record_flags(&self) -> u8 {
        let ledger = if self.on_ledger { ON_LEDGER } else { 0 };
        self.flags.0 | self.owner_bit() | ledger
    }

    /// The owner's bit alone, as escrow's items carry it.
    pub(crate) const fn owner_bit(&self) -> u8 {
        if self.by_owner { PLACED_BY_OWNER } else { 0 }
    }

    /// Whether it was void at a moment.
    pub(crate) fn is_over(&self, seconds: u64) -> bool {
        u64::from(self.not_after) < seconds
    }
}
