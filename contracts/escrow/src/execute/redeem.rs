//! Redeems one voucher written out.

use super::settle::report;
use crate::{ContractError, clock::Clock, redemption};
use caplet_api::{
    escrow::{ItemResult, VoucherInput},
    packed::VoucherItem,
};
use caplet_base::peer::Registry;
use caplet_protocol::{LeaseId, layout::Voucher};
use cosmwasm_std::{Addr, Api, Binary, Response, Storage};

/// Redeems the voucher the way a batch does. One that is refused fails the message, since it is all
/// there is in it; one that pays nothing more passes, for it may carry evidence.
pub(super) fn redeem(
    storage: &mut dyn Storage,
    api: &dyn Api,
    registry: &mut Registry<'_>,
    clock: Clock,
    sender: &Addr,
    voucher: &VoucherInput,
) -> Result<Response, ContractError> {
    let item = item(voucher)?;
    let lease = item.voucher.lease;
    let keeper = registry.account(sender)?;
    let (items, proof) = ([item], redemption::Proof::Each);
    let done = redemption::redeem(storage, api, registry, clock, keeper, &items, proof)?;
    let Some(outcome) = done.0.first() else {
        return Err(ContractError::Broken("a voucher was judged by nobody"));
    };
    match outcome.result {
        ItemResult::Paid | ItemResult::Clamped | ItemResult::Stale => {}
        result => return Err(ContractError::NotRedeemed { lease, result }),
    }
    Ok(report(keeper, &items, done))
}

/// The same voucher as the packed form has it.
fn item(input: &VoucherInput) -> Result<VoucherItem, ContractError> {
    let mut voucher = Voucher {
        lease: LeaseId(input.lease.u64()),
        lane: input.lane,
        amount: input.amount.u128(),
        units: input.units.u64(),
        ..Voucher::default()
    };
    let (mut k, mut link) = (0, [0; 32]);
    if let Some(chain) = &input.chain {
        voucher.links = chain.links;
        voucher.link_units = chain.link_units;
        voucher.link_amount = chain.link_amount.u64();
        voucher.anchor = bytes("anchor", &chain.anchor)?;
        k = chain.k;
        if k != 0 {
            link = bytes("link", &chain.link)?;
        }
    }
    if let Some(evidence) = &input.evidence {
        voucher.evidence = bytes("evidence", evidence)?;
    }
    Ok(VoucherItem { voucher, k, link, signature: bytes("signature", &input.signature)? })
}

fn bytes<const N: usize>(field: &'static str, from: &Binary) -> Result<[u8; N], ContractError> {
    from.as_slice().try_into().map_err(|_| ContractError::BadField {
        field,
        found: from.len(),
        wanted: N,
    })
}
