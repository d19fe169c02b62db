//! What an order must be to enter a market, and what it snaps to.

use super::parties::Trader;
use crate::OrderError;
use crate::book::{Book, Lanes, Order};
use caplet_api::auction::{MEASUREMENT_TAG, MarketConfig};
use caplet_clearing::{Class, Vector};
use caplet_protocol::{
    CellId, OrderId, Tick,
    layout::{Demand, Offer, OrderFlags, Side},
};
use cosmwasm_std::HexBinary;

/// The supply class an offer has: what it promises, where the registry says it is, as reliable as the
/// reputation contract says. It counts as attested only if the registry says so too, and until after its end: so
/// an attestation's expiry finds no such offer in the book.
pub(super) fn class_of(
    config: &MarketConfig,
    trader: &Trader,
    offer: &Offer,
) -> Result<Class, OrderError> {
    promises(config, offer.latency, offer.throughput, offer.accuracy, offer.tags)?;
    if config.trade_reduction {
        return Ok(ONE_CLASS);
    }
    let attested = offer.flags.has(OrderFlags::ATTESTED) && covers(trader, offer.not_after);
    // a market may know fewer tiers than the reputation contract gives
    let top = config.tiers.reliability.len().saturating_sub(1);
    Ok(Class {
        cell: trader.record.cell(),
        latency: offer.latency,
        throughput: offer.throughput,
        accuracy: offer.accuracy,
        reliability: trader.tier.min(u8::try_from(top).unwrap_or(u8::MAX)),
        tags: measured(config, trader, attested, offer.tags),
        attested,
    })
}

/// Whether the device is attested for as long as its offer lasts.
fn covers(trader: &Trader, not_after: u64) -> bool {
    trader.attestation.not_after >= not_after
}

/// The tags that an offer keeps: one that names a measurement ([`MEASUREMENT_TAG`] and 64 hexadecimal digits) stays only
/// on offers of devices that are attested to run it.
fn measured(config: &MarketConfig, trader: &Trader, attested: bool, tags: u32) -> u32 {
    let digits = HexBinary::from(trader.attestation.measurement.as_slice()).to_hex();
    let stays = |tag: &str| {
        tag.strip_prefix(MEASUREMENT_TAG).is_none_or(|named| attested && named == digits)
    };
    let bits = (0..32u32).map(|bit| 1u32.checked_shl(bit).unwrap_or_default());
    let lost = bits.zip(&config.tags).filter(|(_, tag)| !stays(tag));
    lost.fold(tags, |tags, (bit, _)| tags & !bit)
}

/// The class of every offer in a market that reduces trade: such a market tells no qualities and no regions
/// apart, so nobody can keep others out by being first with a class of its own.
const ONE_CLASS: Class = Class {
    cell: CellId(0),
    latency: 0,
    throughput: 0,
    accuracy: 0,
    reliability: 0,
    tags: 0,
    attested: false,
};

/// The vector of a demand in a market that reduces trade: it may require nothing.
fn one_class(demand: &Demand) -> Result<Vector, OrderError> {
    let Demand { latency, throughput, accuracy, reliability, tags, rho, lambda, .. } = *demand;
    let attested = demand.flags.has(OrderFlags::ATTESTED);
    let tiers = [latency, throughput, accuracy, reliability];
    if attested || tags != 0 || tiers.iter().any(|tier| *tier != 0) {
        return Err(OrderError::OneClass);
    }
    let cell = CellId(0);
    Ok(Vector { cell, latency, throughput, accuracy, reliability, tags, attested, rho, lambda })
}

/// The supply class of an offer that is placed again: its promises as they were, the rest as of now.
pub(super) fn class_again(
    config: &MarketConfig,
    trader: &Trader,
    before: Class,
    not_after: u64,
) -> Class {
    if config.trade_reduction {
        return ONE_CLASS;
    }
    let top = config.tiers.reliability.len().saturating_sub(1);
    let attested = before.attested && covers(trader, not_after);
    Class {
        cell: trader.record.cell(),
        reliability: trader.tier.min(u8::try_from(top).unwrap_or(u8::MAX)),
        tags: measured(config, trader, attested, before.tags),
        attested,
        ..before
    }
}

