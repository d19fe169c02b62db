//! The manager's offers. The capacity ledger bounds them by what the members can do without their spares.

use super::Work;
use crate::ContractError;
use crate::state::config::within;
use caplet_api::auction::{CancelInput, ExecuteMsg, OfferInput};

/// Places offers as the owner of the pool's device, out of what members can do now: of what those that leave, or cannot
/// serve, did nothing new is sold. A relay fee would be the members' money.
pub(super) fn offer(
    work: &mut Work<'_, '_>,
    mut offers: Vec<OfferInput>,
) -> Result<(), ContractError> {
    let device = work.bound()?;
    for offer in &mut offers {
        within("relay fee", offer.relay_fee.u64(), 0, 0)?;
        (offer.device, offer.signature) = (device, None);
    }
    // off the ledger nothing would bound them
    if work.ease()?.lots == 0 {
        return Err(ContractError::NothingToSell { spares: work.context.config.rules.spares });
    }
    let market = work.context.config.market;
    Ok(work.tell_auction(&ExecuteMsg::Place { market, offers, demands: Vec::new() })?)
}

/// Takes offers back.
pub(super) fn cancel(
    work: &mut Work<'_, '_>,
    mut orders: Vec<CancelInput>,
) -> Result<(), ContractError> {
    work.bound()?;
    for order in &mut orders {
        order.signature = None;
    }
    let market = work.context.config.market;
    Ok(work.tell_auction(&ExecuteMsg::Cancel { market, orders })?)
}
