//! Orders as messages bring them.

use caplet_api::auction::{DemandInput, OfferInput};
use caplet_protocol::{
    MarketId,
    layout::{Demand, Offer},
};

/// An order with the device's signature, if there is one; without, the sender must own the device.
pub(super) struct Brought<T> {
    pub(super) order: T,
    pub(super) signature: Option<Vec<u8>>,
}

/// An offer written out, as its layout.
pub(super) fn offer(market: MarketId, input: OfferInput) -> Brought<Offer> {
    Brought {
        order: Offer {
            device: input.device,
            sequence: input.sequence,
            market,
            latency: input.latency,
            throughput: input.throughput,
            accuracy: input.accuracy,
            flags: input.flags,
            tags: input.tags,
            ask: input.ask.u64(),
            batch: input.batch,
            instant: input.instant,
            not_after: input.not_after.u64(),
            relay_fee: input.relay_fee.u64(),
        },
        signature: input.signature.map(Into::into),
    }
}

/// A demand written out, as its layout.
pub(super) fn demand(market: MarketId, input: DemandInput) -> Brought<Demand> {
    Brought {
        order: Demand {
            device: input.device,
            sequence: input.sequence,
            market,
            latency: input.latency,
            throughput: input.throughput,
            accuracy: input.accuracy,
            reliability: input.reliability,
            flags: input.flags,
            tags: input.tags,
            rho: input.rho,
            lambda: input.lambda,
            limit: input.limit.u64(),
            lots: input.lots,
            not_after: input.not_after.u64(),
            relay_fee: input.relay_fee.u64(),
        },
        signature: input.signature.map(Into::into),
    }
}
