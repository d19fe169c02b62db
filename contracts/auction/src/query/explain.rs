//! Why a demand stands as it does: what each of its requirements excludes, what the rest would cost.

use super::{orders, tables};
use crate::ContractError;
use crate::book::{Book, Order, clearing_demand};
use crate::execute::order_id;
use crate::tables::{Terms, vectors};
use caplet_api::auction::{Bearing, Exclusion, ExplainResponse, Requirement, Verdict};
use caplet_clearing::{Class, ClassIndex, Vector};
use caplet_protocol::{ClassSlot, MarketId, OrderId, VectorId, layout::Side};
use cosmwasm_std::{StdError, StdResult, Storage, Uint64};
use std::collections::BTreeMap;

const REQUIREMENTS: [Requirement; 7] = [
    Requirement::Reachable,
    Requirement::Latency,
    Requirement::Throughput,
    Requirement::Accuracy,
    Requirement::Reliability,
    Requirement::Tags,
    Requirement::Attested,
];

/// What the open offers of one class come to.
#[derive(Default)]
struct Supply {
    offers: u32,
    lots: u64,
    within: u32,
    within_lots: u64,
    cheapest: Option<(u64, OrderId)>,
}

/// Answers the `Explain` query, as of the block of the query.
pub(super) fn explain(
    storage: &dyn Storage,
    market: MarketId,
    now: u64,
    demand: Uint64,
) -> Result<ExplainResponse, ContractError> {
    let shown = orders::one(storage, market, now, Side::Demand, demand)?;
    let mut book = Book::open(storage, market, now)?;
    let pinned = book.pin(storage)?;
    let terms = book.arithmetic(storage, pinned)?;
    let number = shown.vector.map(VectorId).ok_or_else(lost)?;
    let listed = vectors(storage, market)?;
    let vector = *listed.get(usize::from(number.0)).ok_or_else(lost)?;
    let limit = shown.price.u64();
    let supply = supply(storage, &book, &terms, number, limit)?;
    let sum = |what: fn(&Supply) -> u64, serving: bool| -> u64 {
        let counted =
            supply.iter().filter(|(class, _)| !serving || cost(&terms, **class, number).is_some());
        counted.map(|(_, supply)| what(supply)).sum()
    };
    let cheapest = cheapest(&terms, &supply, number);
    let within_limit_lots = sum(|s| s.within_lots, true);
    let rivals_lots = match &cheapest {
        Some(best) => rivals(storage, &book, &terms, order_id(demand)?, (number, limit), best)?,
        None => 0,
    };
    let verdict = match &cheapest {
        _ if !shown.open => Verdict::Ended,
        None => Verdict::NoneServes,
        Some(best) if best.bears.u64() > limit => Verdict::LimitTooLow,
        Some(_) if shown.flags.has(ALL) && within_limit_lots < shown.lots.0.into() => {
            Verdict::TooFewLots
        }
        Some(_) if rivals_lots >= within_limit_lots => Verdict::Outbid,
        Some(_) => Verdict::Waiting,
    };
    Ok(ExplainResponse {
        requires: tables::shown(number.0, &vector, 0),
        offers: narrow(sum(|s| s.offers.into(), false)),
        excluded: excluded(&terms, number, &supply),
        serving: narrow(sum(|s| s.offers.into(), true)),
        serving_lots: sum(|s| s.lots, true).into(),
        within_limit: narrow(sum(|s| s.within.into(), true)),
        within_limit_lots: within_limit_lots.into(),
        cheapest,
        rivals_lots: rivals_lots.into(),
        verdict,
        demand: shown,
    })
}

const ALL: u8 = caplet_protocol::layout::OrderFlags::ALL_OR_NOTHING;

/// Open offers with batch lots by class.
fn supply(
    storage: &dyn Storage,
    book: &Book,
    terms: &Terms,
    number: VectorId,
    limit: u64,
) -> StdResult<BTreeMap<u16, Supply>> {
    let mut supply: BTreeMap<u16, Supply> = BTreeMap::new();
    for order in book.standing(storage, Side::Offer, None) {
        let order = order?;
        if order.left.batch == 0 || order.is_over(book.now) {
            continue;
        }
        let (ask, lots) = (book.price(order.tick), u64::from(order.left.batch));
        let of = supply.entry(order.group).or_default();
        // at most 20,000 orders of 16-bit lots
        of.offers = of.offers.saturating_add(1);
        of.lots = of.lots.saturating_add(lots);
        if of.cheapest.is_none_or(|(least, _)| ask < least) {
            of.cheapest = Some((ask, order.id));
        }
        let bears = cost(terms, order.group, number).and_then(|cost| ask.checked_add(cost));
        if bears.is_some_and(|bears| bears <= limit) {
            of.within = of.within.saturating_add(1);
            of.within_lots = of.within_lots.saturating_add(lots);
        }
    }
    Ok(supply)
}

