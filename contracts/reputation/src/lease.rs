//! Closed leases as escrow's pages show them.

use crate::ContractError;
use caplet_api::escrow::{CloseReason, LeaseState, Terms};
use caplet_api::layout::{
    DEALS, DealRecord, Pages, REDEEMED, STATES, StateRecord, evidence_key, fees_key, terms_key,
};
use caplet_api::opened::Opened;
use caplet_base::peer::{PeerPages, raw};
use caplet_mechanism::fees::Schedule;
use caplet_protocol::{AccountId, AssetId, Bps, DeviceId, LeaseId};
use cosmwasm_std::{Addr, QuerierWrapper, StdError};
use std::collections::BTreeMap;

/// What rating a closed lease needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClosedLease {
    /// The lease.
    pub(crate) id: LeaseId,
    /// The device that served.
    pub(crate) provider: DeviceId,
    /// The device that was served.
    pub(crate) consumer: DeviceId,
    /// The account that paid.
    pub(crate) payer: AccountId,
    /// What it paid in.
    pub(crate) asset: AssetId,
    /// Why the lease ended.
    pub(crate) reason: CloseReason,
    /// Unix seconds when service began at the earliest.
    pub(crate) start: u64,
    /// Unix seconds when it ended: when it began to close or, if it closed at once, its agreed end,
    /// which is no later than now.
    pub(crate) ended: u64,
    /// Redeemed of the price, 0..=10,000.
    pub(crate) share: Bps,
    /// Base units of protocol fee it paid.
    pub(crate) burned: u128,
    /// Base units of protocol fee it would have paid, had the whole price been redeemed.
    pub(crate) full: u128,
    /// SHA-256 of the QoS report in its best voucher.
    pub(crate) evidence: Option<Vec<u8>>,
}

/// Escrow as one message reads it, each page and each batch's terms once.
pub(crate) struct Escrow<'a> {
    querier: QuerierWrapper<'a>,
    address: Addr,
    states: PeerPages<'a>,
    deals: PeerPages<'a>,
    redeemed: PeerPages<'a>,
    terms: BTreeMap<u32, Terms>,
    fees: BTreeMap<u8, Schedule>,
}

impl<'a> Escrow<'a> {
    /// Nothing read yet.
    pub(crate) fn new(querier: QuerierWrapper<'a>, address: &Addr) -> Self {
        let pages = |pages| PeerPages::new(querier, address.clone(), pages);
        Self {
            querier,
            address: address.clone(),
            states: pages(STATES),
            deals: pages(DEALS),
            redeemed: pages(REDEEMED),
            terms: BTreeMap::new(),
            fees: BTreeMap::new(),
        }
    }

    /// A lease that must be closed; `now` in Unix seconds.
    pub(crate) fn closed(&mut self, id: LeaseId, now: u64) -> Result<ClosedLease, ContractError> {
        let deal = DealRecord::decode(slot(&mut self.deals, &DEALS, id.0)?);
        if deal.terms == 0 {
            return Err(ContractError::NoLease { lease: id });
        }
        let state = StateRecord::decode(slot(&mut self.states, &STATES, id.0)?);
        if state.state != LeaseState::Closed as u8 {
            return Err(ContractError::NotClosed { lease: id });
        }
        let reason = CloseReason::from_u8(state.reason).ok_or_else(|| foreign("a close reason"))?;
        let (redeemed, burned) = self.paid(id, deal.lanes, state.fees)?;
        let price = u128::from(deal.price).saturating_mul(deal.lots.into());
        let full = burned_of(self.fees(state.fees)?, price);
        let terms = self.terms(deal.terms)?;
        let ended = match state.closing_time {
            0 => terms.end.u64(),
            time => time.into(),
        };
        Ok(ClosedLease {
            id,
            provider: DeviceId(deal.provider),
            consumer: DeviceId(deal.consumer),
            payer: AccountId(deal.payer),
            asset: terms.asset,
            reason,
            start: terms.start.u64(),
            ended: ended.min(now),
            share: share(redeemed, &deal),
            burned,
            full,
            evidence: raw(&self.querier, &self.address, evidence_key(id))?,
        })
    }

