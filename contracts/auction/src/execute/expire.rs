//! `Expire`: anybody clears away orders past their end, for a share of their bonds.

use super::{Context, bounded, order_id};
use crate::ContractError;
use crate::book::{Book, Order};
use crate::market;
use caplet_api::event::OrdersEnded;
use caplet_protocol::{MarketId, layout::Side};
use cosmwasm_std::{Response, Storage, Uint64};

/// Most orders in one message.
const MAX_ORDERS: usize = 100;

/// Ends orders past their end: all or none. A share of their bonds goes to the sender, the rest back.
pub(super) fn expire(
    storage: &mut dyn Storage,
    context: &Context<'_>,
    market: MarketId,
    side: Side,
    orders: &[Uint64],
) -> Result<Response, ContractError> {
    bounded("orders", orders.len(), MAX_ORDERS)?;
    let mut book = Book::open(storage, market, context.now)?;
    let mut ended = Vec::with_capacity(orders.len());
    for number in orders {
        let order = book.find(storage, side, order_id(*number)?)?;
        check(&book, &order)?;
        book.end(storage, &order)?;
        let sweep = sweep(&book, &order);
        let back = book.locked(&order)?.saturating_sub(sweep);
        book.unlock_forfeit(&order, back, sweep);
        ended.push(order.id.to_u64());
    }
    let (number, side) = (market.0, side as u8);
    book.events.push(
        OrdersEnded { market: number, side, orders: ended, expired: true, pending: false }.into(),
    );
    book.close(storage, &context.peers, context.sender)
}

/// What whoever clears an order away gets of its bond: a tenth for the work, all of it if the order was of
/// no use.
fn sweep(book: &Book, order: &Order) -> u64 {
    if book.was_of_use(order) { order.bond / 10 } else { order.bond }
}

/// Passes an order that is over and can be filled no more. One that was open when a book froze that
/// may still be cleared waits for that: whoever expires it loses nothing by calling again.
fn check(book: &Book, order: &Order) -> Result<(), ContractError> {
    let Order { side, id, not_after, .. } = *order;
    if !order.is_over(book.now) {
        return Err(ContractError::NotExpired { side, order: id, not_after, now: book.now });
    }
    if let Some(epoch) = book.frozen_in(order) {
        let until = market::ends(&book.state, book.config.epoch_secs, book.state.collecting);
        return Err(ContractError::InClearing { side, order: id, epoch, until });
    }
    Ok(())
}
