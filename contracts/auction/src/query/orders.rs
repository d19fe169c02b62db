//! Orders. A cancelled order that the frozen book may still fill counts as open, since a solver must
//! know it; what it keeps is its batch lots.

use crate::ContractError;
use crate::book::{Book, Order, Waiting, pending, standing};
use crate::execute::order_id;
use crate::market;
use caplet_api::auction::{OrderResponse, OrdersResponse, StandingResponse, StandingsResponse};
use caplet_base::cursor;
use caplet_protocol::{ClassSlot, Lots, MarketId, OrderId, layout::Side};
use cosmwasm_std::{StdError, StdResult, Storage, Uint64};
use std::collections::BTreeMap;

/// One order. Of a done one whose page is still there, what it was; of a cancelled one whose money has not
/// returned yet, what is locked.
pub(super) fn one(
    storage: &dyn Storage,
    market: MarketId,
    now: u64,
    side: Side,
    order: Uint64,
) -> Result<OrderResponse, ContractError> {
    let mut book = Book::open(storage, market, now)?;
    let id = order_id(order)?;
    if let Some((epoch, entry)) = logged(storage, &book, side, id)? {
        let open = book.state.clearable == Some(epoch);
        return Ok(answer(storage, &mut book, &entry, open)?);
    }
    let page = book.pages(side).get(storage, id.page)?;
    let found = page.map(|page| page.order(id.slot)).transpose()?.flatten();
    let found = found.ok_or(ContractError::UnknownOrder { side, order: id, market })?;
    Ok(answer(storage, &mut book, &found, !found.left.is_none())?)
}

/// The pending entry of an order: of the clearable epoch, or of an earlier one whose money is due.
fn logged(
    storage: &dyn Storage,
    book: &Book,
    side: Side,
    id: OrderId,
) -> StdResult<Option<(u32, Order)>> {
    // an order is cancelled once; the log is no longer than the book
    pending::all(storage, book.market)
        .find(|entry| matches!(entry, Ok((_, order)) if order.side == side && order.id == id))
        .transpose()
}

/// Open orders of a side by number.
pub(super) fn list(
    storage: &dyn Storage,
    market: MarketId,
    now: u64,
    side: Side,
    start_after: Option<Uint64>,
    limit: Option<u32>,
) -> Result<OrdersResponse, ContractError> {
    let mut book = Book::open(storage, market, now)?;
    let after = start_after.map(order_id).transpose()?;
    let limit = cursor::limit(limit);
    let mut open = BTreeMap::new();
    if let Some(epoch) = book.state.clearable {
        for order in pending::of(storage, market, epoch, side, after).take(limit) {
            let order = order?;
            open.insert(order.id, order);
        }
    }
    for order in book.standing(storage, side, after).take(limit) {
        let order = order?;
        open.insert(order.id, order);
    }
    let shown = open.values().take(limit);
    let orders = shown.map(|order| answer(storage, &mut book, order, true));
    Ok(OrdersResponse { orders: orders.collect::<StdResult<_>>()? })
}

/// Standing orders of a side that wait for their slot to end, by number.
pub(super) fn standing(
    storage: &dyn Storage,
    market: MarketId,
    side: Side,
    start_after: Option<Uint64>,
    limit: Option<u32>,
) -> Result<StandingsResponse, ContractError> {
    market::config(storage, market)?; // that it exists
    let after = start_after.map(order_id).transpose()?;
    let waiting = standing::list(storage, market, side, after).take(cursor::limit(limit));
    let shown = waiting.map(|waiting| {
        waiting.map(|Waiting { order, due, .. }| StandingResponse {
            order: order.id.to_u64().into(),
            device: order.device,
            // at most what the order had, but for two lanes that a page tells apart
            lots: Lots(order.left.batch.saturating_add(order.left.instant)),
            due: u64::from(due).into(),
            not_after: u64::from(order.not_after).into(),
        })
    });
    Ok(StandingsResponse { orders: shown.collect::<StdResult<_>>()? })
}

/// What the instant lane asks for a lot of an offer now; `None` if it has no lots there.
fn posted(storage: &dyn Storage, book: &mut Book, order: &Order) -> StdResult<Option<Uint64>> {
    if order.left.instant == 0 {
        return Ok(None);
    }
    let slot = u8::try_from(order.group).ok();
    let classes = book.classes(storage)?;
    let class = slot.and_then(|slot| classes.get(slot));
    let tier = class.ok_or_else(|| StdError::msg("an open offer's class is gone"))?.reliability;
    let ask = book.price(order.tick);
    Ok(Some(market::posted(&book.config, &book.state, ask, tier).into()))
}

fn answer(
    storage: &dyn Storage,
    book: &mut Book,
    order: &Order,
    open: bool,
) -> StdResult<OrderResponse> {
    let posted = posted(storage, book, order)?;
    let class = || u8::try_from(order.group).map(ClassSlot);
    let offer = order.side == Side::Offer;
    let class = offer.then(class).transpose();
    Ok(OrderResponse {
        order: order.id.to_u64().into(),
        side: order.side,
        device: order.device,
        price: book.price(order.tick).into(),
        lots: Lots(order.left.batch),
        instant: Lots(order.left.instant),
        posted,
        class: class.map_err(|_| StdError::msg("an offer's class is out of range"))?,
        vector: (!offer).then_some(order.group),
        flags: order.flags,
        not_after: order.not_after.into(),
        epoch: order.epoch,
        locked: book.locked(order)?.into(),
        open,
    })
}
