//! The manager's offers. The capacity ledger bounds them by what the members can do without their spares.

use super::Work;
use crate::ContractError;
use crate::state::config::within;
use crate::state::promises;
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
    let mut declared = work.ready_to_sell()?;
    if declared.lots > declared.sellable && promises::end(work.storage)? > 0 {
        let last = offers.iter().map(|offer| offer.not_after.u64()).max().unwrap_or(0);
        let until = declared.ledger.stretch(work.context.reach(last)?);
        let slots = declared.ledger.current()..declared.ledger.after(until);
        declared.fits(&slots, offers.iter().fold(0, lots))?;
    }
    let market = work.context.config.market;
    Ok(work.tell_auction(&ExecuteMsg::Place { market, offers, demands: Vec::new() })?)
}

/// Lots of one more offer.
fn lots(sum: u32, offer: &OfferInput) -> u32 {
    sum.saturating_add(offer.batch.0.into()).saturating_add(offer.instant.0.into())
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