fn cost(terms: &Terms, class: u16, vector: VectorId) -> Option<u64> {
    terms.view().cost(ClassIndex(class), vector)
}

/// Requirements that a class does not meet.
fn unmet(terms: &Terms, class: u16, number: VectorId) -> Vec<Requirement> {
    let view = terms.view();
    let class = view.classes.get(usize::from(class)).copied().flatten();
    let vector = view.vectors.get(usize::from(number.0)).copied();
    let (Some(class), Some(vector)) = (class, vector) else { return Vec::new() };
    let reachable = view.market.latency(class.cell, vector.cell).is_some();
    REQUIREMENTS.into_iter().filter(|what| !met(*what, reachable, &class, &vector)).collect()
}

fn met(what: Requirement, reachable: bool, class: &Class, vector: &Vector) -> bool {
    match what {
        Requirement::Reachable => reachable,
        Requirement::Latency => class.latency >= vector.latency,
        Requirement::Throughput => class.throughput >= vector.throughput,
        Requirement::Accuracy => class.accuracy >= vector.accuracy,
        Requirement::Reliability => class.reliability >= vector.reliability,
        Requirement::Tags => class.tags & vector.tags == vector.tags,
        Requirement::Attested => class.attested >= vector.attested,
    }
}

/// Offers that each requirement excludes; requirements that exclude none are left out.
fn excluded(terms: &Terms, number: VectorId, supply: &BTreeMap<u16, Supply>) -> Vec<Exclusion> {
    let mut counts: BTreeMap<Requirement, (u32, u32)> = BTreeMap::new();
    for (class, of) in supply {
        let unmet = unmet(terms, *class, number);
        for what in &unmet {
            let (offers, alone) = counts.entry(*what).or_default();
            *offers = offers.saturating_add(of.offers);
            if unmet.len() == 1 {
                *alone = alone.saturating_add(of.offers);
            }
        }
    }
    let shown = counts.into_iter();
    shown.map(|(requirement, (offers, alone))| Exclusion { requirement, offers, alone }).collect()
}

/// The offer that would cost the demand least, the oldest of equal ones.
fn cheapest(terms: &Terms, supply: &BTreeMap<u16, Supply>, number: VectorId) -> Option<Bearing> {
    let bearings = supply.iter().filter_map(|(class, of)| {
        let (ask, offer) = of.cheapest?;
        let cost = cost(terms, *class, number)?;
        Some((ask.checked_add(cost)?, offer, *class, ask, cost))
    });
    let (bears, offer, class, ask, cost) = bearings.min()?;
    Some(Bearing {
        offer: offer.to_u64().into(),
        class: ClassSlot(u8::try_from(class).ok()?),
        ask: ask.into(),
        cost: cost.into(),
        bears: bears.into(),
    })
}

/// Lots of other demands that are worth at least as much to their buyers at the cheapest class.
fn rivals(
    storage: &dyn Storage,
    book: &Book,
    terms: &Terms,
    own: OrderId,
    (number, limit): (VectorId, u64),
    best: &Bearing,
) -> Result<u64, ContractError> {
    let class = u16::from(best.class.0);
    let worth =
        |vector, limit: u64| cost(terms, class, vector).and_then(|cost| limit.checked_sub(cost));
    let ours = worth(number, limit);
    let mut lots = 0u64;
    for order in book.standing(storage, Side::Demand, None) {
        let order: Order = order?;
        if order.id == own || order.is_over(book.now) {
            continue;
        }
        let demand = clearing_demand(&order);
        let theirs = worth(demand.vector, book.price(order.tick));
        if theirs.is_some() && theirs >= ours {
            lots = lots.saturating_add(order.left.batch.into());
        }
    }
    Ok(lots)
}

fn narrow(count: u64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn lost() -> StdError {
    StdError::msg("the demand's requirements are gone")
}
