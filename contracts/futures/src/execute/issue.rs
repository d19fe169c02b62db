//! Issues a series: reserves the capacity, locks the collateral.

use super::{Work, within};
use crate::ContractError;
use crate::mark::Mark;
use crate::state::rules;
use crate::state::series::{self, LeaseTerms, Series};
use caplet_api::auction::MarketConfig;
use caplet_api::event::SeriesIssued;
use caplet_api::futures::{IssueInput, MAX_SLOTS, Quality, Sale};
use caplet_api::layout::{ATTESTED, DeviceRecord};
use caplet_mechanism::strip::Strip;
use caplet_protocol::DeviceId;
use cosmwasm_std::Storage;

/// Issues a series of the sender's device, with its own collateral or, approved by whom that is, with a backer's.
pub(super) fn issue(
    work: &mut Work<'_, '_>,
    input: IssueInput,
    backer: Option<DeviceId>,
) -> Result<(), ContractError> {
    let record = work.context.own(work.storage, input.device)?;
    if let Some(backer) = backer {
        work.context.own(work.storage, backer)?;
    }
    let (tier, serves) = work.context.serves(input.device)?;
    if !serves {
        return Err(ContractError::CannotServe { device: input.device });
    }
    let market = work.context.market(input.market)?;
    check(&input, &market.config, work.context.now)?;
    let mut series = draft(work.storage, &input, &market.config, &record, tier)?;
    series.backer = backer;
    let mark = Mark::of(work.storage, &work.context, input.market)?;
    series.check_cover(work.context.now, &mark)?;

    let Series { number, market, asset, first_slot, slots, .. } = series;
    work.till.lock(asset, series.backer(), series.collateral)?;
    work.till.reserve(market, input.device, first_slot, &series.reserved)?;
    work.till.say(SeriesIssued {
        series: number,
        device: input.device.0,
        market: market.0,
        first_slot,
        slots,
        lots: input.lots.0,
        price: series.price(),
        collateral: series.collateral,
    });
    Ok(series::save(work.storage, &series)?)
}

fn check(input: &IssueInput, market: &MarketConfig, now: u64) -> Result<(), ContractError> {
    within("slots", input.slots.into(), 1, MAX_SLOTS.into())?;
    within("lots", input.lots.0.into(), 1, u16::MAX.into())?;
    within("reservation bps", input.reservation.0.into(), 0, 10_000)?;
    let secs = u64::from(market.slot_secs);
    // the slot that runs cannot be sold any more in full
    let next = now.checked_div(secs).unwrap_or(u64::MAX).saturating_add(1);
    let last = u64::from(u32::MAX).saturating_sub(MAX_SLOTS.into());
    within("first slot", input.first_slot.into(), next, last)?;
    let begins = u64::from(input.first_slot).saturating_mul(secs);
    match input.sale {
        Sale::Fixed { price } => within("price", price.u64(), 1, u64::MAX)?,
        Sale::Auction { reserve, until } => {
            within("reserve", reserve.u64(), 1, u64::MAX)?;
            within("end of bids", until.u64(), now.saturating_add(1), begins)?;
        }
    }
    promises(input, market)
}

fn promises(input: &IssueInput, market: &MarketConfig) -> Result<(), ContractError> {
    let tiers = &market.tiers;
    let count = |len: usize| u32::try_from(len).unwrap_or(u32::MAX);
    for (what, given, most) in [
        ("latency tiers", input.latency, count(tiers.latency_ms.len())),
        ("throughput tiers", input.throughput, count(tiers.throughput.len())),
        ("accuracy tiers", input.accuracy, count(tiers.accuracy_ppm.len())),
    ] {
        let given = u32::from(given);
        if given > most {
            return Err(ContractError::UnknownPromise { market: input.market, what, given, most });
        }
    }
    let tags = count(market.tags.len()).min(32);
    let most = u32::try_from((1u64 << tags).saturating_sub(1)).unwrap_or(u32::MAX);
    if input.tags & !most != 0 {
        let (what, given) = ("tag bits", input.tags);
        return Err(ContractError::UnknownPromise { market: input.market, what, given, most });
    }
    Ok(())
}

fn draft(
    storage: &mut dyn Storage,
    input: &IssueInput,
    market: &MarketConfig,
    record: &DeviceRecord,
    tier: u8,
) -> Result<Series, ContractError> {
    let rules = rules::load(storage)?;
    let strip = Strip::of(0, input.slots, input.lots.0.into());
    let strike = match input.sale {
        Sale::Fixed { price } => Some(price.u64()),
        Sale::Auction { .. } => None,
    };
    let quality = Quality {
        cell: record.cell(),
        latency: input.latency,
        throughput: input.throughput,
        accuracy: input.accuracy,
        reliability: tier,
        tags: input.tags,
        attested: record.flags & ATTESTED != 0,
    };
    let terms = LeaseTerms {
        lot_units: market.lot_units.u64(),
        settle_secs: market.settle_secs,
        settle_blocks: market.settle_blocks,
        notice_secs: market.notice_secs,
        exposure: market.exposure,
        close_bond: market.close_bond.u64(),
    };
    Ok(Series {
        number: series::next(storage)?,
        seller: input.device,
        backer: None,
        market: input.market,
        asset: market.asset,
        quality,
        first_slot: input.first_slot,
        slots: input.slots,
        slot_secs: market.slot_secs,
        sale: input.sale,
        strike,
        reservation: input.reservation,
        least: rules.least,
        headroom: rules.headroom,
        penalty: rules.penalty,
        grace_secs: rules.grace_secs,
        terms,
        unsold: strip.clone(),
        sold: Strip::default(),
        reserved: strip,
        delivering: 0,
        collateral: input.collateral.u64(),
        pledged: 0,
        owed: 0,
        called: None,
        novation: None,
        defaults: Vec::new(),
    })
}
