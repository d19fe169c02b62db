//! Redeems packed vouchers, each judged alone.

use crate::{ContractError, clock::Clock, redemption};
use caplet_api::{event::Settled, packed::VoucherItem};
use caplet_base::peer::Registry;
use cosmwasm_std::{Addr, Api, Response, Storage};

/// Most vouchers in a message: more than fit a transaction through a default node.
const MAX_VOUCHERS: usize = 10_000;

/// Redeems what can be redeemed and reports every item in the order given.
pub(super) fn settle(
    storage: &mut dyn Storage,
    api: &dyn Api,
    registry: &mut Registry<'_>,
    clock: Clock,
    sender: &Addr,
    vouchers: &[u8],
) -> Result<Response, ContractError> {
    let items = VoucherItem::unpack(vouchers, MAX_VOUCHERS)?;
    if items.is_empty() {
        return Err(ContractError::Empty);
    }
    let keeper = registry.account(sender)?;
    let (outcomes, events) = redemption::redeem(storage, api, registry, clock, keeper, &items)?;
    let settled = Settled {
        keeper: keeper.unwrap_or_default().0,
        leases: items.iter().map(|item| item.voucher.lease.0).collect(),
        results: outcomes.iter().map(|outcome| outcome.result as u64).collect(),
        paid: outcomes.iter().map(|outcome| outcome.paid).collect(),
    };
    Ok(Response::new().add_event(settled).add_events(events))
}
