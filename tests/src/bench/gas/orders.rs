//! Orders as devices sign them, packed or written out.

use super::bed::{Bed, PRICE};
use super::crowd::Member;
use caplet_api::auction::{DemandInput, ExecuteMsg as Auction, OfferInput};
use caplet_chain::Msg;
use caplet_protocol::layout::{Demand, Offer, OrderFlags};
use caplet_protocol::sign::sign;
use caplet_protocol::{Domain, Lots, MarketId};
use cosmwasm_std::{Binary, Uint64};

/// Bytes of tag and domain, which calldata leaves out.
const HEAD: usize = 48;

/// What all orders of one message have in common.
#[derive(Clone, Copy)]
pub(super) struct Terms {
    pub(super) market: MarketId,
    /// Above those of all orders that the devices signed before.
    pub(super) sequence: u32,
    /// Base units a lot: ask or limit.
    pub(super) price: u64,
    /// Unix seconds.
    pub(super) not_after: u64,
    /// Lots of an offer's instant lane; one more lot is offered, or wanted, in the batch lane.
    pub(super) instant: u16,
}

impl Terms {
    /// An offer for a lot at the usual price.
    pub(super) fn new(market: MarketId, sequence: u32, not_after: u64) -> Self {
        Self { market, sequence, price: PRICE, not_after, instant: 0 }
    }

    /// Twice the price: a limit that leaves a surplus.
    pub(super) fn limit(self) -> Self {
        Self { price: self.price.saturating_mul(2), ..self }
    }
}

/// An offer in the market's first class.
pub(super) fn offer(member: &Member, terms: Terms) -> Offer {
    Offer {
        device: member.id,
        sequence: terms.sequence,
        market: terms.market,
        latency: 1,
        throughput: 1,
        accuracy: 1,
        flags: OrderFlags(0),
        tags: 0,
        ask: terms.price,
        batch: Lots(1),
        instant: Lots(terms.instant),
        not_after: terms.not_after,
        relay_fee: 0,
    }
}

/// A demand for a lot of any class.
pub(super) fn demand(member: &Member, terms: Terms) -> Demand {
    Demand {
        device: member.id,
        sequence: terms.sequence,
        market: terms.market,
        latency: 0,
        throughput: 0,
        accuracy: 0,
        reliability: 0,
        flags: OrderFlags(0),
        tags: 0,
        rho: 0,
        lambda: 0,
        limit: terms.price,
        lots: Lots(1),
        not_after: terms.not_after,
        relay_fee: 10,
    }
}

/// A relay of offers.
pub(super) fn relay_offers(
    bed: &Bed,
    domain: &Domain,
    orders: &[(Member, Terms)],
) -> anyhow::Result<Msg> {
    let (mut offers, demands) = (Vec::new(), Binary::default());
    for (member, terms) in orders {
        let preimage = offer(member, *terms).preimage(domain);
        offers.extend(preimage.iter().skip(HEAD));
        offers.extend(sign(&member.key, &preimage));
    }
    let market = orders.first().map_or(MarketId(0), |(_, terms)| terms.market);
    bed.auction(&Auction::Relay { market, offers: offers.into(), demands })
}

/// A relay of demands.
pub(super) fn relay_demands(
    bed: &Bed,
    domain: &Domain,
    orders: &[(Member, Terms)],
) -> anyhow::Result<Msg> {
    let (offers, mut demands) = (Binary::default(), Vec::new());
    for (member, terms) in orders {
        let preimage = demand(member, *terms).preimage(domain);
        demands.extend(preimage.iter().skip(HEAD));
        demands.extend(sign(&member.key, &preimage));
    }
    let market = orders.first().map_or(MarketId(0), |(_, terms)| terms.market);
    bed.auction(&Auction::Relay { market, offers, demands: demands.into() })
}

/// An offer written out.
pub(super) fn written_offer(member: &Member, terms: Terms, domain: &Domain) -> OfferInput {
    let offer = offer(member, terms);
    OfferInput {
        device: offer.device,
        sequence: offer.sequence,
        latency: offer.latency,
        throughput: offer.throughput,
        accuracy: offer.accuracy,
        flags: offer.flags,
        tags: offer.tags,
        ask: Uint64::new(offer.ask),
        batch: offer.batch,
        instant: offer.instant,
        not_after: Uint64::new(offer.not_after),
        relay_fee: Uint64::new(offer.relay_fee),
        signature: Some(sign(&member.key, &offer.preimage(domain)).into()),
    }
}

/// A demand written out.
pub(super) fn written_demand(member: &Member, terms: Terms, domain: &Domain) -> DemandInput {
    let demand = demand(member, terms);
    DemandInput {
        device: demand.device,
        sequence: demand.sequence,
        latency: demand.latency,
        throughput: demand.throughput,
        accuracy: demand.accuracy,
        reliability: demand.reliability,
        flags: demand.flags,
        tags: demand.tags,
        rho: demand.rho,
        lambda: demand.lambda,
        limit: Uint64::new(demand.limit),
        lots: demand.lots,
        not_after: Uint64::new(demand.not_after),
        relay_fee: Uint64::new(demand.relay_fee),
        signature: Some(sign(&member.key, &demand.preimage(domain)).into()),
    }
}
