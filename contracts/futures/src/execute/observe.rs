//! Adds trades of the auction to a market's index.

use super::{Work, bounded};
use crate::ContractError;
use crate::lease::Leases;
use crate::mark::Mark;
use crate::state::{rules, trades};
use caplet_api::auction::NO_EPOCH;
use caplet_api::event::IndexObserved;
use caplet_protocol::MarketId;
use cosmwasm_std::Uint64;

/// Adds leases; those that do not count are passed over, unless all are.
pub(super) fn observe(
    work: &mut Work<'_, '_>,
    market: MarketId,
    leases: &[Uint64],
) -> Result<(), ContractError> {
    bounded("leases", leases.len())?;
    let window = u64::from(rules::load(work.storage)?.index_secs);
    let since = work.context.now.saturating_sub(window);
    let mut escrow = Leases::new(work.context.querier, &work.context.peers.escrow);
    let mut all = trades::load(work.storage, market)?;
    let mut added = false;
    for lease in leases {
        let Some(seen) = trade(&mut escrow, market, lease.u64(), since)? else { continue };
        added |= trades::add(&mut all, seen);
    }
    if !added {
        let why = "none of these leases is a trade between two owners in this market that is recent and new here: give others";
        return Err(ContractError::Nothing { why });
    }
    trades::save(work.storage, market, &all)?;
    let Mark { mark, trades, .. } = Mark::of(work.storage, &work.context, market)?;
    work.till.say(IndexObserved { market: market.0, trades, mark });
    Ok(())
}

/// A lease as a trade, if the auction opened it in this market lately. What futures and pools opened is priced
/// by them and says nothing of the market.
fn trade(
    escrow: &mut Leases<'_>,
    market: MarketId,
    lease: u64,
    since: u64,
) -> Result<Option<trades::Seen>, ContractError> {
    let (deal, _) = escrow.get(lease)?;
    let terms = escrow.terms(&deal)?;
    if terms.market != market || terms.epoch == NO_EPOCH || terms.start.u64() < since {
        return Ok(None);
    }
    let at = u32::try_from(terms.start.u64()).unwrap_or(u32::MAX);
    let payee = escrow.payee(lease)?;
    let (price, lots, payer) = (deal.price, deal.lots, deal.payer);
    Ok(Some(trades::Seen { lease, price, lots, payer, payee, at }))
}