/// The requirement vector of a demand.
pub(super) fn vector_of(
    config: &MarketConfig,
    trader: &Trader,
    demand: &Demand,
) -> Result<Vector, OrderError> {
    promises(config, demand.latency, demand.throughput, demand.accuracy, demand.tags)?;
    let tiers = config.tiers.reliability.len().saturating_sub(1);
    tier("reliability", demand.reliability, tiers)?;
    if config.trade_reduction {
        return one_class(demand);
    }
    Ok(Vector {
        cell: trader.record.cell(),
        latency: demand.latency,
        throughput: demand.throughput,
        accuracy: demand.accuracy,
        reliability: demand.reliability,
        tags: demand.tags,
        attested: demand.flags.has(OrderFlags::ATTESTED),
        rho: demand.rho,
        lambda: demand.lambda,
    })
}

/// An offer as a page keeps it, its class still to be entered.
pub(super) fn offer(book: &Book, offer: &Offer, by_owner: bool) -> Result<Order, OrderError> {
    let left = Lanes { batch: offer.batch.0, instant: offer.instant.0 };
    if left.is_none() {
        return Err(OrderError::NoLots);
    }
    flags(offer.flags, OrderFlags::STANDING | OrderFlags::ATTESTED)?;
    Ok(Order {
        side: Side::Offer,
        id: OrderId::default(),
        device: offer.device,
        tick: price(&book.config, offer.ask)?,
        group: 0,
        flags: offer.flags,
        by_owner,
        on_ledger: false,
        traded: false,
        left,
        not_after: not_after(offer.not_after, book.now)?,
        epoch: book.state.collecting,
        bond: book.config.offer_bond.u64(),
    })
}

/// A demand as a page keeps it, its vector still to be entered; what it locks fits 64 bits.
pub(super) fn demand(book: &Book, demand: &Demand, by_owner: bool) -> Result<Order, OrderError> {
    if demand.lots.0 == 0 {
        return Err(OrderError::NoLots);
    }
    flags(demand.flags, OrderFlags::KNOWN)?;
    let order = Order {
        side: Side::Demand,
        id: OrderId::default(),
        device: demand.device,
        tick: price(&book.config, demand.limit)?,
        group: 0,
        flags: demand.flags,
        by_owner,
        on_ledger: false,
        traded: false,
        left: Lanes::batch(demand.lots.0),
        not_after: not_after(demand.not_after, book.now)?,
        epoch: book.state.collecting,
        bond: book.config.order_bond.u64(),
    };
    let too_much = OrderError::TooMuchMoney { price: demand.limit, lots: demand.lots.0 };
    book.may_lock(&order).map(|_| order).ok_or(too_much)
}

fn promises(
    config: &MarketConfig,
    latency: u8,
    throughput: u8,
    accuracy: u8,
    tags: u32,
) -> Result<(), OrderError> {
    tier("latency", latency, config.tiers.latency_ms.len())?;
    tier("throughput", throughput, config.tiers.throughput.len())?;
    tier("accuracy", accuracy, config.tiers.accuracy_ppm.len())?;
    let known = config.tags.len();
    let beyond = u64::from(tags).checked_shr(u32::try_from(known).unwrap_or(u32::MAX));
    match beyond {
        None | Some(0) => Ok(()),
        Some(_) => Err(OrderError::Tags { tags, known }),
    }
}

fn tier(what: &'static str, tier: u8, most: usize) -> Result<(), OrderError> {
    if usize::from(tier) <= most {
        return Ok(());
    }
    Err(OrderError::Tier { what, tier, most })
}

fn flags(flags: OrderFlags, allowed: u8) -> Result<(), OrderError> {
    if flags.0 & !allowed == 0 {
        return Ok(());
    }
    Err(OrderError::Flags { flags: flags.0, allowed })
}

fn price(config: &MarketConfig, price: u64) -> Result<Tick, OrderError> {
    let tick_size = config.tick_size.u64();
    let whole = price.checked_rem(tick_size) == Some(0);
    let ticks = price.checked_div(tick_size).and_then(|ticks| u16::try_from(ticks).ok());
    let tick = ticks.filter(|ticks| whole && *ticks > 0);
    tick.map(Tick).ok_or(OrderError::Price { price, tick_size, most: u16::MAX })
}

fn not_after(not_after: u64, now: u64) -> Result<u32, OrderError> {
    if not_after <= now {
        return Err(OrderError::Over { not_after, now });
    }
    u32::try_from(not_after).map_err(|_| OrderError::TooLate { not_after })
}
