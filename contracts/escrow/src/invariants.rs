//! What must hold of the escrow's storage after every message; tests run it before and after each.

use crate::{
    ContractError,
    state::{
        assets,
        leases::{Lease, SLOTS, Slot},
        ledger::Ledger,
        slots,
    },
    work::Work,
};
use caplet_api::escrow::LeaseState;
use caplet_api::layout::{BALANCES, BalanceRecord, asset_sub};
use caplet_protocol::{AssetId, Lane, LeaseId};
use cosmwasm_std::{Order, Storage};
use std::collections::BTreeMap;
use thiserror::Error;

/// What one lease has redeemed and where it stands, to compare with later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Base units redeemed over all lanes.
    pub redeemed: u64,
    /// Sum of the lanes' caps.
    pub cap: u64,
    /// Price x lots.
    pub worth: u128,
    /// State.
    pub state: LeaseState,
}

/// An invariant that does not hold, with both sides.
#[derive(Debug, Error)]
pub enum Violation {
    /// Storage that does not decode.
    #[error(transparent)]
    Storage(#[from] ContractError),
    /// Pages and ledger disagree.
    #[error("asset {asset}: {what} add up to {pages}, the ledger says {ledger}")]
    Ledger {
        /// The asset.
        asset: AssetId,
        /// Which total.
        what: &'static str,
        /// Sum over pages.
        pages: u128,
        /// The ledger's total.
        ledger: u128,
    },
    /// The contract owes more than it has.
    #[error("asset {asset}: {owed} is owed, {held} is held")]
    Insolvent {
        /// The asset.
        asset: AssetId,
        /// Sum of all parts.
        owed: u128,
        /// What bank or token says.
        held: u128,
    },
    /// A lease that contradicts itself.
    #[error("lease {lease}: {what}")]
    Lease {
        /// The lease.
        lease: LeaseId,
        /// How.
        what: &'static str,
    },
}

/// Sums over the lease pages of one asset.
#[derive(Default)]
struct Sums {
    reserved: u128,
    bonds: u128,
}

/// Checks the whole storage against itself and against what the contract holds of each asset, and
/// returns where every lease stands.
///
/// # Errors
/// The first invariant that does not hold.
pub fn check(
    storage: &dyn Storage,
    held: impl Fn(AssetId) -> u128,
) -> Result<BTreeMap<LeaseId, Standing>, Violation> {
    let mut sums: BTreeMap<AssetId, Sums> = BTreeMap::new();
    let mut standings = BTreeMap::new();
    let mut work = Work::default();
    let end = u64::from(slots::end(storage)?).saturating_mul(SLOTS.into());
    for id in (0..end).map(LeaseId) {
        if let Some(lease) = work.leases.find(storage, id)? {
            standings.insert(id, lease_holds(storage, &mut work, &lease, &mut sums)?);
        }
    }
    for asset in (1..=assets::count(storage).map_err(ContractError::from)?).map(AssetId) {
        let sums = sums.remove(&asset).unwrap_or_default();
        ledger_holds(storage, asset, &sums, held(asset))?;
    }
    Ok(standings)
}

fn ledger_holds(
    storage: &dyn Storage,
    asset: AssetId,
    sums: &Sums,
    held: u128,
) -> Result<(), Violation> {
    let ledger = Ledger::load(storage, asset)?;
    let (free, ordered) = balances(storage, asset);
    let parts = [ledger.free, ledger.ordered, ledger.reserved, ledger.bonds, ledger.fees];
    let owed = parts.into_iter().fold(0u128, u128::saturating_add);
    for (what, pages, ledger) in [
        ("free balances", free, ledger.free),
        ("ordered balances", ordered, ledger.ordered),
        ("reserves of live leases", sums.reserved, ledger.reserved),
        ("bonds of live leases", sums.bonds, ledger.bonds),
        ("all parts, against what came and stayed,", owed, ledger.owed()?),
    ] {
        if pages != ledger {
            return Err(Violation::Ledger { asset, what, pages, ledger });
        }
    }
    if owed > held {
        return Err(Violation::Insolvent { asset, owed, held });
    }
    Ok(())
}

fn lease_holds(
    storage: &dyn Storage,
    work: &mut Work,
    lease: &Lease,
    sums: &mut BTreeMap<AssetId, Sums>,
) -> Result<Standing, Violation> {
    let fails = |what| Err(Violation::Lease { lease: lease.id, what });
    let terms = work.terms.get(storage, lease.deal.terms)?.terms;
    let state = lease.state();
    let (mut redeemed, mut cap) = (0u64, 0u64);
    for slot in lease.slots() {
        let (used, most) = lane_holds(storage, work, lease, slot)?;
        redeemed = redeemed.saturating_add(used);
        cap = cap.saturating_add(most);
    }
    let worth = u128::from(lease.deal.price).saturating_mul(lease.deal.lots.into());
    if u128::from(cap) > worth {
        return fails("it may redeem more than its lots are worth");
    }
    let ended = matches!(state, LeaseState::Closing | LeaseState::Closed);
    if ended != lease.reason().is_some() {
        return fails("it has a reason before it ended, or none after");
    }
    if state != LeaseState::Closed {
        let sums = sums.entry(terms.asset).or_default();
        sums.reserved = sums.reserved.saturating_add(cap.saturating_sub(redeemed).into());
        sums.bonds = sums.bonds.saturating_add(terms.close_bond.u64().into());
    }
    Ok(Standing { redeemed, cap, worth, state })
}

/// A lane's redeemed and cap.
fn lane_holds(
    storage: &dyn Storage,
    work: &mut Work,
    lease: &Lease,
    slot: Slot,
) -> Result<(u64, u64), Violation> {
    let fails = |what| Err(Violation::Lease { lease: lease.id, what });
    let lane = work.leases.lane(storage, slot)?;
    let redeemed = work.leases.redeemed(storage, slot)?;
    if redeemed > lane.cap {
        return fails("a lane redeemed more than its cap");
    }
    if (lane.fees == 0) != (lease.state() == LeaseState::Closed) {
        return fails("a lane is out of use while it lives, or in use after it closed");
    }
    if lane.signer == 0 || lane.payee == 0 {
        return fails("a lane has no signer, or nobody to credit");
    }
    if lease.deal.lanes == 1 && lane.signer != lease.deal.consumer {
        return fails("an only lane is not signed by its consumer");
    }
    if Slot::of(lease.id, Lane(lane.lane.into())) != Some(slot) {
        return fails("a lane stands in another's slot");
    }
    Ok((redeemed, lane.cap))
}

fn balances(storage: &dyn Storage, asset: AssetId) -> (u128, u128) {
    let sub = asset_sub(asset);
    let (from, mut to) = (BALANCES.key(&sub, 0), BALANCES.key(&sub, u32::MAX));
    to.push(0);
    let mut sum = (0u128, 0u128);
    for (_, page) in storage.range(Some(&from), Some(&to), Order::Ascending) {
        let page = BALANCES.records(page);
        for place in 0..BALANCES.per_page {
            let record = BalanceRecord::decode(BALANCES.slice(&page, place));
            sum = (sum.0.saturating_add(record.free), sum.1.saturating_add(record.ordered));
        }
    }
    sum
}
