//! Leases and the pool's balance as escrow's pages show them.

use crate::ContractError;
use caplet_api::escrow::LeaseState;
use caplet_api::layout::{
    BALANCES, BalanceRecord, DEALS, DealRecord, LANES, LaneRecord, Pages, REDEEMED, STATES,
    StateRecord, asset_sub, fees_key, terms_key,
};
use caplet_api::opened::Opened;
use caplet_base::peer::raw;
use caplet_mechanism::fees::Schedule;
use caplet_protocol::{AccountId, AssetId, Bps};
use cosmwasm_std::{Addr, QuerierWrapper, StdResult};

/// Escrow as one message reads it.
pub(crate) struct Leases<'a> {
    pub(crate) querier: QuerierWrapper<'a>,
    pub(crate) escrow: Addr,
    /// The pool's account: only lanes that credit it count.
    pub(crate) pool: AccountId,
}

/// Where a lease stands.
pub(crate) struct Standing {
    pub(crate) deal: DealRecord,
    /// Base units after fees that its lanes credited to the pool.
    pub(crate) net: u64,
    pub(crate) state: u8,
}

impl Standing {
    /// Whether nothing more can come of it.
    pub(crate) const fn closed(&self) -> bool {
        self.state == LeaseState::Closed as u8
    }
}

impl Leases<'_> {
    /// A lease; `None` if escrow has none.
    pub(crate) fn get(&self, lease: u64) -> Result<Option<Standing>, ContractError> {
        let deal = DealRecord::decode(&self.record(&DEALS, lease)?);
        if deal.terms == 0 {
            return Ok(None);
        }
        let state = StateRecord::decode(&self.record(&STATES, lease)?);
        let mut net = 0u64;
        for lane in 0..u64::from(deal.lanes) {
            net = net.saturating_add(self.lane(lease.saturating_add(lane), state.fees)?);
        }
        Ok(Some(Standing { deal, net, state: state.state }))
    }

    /// What a lease shares with its batch, and when it was opened, where escrow has that with its terms.
    pub(crate) fn opened(&self, deal: &DealRecord) -> Result<Opened, ContractError> {
        let bytes = raw(&self.querier, &self.escrow, terms_key(deal.terms))?;
        let bytes = bytes.ok_or_else(|| ContractError::lost("a lease without terms"))?;
        Ok(Opened::read(&bytes)?)
    }

    fn lane(&self, slot: u64, closed_fees: u8) -> Result<u64, ContractError> {
        let lane = LaneRecord::decode(&self.record(&LANES, slot)?);
        if lane.payee != self.pool.0 {
            return Ok(0);
        }
        let mut wide = [0u8; 8];
        for (to, from) in wide.iter_mut().zip(self.record(&REDEEMED, slot)?) {
            *to = from;
        }
        let fees = if lane.fees == 0 { closed_fees } else { lane.fees };
        Ok(self.schedule(fees)?.of(u64::from_be_bytes(wide)).payee)
    }

    fn schedule(&self, number: u8) -> Result<Schedule, ContractError> {
        let bytes = raw(&self.querier, &self.escrow, fees_key(number).to_vec())?;
        match bytes.as_deref() {
            Some([a, b, c, d]) => Ok(Schedule {
                protocol: Bps(u16::from_be_bytes([*a, *b])),
                keeper: Bps(u16::from_be_bytes([*c, *d])),
            }),
            _ => Err(ContractError::lost("a lease without fees")),
        }
    }

    fn record(&self, pages: &Pages, slot: u64) -> StdResult<Vec<u8>> {
        let Some((page, place)) = pages.locate_slot(slot) else { return Ok(Vec::new()) };
        let bytes = raw(&self.querier, &self.escrow, pages.key(&[], page))?.unwrap_or_default();
        Ok(pages.slice(&pages.records(bytes), place).to_vec())
    }

    /// The pool's free balance, base units.
    pub(crate) fn free(&self, asset: AssetId) -> StdResult<u128> {
        let (page, place) = BALANCES.locate(self.pool.0);
        let key = BALANCES.key(&asset_sub(asset), page);
        let bytes = raw(&self.querier, &self.escrow, key)?.unwrap_or_default();
        Ok(BalanceRecord::decode(BALANCES.slice(&BALANCES.records(bytes), place)).free)
    }
}
