//! What must hold of a pool's storage after every message; tests run it before and after each.

use crate::ContractError;
use crate::state::{leases, members, money};
use caplet_protocol::DeviceId;
use cosmwasm_std::Storage;
use std::collections::BTreeMap;

/// What the pool counts on in escrow.
#[derive(Debug, Default)]
pub struct Expected {
    /// Base units ordered as stake, by member.
    pub stakes: BTreeMap<DeviceId, u64>,
    /// Base units credited and not paid: the pool's free balance is at least that.
    pub owed: u64,
}

/// Checks the whole storage against itself; returns what escrow must hold.
///
/// # Errors
/// Storage that does not decode.
///
/// # Panics
/// With both sides, if an invariant does not hold.
pub fn check(storage: &dyn Storage) -> Result<Expected, ContractError> {
    let books = money::load(storage)?;
    let mut expected = Expected { owed: books.owed(), ..Expected::default() };
    assert!(books.paid <= books.credited, "paid {} of {}", books.paid, books.credited);
    let mut busy: BTreeMap<DeviceId, u32> = BTreeMap::new();
    for entry in leases::all(storage) {
        let (_, served) = entry?;
        let sum = busy.entry(served.member).or_default();
        *sum = sum.saturating_add(served.lots.into());
    }
    // in 2^-64 base units, so that nothing is rounded
    let (mut pending, mut shares) = (0u128, 0u64);
    for entry in members::range(storage, None) {
        let (device, member) = entry?;
        let serves = busy.remove(&device).unwrap_or(0);
        assert_eq!(u32::from(member.busy), serves, "member {device}: lots served");
        assert!(member.busy <= member.lots, "member {device} serves more than it committed");
        let counts: u64 = if member.counts() { member.lots.into() } else { 0 };
        assert_eq!(member.shares, counts, "member {device}: shares");
        assert!(member.active || !member.counts(), "member {device} earns before it counts");
        assert!(member.leaves.is_none() || !member.counts(), "member {device} leaves and earns");
        expected.stakes.insert(device, member.stake);
        let (earned, holder) = books.ready().settle(member.holder());
        let whole = wide(member.earned).saturating_add(wide(earned));
        pending = pending.saturating_add(whole).saturating_add(holder.fraction.into());
        shares = shares.saturating_add(member.shares);
    }
    assert!(busy.is_empty(), "leases served by nobody: {busy:?}");
    assert_eq!(books.ready().shares, shares, "shares, counted and found");
    // paid + pending + what the next distribution begins with = credited, to the last fraction: in whole units that
    // leaves less than one of dust a member, and less than one that waits
    let known = wide(books.paid).saturating_add(pending).saturating_add(books.ready().carry);
    assert_eq!(known, wide(books.credited), "known and credited, 2^-64 base units");
    Ok(expected)
}

/// Base units in 2^-64 base units.
fn wide(units: u64) -> u128 {
    u128::from(units) << 64
}
