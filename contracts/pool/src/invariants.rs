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
    let (mut pending, mut shares, mut count) = (0u64, 0u64, 0u64);
    for entry in members::range(storage, None) {
        let (device, member) = entry?;
        let serves = busy.remove(&device).unwrap_or(0);
        assert_eq!(u32::from(member.busy), serves, "member {device}: lots served");
        assert!(member.busy <= member.lots, "member {device} serves more than it committed");
        assert!(member.active || member.shares == 0, "member {device} earns before it counts");
        expected.stakes.insert(device, member.stake);
        let earned = books.ready().settle(member.holder()).0;
        pending = pending.saturating_add(member.earned).saturating_add(earned);
        shares = shares.saturating_add(member.shares);
        count = count.saturating_add(1);
    }
    assert!(busy.is_empty(), "leases served by nobody: {busy:?}");
    assert_eq!(books.ready().shares, shares, "shares, counted and found");
    // paid + pending + dust = received, with less than a unit of dust a member and what waits for the first
    let waits = u64::try_from(books.ready().carry >> 64).unwrap_or(u64::MAX);
    let known = books.paid.saturating_add(pending).saturating_add(waits);
    assert!(known <= books.credited, "{known} known of {} credited", books.credited);
    Ok(expected)
}
