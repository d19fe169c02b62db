//! Redeems packed vouchers, each judged alone.

use crate::{
    ContractError,
    clock::Clock,
    redemption::{self, Outcome},
};
use caplet_api::{event::Settled, packed::VoucherItem};
use caplet_base::peer::Registry;
use caplet_protocol::AccountId;
use cosmwasm_std::{Addr, Api, Event, Response, Storage};

/// Most vouchers in a message: more than fit a transaction through a default node.
pub(super) const MAX_VOUCHERS: usize = 10_000;

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
    let proof = redemption::Proof::Each;
    let done = redemption::redeem(storage, api, registry, clock, keeper, &items, proof)?;
    Ok(report(keeper, &items, done))
}

/// What became of every item, in the order given, and of the leases.
pub(super) fn report(
    keeper: Option<AccountId>,
    items: &[VoucherItem],
    (outcomes, events): (Vec<Outcome>, Vec<Event>),
) -> Response {
    let settled = Settled {
        keeper: keeper.unwrap_or_default().0,
        leases: items.iter().map(|item| item.voucher.lease.0).collect(),
        results: outcomes.iter().map(|outcome| outcome.result as u64).collect(),
        paid: outcomes.iter().map(|outcome| outcome.paid).collect(),
    };
    Response::new().add_event(settled).add_events(events)
}
