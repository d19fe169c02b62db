//! Parts of messages, and what comes back.

use super::Outcome;
use caplet_api::escrow::{AssetInput, AssetKind, CloseInput, CloseReason, ItemResult};
use caplet_api::event::{LeasesOpened, Settled};
use caplet_api::layout::PLACED_BY_OWNER;
use caplet_api::packed::{LockItem, OpenItem};
use caplet_protocol::LeaseId;
use caplet_protocol::layout::Voucher;
use cosmwasm_std::{Addr, Event};

pub(crate) fn native(denom: &str, symbol: &str, decimals: u8) -> AssetInput {
    let kind = AssetKind::Native { denom: denom.into() };
    AssetInput { kind, symbol: symbol.into(), decimals }
}

pub(crate) fn cw20(address: &Addr, symbol: &str, decimals: u8) -> AssetInput {
    let kind = AssetKind::Cw20 { address: address.to_string() };
    AssetInput { kind, symbol: symbol.into(), decimals }
}

pub(crate) fn plain(lease: u64, amount: u128) -> Voucher {
    Voucher { lease: LeaseId(lease), amount, units: 1, ..Voucher::default() }
}

pub(crate) fn open_item(consumer: u32, provider: u32, price: u64, unlock: u64) -> OpenItem {
    OpenItem { consumer, provider, price, lots: 1, unlock, ..OpenItem::default() }
}

pub(crate) fn lock_item(device: u32, amount: u64) -> LockItem {
    LockItem { device, amount, ..LockItem::default() }
}

pub(crate) fn by_owner(item: LockItem) -> LockItem {
    LockItem { flags: PLACED_BY_OWNER, ..item }
}

pub(crate) fn unsigned(lease: u64, reason: CloseReason) -> CloseInput {
    CloseInput { lease: lease.into(), reason, signature: None }
}

/// Leases that the events say were opened.
pub(crate) fn opened(events: Vec<Event>) -> Vec<u64> {
    events.iter().find_map(|event| LeasesOpened::try_from(event).ok()).unwrap().leases
}

/// What the events say became of each voucher.
pub(crate) fn results(events: &[Event]) -> Vec<(ItemResult, u64)> {
    let settled = events.iter().find_map(|event| Settled::try_from(event).ok()).unwrap();
    let results = settled.results.iter().map(|r| ItemResult::from_u8(*r as u8).unwrap());
    results.zip(settled.paid).collect()
}

/// The events of a type, decoded.
pub(crate) fn events<T: for<'a> TryFrom<&'a Event>>(from: &[Event]) -> Vec<T> {
    from.iter().filter_map(|event| T::try_from(event).ok()).collect()
}

/// Asserts that a message was refused for this reason.
#[track_caller]
pub(crate) fn refused(outcome: Outcome, reason: &str) {
    let error = outcome.expect_err("the message should have been refused");
    assert!(error.contains(reason), "refused for another reason: {error}");
}
