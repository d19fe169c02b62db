//! What can be told of a voucher without its signature.

use crate::{
    ContractError,
    state::leases::{Leases, Slot},
};
use caplet_api::{escrow::ItemResult, packed::VoucherItem};
use caplet_protocol::DeviceId;
use cosmwasm_std::Storage;

/// An item before signatures are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Screened {
    /// It pays nothing, whoever signed it.
    Out(ItemResult),
    /// It would pay, or carries evidence for what was paid, if its signature holds.
    In { slot: Slot, signer: DeviceId },
}

/// Judges an item by its fields and its lane.
pub(super) fn screen(
    storage: &dyn Storage,
    leases: &mut Leases,
    item: &VoucherItem,
) -> Result<Screened, ContractError> {
    let voucher = &item.voucher;
    if !voucher.is_well_formed() {
        return Ok(Screened::Out(ItemResult::Malformed));
    }
    let Some(slot) = Slot::of(voucher.lease, voucher.lane) else {
        return Ok(Screened::Out(ItemResult::Unknown));
    };
    let lane = leases.lane(storage, slot)?;
    // a slot whose lane number is another is another lease's, or nobody's
    if lane.signer == 0 || u16::from(lane.lane) != voucher.lane.0 {
        return Ok(Screened::Out(ItemResult::Unknown));
    }
    if lane.fees == 0 {
        return Ok(Screened::Out(ItemResult::Closed));
    }
    if item.k > voucher.links {
        return Ok(Screened::Out(ItemResult::BadChain));
    }
    let redeemed = u128::from(leases.redeemed(storage, slot)?);
    let worth = voucher.worth(item.k);
    let evidence = voucher.evidence != [0; 32];
    if worth < redeemed || (worth == redeemed && !evidence) {
        return Ok(Screened::Out(ItemResult::Stale));
    }
    Ok(Screened::In { slot, signer: DeviceId(lane.signer) })
}
