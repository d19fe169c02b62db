//! Leases as escrow's pages show them.

use crate::ContractError;
use caplet_api::escrow::Terms;
use caplet_api::layout::{
    DEALS, DealRecord, LANES, LaneRecord, Pages, REDEEMED, STATES, StateRecord, terms_key,
};
use caplet_api::opened::Opened;
use caplet_base::peer::{PeerPages, raw};
use cosmwasm_std::{Addr, QuerierWrapper, StdResult};

/// Escrow as one message reads it, each page once.
pub(crate) struct Leases<'a> {
    querier: QuerierWrapper<'a>,
    escrow: Addr,
    deals: PeerPages<'a>,
    states: PeerPages<'a>,
    redeemed: PeerPages<'a>,
    lanes: PeerPages<'a>,
}

impl<'a> Leases<'a> {
    /// Nothing read yet.
    pub(crate) fn new(querier: QuerierWrapper<'a>, escrow: &Addr) -> Self {
        let pages = |of| PeerPages::new(querier, escrow.clone(), of);
        Self {
            querier,
            escrow: escrow.clone(),
            deals: pages(DEALS),
            states: pages(STATES),
            redeemed: pages(REDEEMED),
            lanes: pages(LANES),
        }
    }

    /// What was agreed, and where it stands.
    pub(crate) fn get(&mut self, lease: u64) -> Result<(DealRecord, StateRecord), ContractError> {
        let deal = DealRecord::decode(record(&mut self.deals, &DEALS, lease)?);
        if deal.terms == 0 {
            return Err(ContractError::NoLease { lease });
        }
        Ok((deal, StateRecord::decode(record(&mut self.states, &STATES, lease)?)))
    }

    /// What it shares with its batch.
    pub(crate) fn terms(&self, deal: &DealRecord) -> Result<Terms, ContractError> {
        let bytes = raw(&self.querier, &self.escrow, terms_key(deal.terms))?;
        let bytes = bytes.ok_or_else(|| ContractError::lost("a lease without terms"))?;
        Ok(Opened::read(&bytes)?.terms)
    }

    /// What all its lanes have redeemed, base units.
    pub(crate) fn redeemed(&mut self, lease: u64, lanes: u8) -> Result<u64, ContractError> {
        let mut sum = 0u64;
        for lane in 0..u64::from(lanes) {
            let bytes = record(&mut self.redeemed, &REDEEMED, lease.saturating_add(lane))?;
            let mut wide = [0u8; 8];
            for (to, from) in wide.iter_mut().zip(bytes) {
                *to = *from;
            }
            sum = sum.saturating_add(u64::from_be_bytes(wide));
        }
        Ok(sum)
    }

    /// Account that its first lane credits.
    pub(crate) fn payee(&mut self, lease: u64) -> Result<u32, ContractError> {
        Ok(LaneRecord::decode(record(&mut self.lanes, &LANES, lease)?).payee)
    }
}

fn record<'p>(pages: &'p mut PeerPages<'_>, of: &Pages, slot: u64) -> StdResult<&'p [u8]> {
    match of.locate_slot(slot) {
        Some((page, place)) => pages.read(page, place),
        None => Ok(&[]),
    }
}
