//! The manager's series of futures: what the members deliver, with the manager's money behind it.

use super::Work;
use crate::ContractError;
use crate::state::config::within;
use crate::state::promises;
use caplet_api::futures::{ExecuteMsg, IssueInput};
use caplet_api::pool::MAX_AHEAD;
use caplet_protocol::DeviceId;
use cosmwasm_std::Addr;

/// Issues a series of the pool's device out of what members can do now, in every slot of it. The collateral is ordered
/// in the sender's account and never in the pool's, so it neither comes from the members nor is shared by them, and the
/// futures contract takes what a default costs from there.
///
/// Any address may be named as the futures contract: one that the auction does not let reserve, or escrow open leases,
/// sells nothing of the pool.
pub(super) fn issue(
    work: &mut Work<'_, '_>,
    futures: &Addr,
    mut series: IssueInput,
    backer: DeviceId,
) -> Result<(), ContractError> {
    let device = work.bound()?;
    // a manager of before has approved the pool too, perhaps
    work.context.own(backer)?;
    (series.device, series.market) = (device, work.context.config.market);
    let mut declared = work.ready_to_sell()?;
    let end = series.first_slot.saturating_add(series.slots.into());
    let ahead = end.saturating_sub(declared.ledger.current());
    within("slots ahead", ahead.into(), 1, MAX_AHEAD.into())?;
    work.context.source(device).extend(&mut declared.ledger, end)?;
    declared.fits(&(series.first_slot..end), series.lots.0.into())?;
    promises::reach(work.storage, end)?;
    Ok(work.call(futures, &ExecuteMsg::IssueBacked { series, backer })?)
}
