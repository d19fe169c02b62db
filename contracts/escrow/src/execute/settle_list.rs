//! Redeems a list that one device signed for many payees.

use super::settle::{MAX_VOUCHERS, report};
use crate::{ContractError, clock::Clock, redemption};
use caplet_api::packed::{ListEntry, VoucherItem};
use caplet_base::peer::Registry;
use caplet_protocol::{DeviceId, layout::VoucherList};
use cosmwasm_std::{Addr, Api, Response, Storage};

/// Redeems what can be redeemed and reports every entry in the order given. One signature stands for
/// all of them; an entry of a lane that another device signs for pays nothing.
pub(super) fn settle_list(
    storage: &mut dyn Storage,
    api: &dyn Api,
    registry: &mut Registry<'_>,
    clock: Clock,
    sender: &Addr,
    (signer, entries, signature): (DeviceId, &[u8], &[u8]),
) -> Result<Response, ContractError> {
    let unpacked = ListEntry::unpack(entries, MAX_VOUCHERS)?;
    if unpacked.is_empty() {
        return Err(ContractError::Empty);
    }
    let count = u32::try_from(unpacked.len()).unwrap_or(u32::MAX);
    let list = VoucherList::of(signer, count, entries);
    let items: Vec<VoucherItem> = unpacked
        .iter()
        .map(|entry| VoucherItem {
            voucher: entry.voucher(),
            k: 0,
            link: [0; 32],
            signature: [0; 64],
        })
        .collect();
    let proof = redemption::Proof::List { list, signature };
    let keeper = registry.account(sender)?;
    let done = redemption::redeem(storage, api, registry, clock, keeper, &items, proof)?;
    Ok(report(keeper, &items, done))
}
