//! From profiles to orders: what a device lets out or wants, in the terms of one market.

use super::market::{self, Market, Subject};
use super::{price, tiers};
use crate::bridge::Refuse;
use caplet_api::auction::MAX_SLOTS;
use caplet_mechanism::price::lanes;
use caplet_protocol::{
    DeviceId, Lots,
    layout::{Demand, Offer, OrderFlags},
    wire::{Capability, DemandProfile, Quality, RefusalCode as Code, Requirement, Weights},
};

/// Most seconds that a proposed offer stands; after that it is proposed anew.
const OFFER_SECS: u64 = 6 * 3_600;

/// The market for a capability: the first that fits.
///
/// # Errors
/// [`Refuse`] if there is none.
pub(super) fn market_for(capability: &Capability, markets: Vec<Market>) -> Result<Market, Refuse> {
    let subject = Subject {
        kind: capability.kind,
        resource: &capability.resource,
        unit: &capability.unit,
        price: capability.price.as_ref(),
    };
    let mut fitting = market::fitting(markets, subject)?.into_iter();
    fitting.next().ok_or_else(|| Refuse::unavailable("the markets changed"))
}

/// An offer of `lots` of a capability until `not_after`, between the lanes as [`lanes`] splits it; the sequence is the
/// device's to fill in.
///
/// # Errors
/// [`Refuse`] if the price cannot be expressed.
pub(super) fn offer(
    device: DeviceId,
    capability: &Capability,
    market: &Market,
    lots: u16,
    now: u64,
    not_after: u64,
) -> Result<Offer, Refuse> {
    let cost = capability.price.clone().unwrap_or_default();
    let quality: Quality = capability.quality.unwrap_or_default();
    let reached = tiers::promised(&quality, &market.config.tiers);
    let (batch, instant) = lanes(Lots(lots));
    let attested = !capability.attestation.is_empty();
    Ok(Offer {
        device,
        sequence: 0,
        market: market.id,
        latency: reached.latency,
        throughput: reached.throughput,
        accuracy: reached.accuracy,
        flags: if attested { OrderFlags(OrderFlags::ATTESTED) } else { OrderFlags::default() },
        tags: tiers::known_tags(&capability.tags, &market.config.tags),
        ask: price::ask(&cost, market)?,
        batch,
        instant,
        not_after: not_after.min(now.saturating_add(stands(market))),
        relay_fee: 0,
    })
}

/// Seconds that a proposed offer stands in a market: its leases must end within the slots that the capacity ledger keeps,
/// and one of the last second runs into the slot after it.
fn stands(market: &Market) -> u64 {
    let slots = u64::from(MAX_SLOTS.saturating_sub(2));
    OFFER_SECS.min(slots.saturating_mul(market.config.slot_secs.into()))
}

/// A demand profile as an order in the market that wastes least of what is bought.
///
/// # Errors
/// [`Refuse`] that says which requirement cannot be expressed, and what the market has.
pub(super) fn demand(
    device: DeviceId,
    profile: &DemandProfile,
    markets: Vec<Market>,
) -> Result<(Market, Demand), Refuse> {
    let subject = Subject {
        kind: profile.kind,
        resource: &profile.resource,
        unit: &profile.unit,
        price: profile.limit.as_ref(),
    };
    let fitting = market::fitting(markets, subject)?;
    let best = fitting.into_iter().min_by_key(|market| (waste(profile, market), market.id));
    let market = best.ok_or_else(|| Refuse::unavailable("the markets changed"))?;
    let order = in_market(device, profile, &market)?;
    Ok((market, order))
}

/// Units bought beyond what is wanted, since lots are whole.
fn waste(profile: &DemandProfile, market: &Market) -> u128 {
    let lot = market.config.lot_units.u64();
    let bought = u128::from(profile.quantity.div_ceil(lot.max(1))).saturating_mul(lot.into());
    bought.saturating_sub(profile.quantity.into())
}

fn in_market(device: DeviceId, profile: &DemandProfile, market: &Market) -> Result<Demand, Refuse> {
    let config = &market.config;
    let lots = profile.quantity.div_ceil(config.lot_units.u64().max(1));
    let lots = u16::try_from(lots).map_err(|_| {
        Refuse::new(
            Code::OutOfRange,
            format!(
                "{} units are {lots} lots of {}, an order has at most {}",
                profile.quantity,
                config.lot_units,
                u16::MAX
            ),
            "ask for less at a time",
        )
    })?;
    let asked: Requirement = profile.qos.unwrap_or_default();
    let reached = tiers::required(&asked, &config.tiers)?;
    let weights: Weights = profile.weights.unwrap_or_default();
    let weight = |what: &str, value: u32| {
        u16::try_from(value).map_err(|_| {
            Refuse::new(
                Code::OutOfRange,
                format!("the weight {what} is {value}, at most {} fits", u16::MAX),
                "lower it",
            )
        })
    };
    let limit = price::limit(&profile.limit.clone().unwrap_or_default(), market)?;
    let end = if profile.deadline == 0 { profile.not_after } else { profile.deadline };
    Ok(Demand {
        device,
        sequence: 0,
        market: market.id,
        latency: reached.latency,
        throughput: reached.throughput,
        accuracy: reached.accuracy,
        reliability: reached.reliability,
        flags: if profile.attested {
            OrderFlags(OrderFlags::ATTESTED)
        } else {
            OrderFlags::default()
        },
        tags: tiers::required_tags(&profile.tags, &config.tags)?,
        rho: weight("rho", weights.rho)?,
        lambda: weight("lambda", weights.lambda)?,
        limit,
        lots: Lots(lots),
        not_after: end.min(profile.not_after),
        relay_fee: 0,
    })
}

