//! `Cancel`: devices take their orders back.

use super::authority::Authority;
use super::{Context, bounded, order_id};
use crate::book::{Book, Order, standing};
use crate::{ContractError, OrderError};
use caplet_api::auction::CancelInput;
use caplet_api::event::OrdersEnded;
use caplet_protocol::{
    MarketId,
    layout::{Cancel, Side},
};
use cosmwasm_std::{Response, StdResult, Storage};
use std::collections::BTreeMap;

/// Most orders in one message.
const MAX_ORDERS: usize = 100;

/// Takes orders back: all or none. Of an order in a frozen book that may still be cleared, what is in
/// that book stays fillable, and its money locked, until the epoch is over.
pub(super) fn cancel(
    storage: &mut dyn Storage,
    context: &Context<'_>,
    market: MarketId,
    orders: Vec<CancelInput>,
) -> Result<Response, ContractError> {
    bounded("orders", orders.len(), MAX_ORDERS)?;
    let mut book = Book::open(storage, market, context.now)?;
    let mut authority = Authority::new(storage, context)?;
    // maps (side, pending) to the orders that ended so
    let mut ended: BTreeMap<(Side, bool), Vec<u64>> = BTreeMap::new();
    for (index, CancelInput { side, order, signature }) in orders.into_iter().enumerate() {
        let id = order_id(order)?;
        let waiting = standing::get(storage, market, side, id)?.map(|waiting| waiting.order);
        let open = match (book.find(storage, side, id), waiting) {
            (Err(ContractError::UnknownOrder { .. }), Some(_)) => None,
            (found, _) => Some(found?),
        };
        let Some(order) = open.or(waiting) else { continue }; // one of both is there
        ask(&mut authority, market, index, &order, signature.map(Into::into))
            .map_err(|source| ContractError::Order { side, index, source })?;
        // a standing order that is taken back is not renewed
        standing::remove(storage, market, side, id);
        let pending = match open {
            Some(order) => end(storage, &mut book, &order)?,
            None => false,
        };
        ended.entry((side, pending)).or_default().push(order.id.to_u64());
    }
    authority.verify()?;
    for ((side, pending), orders) in ended {
        let (market, side) = (market.0, side as u8);
        book.events.push(OrdersEnded { market, side, orders, expired: false, pending }.into());
    }
    book.close(storage, &context.peers, context.sender)
}

/// Ends an order; whether it is only pending.
fn end(storage: &mut dyn Storage, book: &mut Book, order: &Order) -> StdResult<bool> {
    if let Some(epoch) = book.frozen_in(order) {
        book.end_pending(storage, epoch, order)?;
        return Ok(true);
    }
    book.end(storage, order)?;
    book.unlock_cancelled(order)?;
    Ok(false)
}

/// The device may be suspended, frozen or retired: its money is not.
fn ask(
    authority: &mut Authority<'_>,
    market: MarketId,
    index: usize,
    order: &Order,
    signature: Option<Vec<u8>>,
) -> Result<(), OrderError> {
    let Order { side, id, device, .. } = *order;
    authority.ask((side, index), device, signature, |domain| {
        Cancel { device, market, side, order: id }.preimage(domain).to_vec()
    })
}
