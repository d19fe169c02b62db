//! Orders of the plainest kind, vouchers, and what messages say when they went through.

use crate::parties::device_key;
use caplet_api::auction::{DemandInput, MAX_PAGE, OfferInput};
use caplet_api::escrow::VoucherInput;
use caplet_api::event::OrdersPlaced;
use caplet_protocol::layout::{OrderFlags, Voucher};
use caplet_protocol::{DeviceId, Domain, Lane, LeaseId, Lots};
use cosmwasm_std::Event;

/// The first event of a kind.
///
/// # Panics
/// If there is none.
#[must_use]
pub fn find<'a, T: TryFrom<&'a Event>>(events: &'a [Event]) -> T {
    events.iter().find_map(|event| T::try_from(event).ok()).unwrap()
}

/// The number of the order that was placed, the first of its page.
#[must_use]
pub fn number(events: &[Event]) -> u64 {
    u64::from(find::<OrdersPlaced>(events).page) * MAX_PAGE as u64
}

/// An offer of instant lots that promises nothing, unsigned.
#[must_use]
pub fn offer(
    device: DeviceId,
    sequence: u32,
    ask: u64,
    instant: u16,
    not_after: u64,
) -> OfferInput {
    OfferInput {
        device,
        sequence,
        latency: 0,
        throughput: 0,
        accuracy: 0,
        flags: OrderFlags(0),
        tags: 0,
        ask: ask.into(),
        batch: Lots(0),
        instant: Lots(instant),
        not_after: not_after.into(),
        relay_fee: 0u64.into(),
        signature: None,
    }
}

/// A demand that asks for nothing but lots, unsigned.
#[must_use]
pub fn demand(
    device: DeviceId,
    sequence: u32,
    limit: u64,
    lots: u16,
    not_after: u64,
) -> DemandInput {
    DemandInput {
        device,
        sequence,
        latency: 0,
        throughput: 0,
        accuracy: 0,
        reliability: 0,
        flags: OrderFlags(0),
        tags: 0,
        rho: 0,
        lambda: 0,
        limit: limit.into(),
        lots: Lots(lots),
        not_after: not_after.into(),
        relay_fee: 0u64.into(),
        signature: None,
    }
}

/// What a device signs for so much of a lease with one lane: cumulative, without a chain of links.
#[must_use]
pub fn voucher(escrow: &Domain, device: DeviceId, lease: u64, amount: u64) -> VoucherInput {
    let voucher = Voucher { lease: LeaseId(lease), amount: amount.into(), ..Voucher::default() };
    let signature = device_key(device).sign(&voucher.preimage(escrow));
    VoucherInput {
        lease: lease.into(),
        lane: Lane(0),
        amount: u128::from(amount).into(),
        units: 0u64.into(),
        chain: None,
        evidence: None,
        signature: signature.into(),
    }
}