#[cfg(test)]
mod tests {
    use super::super::price::tests::{cost, market};
    use super::*;
    use caplet_protocol::wire::{CapabilityKind, PricedPer};

    fn wanted(quantity: u64) -> DemandProfile {
        DemandProfile {
            device: 7,
            sequence: 1,
            not_after: 2_000,
            kind: CapabilityKind::Sensor.into(),
            resource: "temperature".into(),
            unit: "reading".into(),
            quantity,
            limit: Some(cost(100 * quantity, PricedPer::Operation, quantity)),
            deadline: 1_900,
            ..DemandProfile::default()
        }
    }

    #[test]
    fn an_offer_ends_before_the_slots_do_that_the_ledger_keeps() {
        let capability =
            Capability { price: Some(cost(100, PricedPer::Operation, 1)), ..Capability::default() };
        let (mut short, now) = (market(), 1_000);
        short.config.slot_secs = 12;
        let stands = |market: &Market| {
            offer(DeviceId(7), &capability, market, 1, now, u64::MAX).unwrap().not_after - now
        };
        assert!(stands(&short) + 12 < 12 * u64::from(MAX_SLOTS), "{}", stands(&short));
        short.config.slot_secs = 3_600;
        assert_eq!(stands(&short), OFFER_SECS);
    }

    #[test]
    fn a_demand_takes_whole_lots_in_the_market_that_wastes_least() {
        let mut wide = market();
        wide.id = caplet_protocol::MarketId(2);
        wide.config.lot_units = 50u64.into();
        let markets = vec![wide, market()];
        let (chosen, order) = demand(DeviceId(7), &wanted(55), markets.clone()).unwrap();
        assert_eq!((chosen.id.0, order.lots.0), (1, 3), "60 readings, not 100");
        assert_eq!(order.limit, 2_000);
        assert_eq!(order.not_after, 1_900, "it is of no use after its deadline");
        let (chosen, order) = demand(DeviceId(7), &wanted(100), markets).unwrap();
        assert_eq!((chosen.id.0, order.lots.0), (1, 5), "no waste in either: the lower number");
    }

    #[test]
    fn a_demand_no_market_serves_is_told_what_there_is() {
        let mut odd = wanted(5);
        odd.unit = "hour".into();
        let refuse = demand(DeviceId(7), &odd, vec![market()]).unwrap_err();
        assert_eq!(refuse.code, Code::UnknownMarket);
        assert!(refuse.what.contains("sensor/temperature by the hour in ucap"), "{refuse}");
        assert!(refuse.remedy.contains("sensor/temperature by the reading in ucap"), "{refuse}");
        let refuse = demand(DeviceId(7), &odd, Vec::new()).unwrap_err();
        assert_eq!(refuse.code, Code::Unavailable);
    }

    #[test]
    fn a_quantity_past_what_an_order_holds_is_refused() {
        let refuse = demand(DeviceId(7), &wanted(20 * 65_536), vec![market()]).unwrap_err();
        assert_eq!(refuse.code, Code::OutOfRange);
        assert!(refuse.what.contains("65536 lots of 20, an order has at most 65535"), "{refuse}");
        let huge = DemandProfile { quantity: u64::MAX, ..wanted(1) };
        assert_eq!(demand(DeviceId(7), &huge, vec![market()]).unwrap_err().code, Code::OutOfRange);
    }

    #[test]
    fn an_offer_splits_its_lots_between_the_lanes() {
        let capability = Capability {
            id: 1,
            kind: CapabilityKind::Sensor.into(),
            resource: "temperature".into(),
            unit: "reading".into(),
            price: Some(cost(1_000, PricedPer::Operation, 20)),
            ..Capability::default()
        };
        let market = market_for(&capability, vec![market()]).unwrap();
        let of = |lots| offer(DeviceId(3), &capability, &market, lots, 100, 1_000).unwrap();
        assert_eq!((of(1).batch.0, of(1).instant.0), (1, 0));
        assert_eq!((of(5).batch.0, of(5).instant.0), (4, 1));
        assert_eq!((of(1).ask, of(1).not_after), (1_000, 1_000));
    }
}
