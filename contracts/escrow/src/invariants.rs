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
use caplet_protocol::{AssetId, LeaseId};
use cosmwasm_std::{Order, Storage};
use std::collections::BTreeMap;

/// What one lease has redeemed and where it stands, to compare with later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Base units redeemed over all lanes.
    pub redeemed: u64,
    /// Sum of the lanes' caps.
    pub cap: u64,
    /// State.
    pub state: LeaseState,
}

/// Sums over pages, to compare with the ledger.
#[derive(Default)]
struct Sums {
    reserved: u128,
    bonds: u128,
}

/// Checks the whole storage against itself and against what the contract holds of each asset, and
/// returns where every lease stands.
///
/// # Errors
/// Storage that does not decode.
///
/// # Panics
/// With both sides, if an invariant does not hold.
pub fn check(
    storage: &dyn Storage,
    held: impl Fn(AssetId) -> u128,
) -> Result<BTreeMap<LeaseId, Standing>, ContractError> {
    let mut sums: BTreeMap<AssetId, Sums> = BTreeMap::new();
    let mut standings = BTreeMap::new();
    let mut work = Work::default();
    let end = u64::from(slots::end(storage)?).saturating_mul(SLOTS.into());
    for id in (0..end).map(LeaseId) {
        if let Some(lease) = work.leases.find(storage, id)? {
            standings.insert(id, lease_holds(storage, &mut work, &lease, &mut sums)?);
        }
    }
    for asset in (1..=assets::count(storage)?).map(AssetId) {
        let ledger = Ledger::load(storage, asset)?;
        let sums = sums.remove(&asset).unwrap_or_default();
        let (free, ordered) = balances(storage, asset);
        assert_eq!(free, ledger.free, "free balances of asset {asset} are not its ledger's");
        assert_eq!(ordered, ledger.ordered, "ordered balances of asset {asset}");
        assert_eq!(sums.reserved, ledger.reserved, "reserves of asset {asset}");
        assert_eq!(sums.bonds, ledger.bonds, "bonds of asset {asset}");
        let parts = [ledger.free, ledger.ordered, ledger.reserved, ledger.bonds, ledger.fees];
        let parts = parts.into_iter().fold(0u128, u128::saturating_add);
        assert_eq!(parts, ledger.owed()?, "parts of asset {asset} are not what came and stayed");
        assert!(parts <= held(asset), "the contract holds less of asset {asset} than it owes");
    }
    Ok(standings)
}

fn lease_holds(
    storage: &dyn Storage,
    work: &mut Work,
    lease: &Lease,
    sums: &mut BTreeMap<AssetId, Sums>,
) -> Result<Standing, ContractError> {
    let terms = work.terms.get(storage, lease.deal.terms)?.terms;
    let closed = lease.state() == LeaseState::Closed;
    let (mut redeemed, mut cap) = (0u64, 0u64);
    for slot in lease.slots() {
        let (used, most) = lane_holds(storage, work, lease, slot, closed)?;
        redeemed = redeemed.saturating_add(used);
        cap = cap.saturating_add(most);
    }
    let sums = sums.entry(terms.asset).or_default();
    if !closed {
        sums.reserved = sums.reserved.saturating_add(cap.saturating_sub(redeemed).into());
        sums.bonds = sums.bonds.saturating_add(terms.close_bond.u64().into());
    }
    let worth = u128::from(lease.deal.price).saturating_mul(lease.deal.lots.into());
    assert!(u128::from(cap) <= worth, "lease {} may redeem more than its lots are worth", lease.id);
    let ended = matches!(lease.state(), LeaseState::Closing | LeaseState::Closed);
    assert_eq!(ended, lease.reason().is_some(), "lease {} and its reason", lease.id);
    Ok(Standing { redeemed, cap, state: lease.state() })
}

fn lane_holds(
    storage: &dyn Storage,
    work: &mut Work,
    lease: &Lease,
    slot: Slot,
    closed: bool,
) -> Result<(u64, u64), ContractError> {
    let lane = work.leases.lane(storage, slot)?;
    let redeemed = work.leases.redeemed(storage, slot)?;
    assert!(redeemed <= lane.cap, "lease {} redeemed {redeemed} of {}", lease.id, lane.cap);
    assert_eq!(lane.fees == 0, closed, "lease {}: a lane is out of use iff closed", lease.id);
    assert_eq!(lane.signer, lease.deal.consumer, "lease {}: the consumer signs", lease.id);
    Ok((redeemed, lane.cap))
}

fn balances(storage: &dyn Storage, asset: AssetId) -> (u128, u128) {
    let sub = asset_sub(asset);
    let (from, mut to) = (BALANCES.key(&sub, 0), BALANCES.key(&sub, u32::MAX));
    to.push(0);
    let mut sum = (0u128, 0u128);
    for (_, page) in storage.range(Some(&from), Some(&to), Order::Ascending) {
        for place in 0..BALANCES.per_page {
            let record = BalanceRecord::decode(BALANCES.slice(&page, place));
            sum = (sum.0.saturating_add(record.free), sum.1.saturating_add(record.ordered));
        }
    }
    sum
}
