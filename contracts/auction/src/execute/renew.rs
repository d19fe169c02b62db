//! `Renew`: standing orders whose slot is over enter the book again.

use super::parties::Parties;
use super::{Context, admit, bounded, order_id, place};
use crate::book::{Book, Order, Waiting, standing};
use crate::{ContractError, OrderError, tables};
use caplet_api::event::OrdersEnded;
use caplet_protocol::{MarketId, OrderId, layout::Side};
use cosmwasm_std::{Response, StdError, Storage, Uint64};

/// Most orders in one message.
const MAX_ORDERS: usize = 100;

/// Places what was filled of standing orders anew: all or none. Those whose own end has passed only go.
///
/// The device signed once, for all slots until the end it set; the chain gives cell and reliability as of
/// now. Nobody gains by renewing for another, nobody loses either: money is locked as at placing.
pub(super) fn renew(
    storage: &mut dyn Storage,
    context: &Context<'_>,
    market: MarketId,
    side: Side,
    orders: &[Uint64],
) -> Result<Response, ContractError> {
    bounded("orders", orders.len(), MAX_ORDERS)?;
    let mut book = Book::open(storage, market, context.now)?;
    let mut parties = Parties::new(context);
    place::room(&book, orders.len())?;
    let (mut renewed, mut over) = (Vec::new(), Vec::new());
    for (index, number) in orders.iter().enumerate() {
        let id = order_id(*number)?;
        let waiting = take(storage, market, side, id)?;
        if waiting.order.is_over(context.now) {
            over.push(id.to_u64());
            continue;
        }
        let order = again(storage, &mut book, &mut parties, waiting)
            .map_err(|source| ContractError::Order { side, index, source })?;
        renewed.push(order);
    }
    place::enter(storage, &mut book, side, &renewed)?;
    if !over.is_empty() {
        let (market, side) = (market.0, side as u8);
        book.events
            .push(OrdersEnded { market, side, orders: over, expired: true, pending: false }.into());
    }
    book.close(storage, &context.peers, context.sender)
}

/// The waiting entry of an order, taken out.
fn take(
    storage: &mut dyn Storage,
    market: MarketId,
    side: Side,
    order: OrderId,
) -> Result<Waiting, ContractError> {
    let waiting = standing::get(storage, market, side, order)?;
    standing::remove(storage, market, side, order);
    waiting.ok_or(ContractError::NotStanding { side, order, market })
}

/// The order as it enters the book now; escrow is asked for its money.
fn again(
    storage: &mut dyn Storage,
    book: &mut Book,
    parties: &mut Parties<'_>,
    waiting: Waiting,
) -> Result<Order, OrderError> {
    let Waiting { order: before, due, group } = waiting;
    if book.now < u64::from(due) {
        return Err(OrderError::NotDue { due, now: book.now });
    }
    let trader = parties.trader(before.device)?;
    let bond = match before.side {
        Side::Offer => book.config.offer_bond,
        Side::Demand => book.config.order_bond,
    };
    let mut order = Order { epoch: book.state.collecting, bond: bond.u64(), ..before };
    match order.side {
        Side::Offer => {
            let (before, end) = (tables::class_of(&group)?, order.not_after.into());
            let class = admit::class_again(&book.config, &trader, before, end);
            order.group = book.classes(storage)?.enter(class)?.0.into();
            let allowed = parties.allowed(book, order.device)?;
            order.on_ledger = book.offer_capacity(storage, &order, allowed)?;
        }
        Side::Demand => {
            let mut vector = tables::vector_of(&group)?;
            if !book.config.trade_reduction {
                vector.cell = trader.record.cell();
            }
            order.group = book.enter_vector(storage, &vector)?.0;
        }
    }
    let lost = || StdError::msg("what a standing order locks exceeds 64 bits");
    let amount = book.may_lock(&order).ok_or_else(lost)?;
    book.lock(&order, amount, 0);
    Ok(order)
}
