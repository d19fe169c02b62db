//! Orders.

use super::signed;
use crate::{
    DeviceId, Lots, MarketId, OrderId, layout,
    layout::OrderFlags,
    wire::{self, FieldError, Problem, Schema, field::In},
};

signed! {
    SignedOffer { offer } = Offer;
    SignedDemand { demand } = Demand;
    SignedCancel { cancel } = Cancel;
}

/// A bit without a meaning today may forbid something tomorrow: better refused than ignored.
fn flags(at: In, value: u32) -> Result<OrderFlags, FieldError> {
    let bits = at.u8("flags", value)?;
    if bits & !OrderFlags::KNOWN != 0 {
        return Err(at.fail("flags", Problem::Unknown { found: value.into() }));
    }
    Ok(OrderFlags(bits))
}

impl TryFrom<&wire::Offer> for layout::Offer {
    type Error = FieldError;

    fn try_from(from: &wire::Offer) -> Result<Self, FieldError> {
        let at = In(wire::Offer::NAME);
        Ok(Self {
            device: DeviceId(from.device),
            sequence: from.sequence,
            market: MarketId(from.market),
            latency: at.u8("latency", from.latency)?,
            throughput: at.u8("throughput", from.throughput)?,
            accuracy: at.u8("accuracy", from.accuracy)?,
            flags: flags(at, from.flags)?,
            tags: from.tags,
            ask: from.ask,
            batch: Lots(at.u16("batch", from.batch)?),
            instant: Lots(at.u16("instant", from.instant)?),
            not_after: from.not_after,
            relay_fee: from.relay_fee,
        })
    }
}

impl From<&layout::Offer> for wire::Offer {
    fn from(from: &layout::Offer) -> Self {
        Self {
            device: from.device.0,
            sequence: from.sequence,
            market: from.market.0,
            latency: from.latency.into(),
            throughput: from.throughput.into(),
            accuracy: from.accuracy.into(),
            flags: from.flags.0.into(),
            tags: from.tags,
            ask: from.ask,
            batch: from.batch.0.into(),
            instant: from.instant.0.into(),
            not_after: from.not_after,
            relay_fee: from.relay_fee,
        }
    }
}

impl TryFrom<&wire::Demand> for layout::Demand {
    type Error = FieldError;

    fn try_from(from: &wire::Demand) -> Result<Self, FieldError> {
        let at = In(wire::Demand::NAME);
        Ok(Self {
            device: DeviceId(from.device),
            sequence: from.sequence,
            market: MarketId(from.market),
            latency: at.u8("latency", from.latency)?,
            throughput: at.u8("throughput", from.throughput)?,
            accuracy: at.u8("accuracy", from.accuracy)?,
            reliability: at.u8("reliability", from.reliability)?,
            flags: flags(at, from.flags)?,
            tags: from.tags,
            rho: at.u16("rho", from.rho)?,
            lambda: at.u16("lambda", from.lambda)?,
            limit: from.limit,
            lots: Lots(at.u16("lots", from.lots)?),
            not_after: from.not_after,
            relay_fee: from.relay_fee,
        })
    }
}

impl From<&layout::Demand> for wire::Demand {
    fn from(from: &layout::Demand) -> Self {
        Self {
            device: from.device.0,
            sequence: from.sequence,
            market: from.market.0,
            latency: from.latency.into(),
            throughput: from.throughput.into(),
            accuracy: from.accuracy.into(),
            reliability: from.reliability.into(),
            flags: from.flags.0.into(),
            tags: from.tags,
            rho: from.rho.into(),
            lambda: from.lambda.into(),
            limit: from.limit,
            lots: from.lots.0.into(),
            not_after: from.not_after,
            relay_fee: from.relay_fee,
        }
    }
}

impl TryFrom<&wire::Cancel> for layout::Cancel {
    type Error = FieldError;

    fn try_from(from: &wire::Cancel) -> Result<Self, FieldError> {
        let at = In(wire::Cancel::NAME);
        let side = match from.side() {
            wire::Side::Offer => layout::Side::Offer,
            wire::Side::Demand => layout::Side::Demand,
            wire::Side::Unspecified => {
                return Err(at.fail("side", Problem::Unknown { found: from.side.into() }));
            }
        };
        let most = (1 << 40) - 1;
        let order = OrderId::from_u64(from.order)
            .ok_or(at.fail("order", Problem::TooLarge { found: from.order, most }))?;
        Ok(Self { device: DeviceId(from.device), market: MarketId(from.market), side, order })
    }
}

impl From<&layout::Cancel> for wire::Cancel {
    fn from(from: &layout::Cancel) -> Self {
        let side = match from.side {
            layout::Side::Offer => wire::Side::Offer,
            layout::Side::Demand => wire::Side::Demand,
        };
        Self {
            device: from.device.0,
            market: from.market.0,
            side: side.into(),
            order: from.order.to_u64(),
        }
    }
}