    /// The device that was served by a lease, whatever state it is in.
    pub(crate) fn consumer(&mut self, id: LeaseId) -> Result<DeviceId, ContractError> {
        let deal = DealRecord::decode(slot(&mut self.deals, &DEALS, id.0)?);
        if deal.terms == 0 {
            return Err(ContractError::NoLease { lease: id });
        }
        Ok(DeviceId(deal.consumer))
    }

    /// What all lanes redeemed, gross, and the protocol's fee of it: each lane's by itself, by the function of the
    /// cumulative of which escrow takes differences, so to the unit what escrow took.
    fn paid(
        &mut self,
        id: LeaseId,
        lanes: u8,
        schedule: u8,
    ) -> Result<(u128, u128), ContractError> {
        let schedule = self.fees(schedule)?;
        let (mut redeemed, mut burned) = (0u128, 0u128);
        for lane in 0..u64::from(lanes) {
            let at = id.0.checked_add(lane).ok_or_else(|| foreign("a lane"))?;
            let bytes = slot(&mut self.redeemed, &REDEEMED, at)?;
            // a page ends with its last byte that is not zero
            let amount = (0..8).fold(0u128, |sum, at| {
                (sum << 8) | u128::from(bytes.get(at).copied().unwrap_or_default())
            });
            redeemed = redeemed.saturating_add(amount);
            burned = burned.saturating_add(burned_of(schedule, amount));
        }
        Ok((redeemed, burned))
    }

    fn fees(&mut self, schedule: u8) -> Result<Schedule, ContractError> {
        if let Some(known) = self.fees.get(&schedule) {
            return Ok(*known);
        }
        let bytes = raw(&self.querier, &self.address, fees_key(schedule).to_vec())?;
        let rates = bytes.and_then(|bytes| bytes.first_chunk::<4>().copied());
        let [p0, p1, k0, k1] = rates.ok_or_else(|| foreign("a fee schedule"))?;
        let rate = |bytes| Bps(u16::from_be_bytes(bytes));
        let known = Schedule { protocol: rate([p0, p1]), keeper: rate([k0, k1]) };
        self.fees.insert(schedule, known);
        Ok(known)
    }

    fn terms(&mut self, number: u32) -> Result<&Terms, ContractError> {
        if !self.terms.contains_key(&number) {
            let bytes = raw(&self.querier, &self.address, terms_key(number))?
                .ok_or_else(|| foreign("the terms"))?;
            self.terms.insert(number, Opened::read(&bytes)?.terms);
        }
        self.terms.get(&number).ok_or_else(|| foreign("the terms"))
    }
}

/// The protocol's part of a cumulative payout; one of more than 64 bits there is none.
fn burned_of(schedule: Schedule, paid: u128) -> u128 {
    schedule.of(u64::try_from(paid).unwrap_or(u64::MAX)).protocol.into()
}

fn slot<'p>(
    pages: &'p mut PeerPages<'_>,
    layout: &Pages,
    at: u64,
) -> Result<&'p [u8], ContractError> {
    // a slot past the last page there can be holds nothing
    let Some((page, place)) = layout.locate_slot(at) else { return Ok(&[]) };
    Ok(pages.read(page, place)?)
}

fn share(redeemed: u128, deal: &DealRecord) -> Bps {
    let price = u128::from(deal.price).saturating_mul(deal.lots.into());
    let share = redeemed.saturating_mul(10_000).checked_div(price).unwrap_or_default();
    Bps(u16::try_from(share.min(10_000)).unwrap_or(10_000))
}

fn foreign(what: &str) -> ContractError {
    let text = format!("escrow shows a closed lease without {what}: it is of another version");
    StdError::msg(text).into()
}
