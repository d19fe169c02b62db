//! `Reclass`: anybody brings open orders in line with what the chain says of their devices now.
//!
//! Classes are snapped when an order is placed, and a clearing is proven against the book as it froze. So a change of
//! tier reaches open offers between two books: once the frozen one is cleared, and before the next freezes.

use super::parties::{Parties, Trader};
use super::{Context, admit, bounded, order_id, place};
use crate::book::{Book, Order};
use crate::market;
use crate::{ContractError, OrderError};
use caplet_api::event::{OffersMoved, OrdersEnded};
use caplet_protocol::{MarketId, OrderId, layout::Side};
use cosmwasm_std::{Response, StdError, StdResult, Storage, Uint64};

/// Most orders in one message.
const MAX_ORDERS: usize = 100;

/// What becomes of an order.
enum Fate {
    /// It is as it should be.
    Stays,
    /// Its device trades no more, or no class is left that it may be in.
    Ends,
    /// It is in this class from now on.
    Moves(Order),
}

/// What a message changes.
#[derive(Default)]
struct Changes {
    ended: Vec<u64>,
    pending: Vec<u64>,
    moved: Vec<(OrderId, Order)>,
}

/// Ends orders of devices that trade no more, and moves offers whose class is another by now.
pub(super) fn reclass(
    storage: &mut dyn Storage,
    context: &Context<'_>,
    market: MarketId,
    side: Side,
    orders: &[Uint64],
) -> Result<Response, ContractError> {
    bounded("orders", orders.len(), MAX_ORDERS)?;
    let mut book = Book::open(storage, market, context.now)?;
    let mut parties = Parties::new(context);
    let mut changes = Changes::default();
    for number in orders {
        // one that is gone is no mistake of the sender: somebody was faster
        let order = match book.find(storage, side, order_id(*number)?) {
            Ok(order) if !order.is_over(context.now) => order,
            Ok(_) | Err(ContractError::UnknownOrder { .. }) => continue,
            Err(error) => return Err(error),
        };
        match fate(storage, &mut book, &mut parties, &order)? {
            Fate::Stays => {}
            Fate::Ends => end(storage, &mut book, &order, &mut changes)?,
            Fate::Moves(now) => {
                book.pages(side).held(storage, order.id.page)?.end(order.id.slot);
                book.leave(storage, &order)?;
                changes.moved.push((order.id, now));
            }
        }
    }
    if changes.ended.is_empty() && changes.pending.is_empty() && changes.moved.is_empty() {
        return Err(ContractError::NothingToReclass { market, side });
    }
    tell(&mut book, side, &changes);
    enter(storage, &mut book, changes.moved)?;
    book.close(storage, &context.peers, context.sender)
}

/// What becomes of an open order.
fn fate(
    storage: &mut dyn Storage,
    book: &mut Book,
    parties: &mut Parties<'_>,
    order: &Order,
) -> Result<Fate, ContractError> {
    let trader = match parties.trader(order.device) {
        Ok(trader) => trader,
        Err(OrderError::Std(error)) => return Err(error.into()),
        Err(_) => return Ok(Fate::Ends),
    };
    if order.side == Side::Demand {
        return Ok(Fate::Stays); // what it requires is its own
    }
    let fate = snapped(storage, book, &trader, order)?;
    if let (Fate::Moves(_), Some(epoch)) = (&fate, book.frozen_in(order)) {
        let until = market::ends(&book.state, book.config.epoch_secs, book.state.collecting);
        let Order { side, id, .. } = *order;
        return Err(ContractError::InClearing { side, order: id, epoch, until });
    }
    Ok(fate)
}

/// The class that an offer would snap to if it were placed now; it is counted there if it is another.
fn snapped(
    storage: &dyn Storage,
    book: &mut Book,
    trader: &Trader,
    order: &Order,
) -> Result<Fate, ContractError> {
    let slot = u8::try_from(order.group).ok();
    let lost = || StdError::msg("an open offer's class is gone");
    let slot = slot.ok_or_else(lost)?;
    let before = book.classes(storage)?.get(slot).ok_or_else(lost)?;
    let class = admit::class_again(&book.config, trader, before, order.not_after.into());
    if class == before {
        return Ok(Fate::Stays);
    }
    let classes = book.classes(storage)?;
    let group = match classes.enter(class) {
        Ok(entered) => entered.0,
        Err(OrderError::NoClass) => return Ok(Fate::Ends),
        Err(OrderError::Std(error)) => return Err(error.into()),
        Err(source) => {
            let (side, index) = (order.side, 0);
            return Err(ContractError::Order { side, index, source });
        }
    };
    if group == slot {
        // all slots are in use, and its own is still the best of those below its class
        classes.leave(group)?;
        return Ok(Fate::Stays);
    }
    Ok(Fate::Moves(Order { group: group.into(), ..*order }))
}

/// Ends an order with its bond back; if a clearing may still count it, when that is through.
fn end(
    storage: &mut dyn Storage,
    book: &mut Book,
    order: &Order,
    changes: &mut Changes,
) -> StdResult<()> {
    match book.frozen_in(order) {
        Some(epoch) => {
            book.end_pending(storage, epoch, order)?;
            changes.pending.push(order.id.to_u64());
        }
        None => {
            book.end(storage, order)?;
            book.unlock(order, book.locked(order)?);
            changes.ended.push(order.id.to_u64());
        }
    }
    Ok(())
}

fn tell(book: &mut Book, side: Side, changes: &Changes) {
    let (market, side) = (book.market.0, side as u8);
    for (orders, pending) in [(&changes.ended, false), (&changes.pending, true)] {
        if !orders.is_empty() {
            let orders = orders.clone();
            book.events.push(OrdersEnded { market, side, orders, expired: false, pending }.into());
        }
    }
    if !changes.moved.is_empty() {
        let orders = changes.moved.iter().map(|(id, _)| id.to_u64()).collect();
        let page = book.state.offer_pages;
        book.events.push(OffersMoved { market, orders, page }.into());
    }
}

/// Offers that moved enter the book again, with their money and their lots on the ledger as they are. A page has one
/// epoch: that of the youngest of them, so that what was of use stays so.
fn enter(
    storage: &mut dyn Storage,
    book: &mut Book,
    moved: Vec<(OrderId, Order)>,
) -> Result<(), ContractError> {
    let Some(epoch) = moved.iter().map(|(_, order)| order.epoch).max() else { return Ok(()) };
    let orders: Vec<Order> = moved.into_iter().map(|(_, order)| order).collect();
    place::enter_of(storage, book, Side::Offer, epoch, &orders)
}
