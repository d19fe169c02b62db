//! `Place`, and the common part of `Relay`: orders enter the book, money is locked for demands.

use super::authority::Authority;
use super::brought::{self, Brought};
use super::{Context, admit};
use crate::book::{Book, Order, Sequences};
use crate::{ContractError, OrderError};
use caplet_api::auction::{DemandInput, MAX_PAGE, OfferInput};
use caplet_api::event::OrdersPlaced;
use caplet_protocol::{
    MarketId,
    layout::{Demand, Offer, Side},
};
use cosmwasm_std::{Response, Storage};

/// Places orders written out.
pub(super) fn written_out(
    storage: &mut dyn Storage,
    context: &Context<'_>,
    market: MarketId,
    offers: Vec<OfferInput>,
    demands: Vec<DemandInput>,
) -> Result<Response, ContractError> {
    let offers = offers.into_iter().map(|input| brought::offer(market, input)).collect();
    let demands = demands.into_iter().map(|input| brought::demand(market, input)).collect();
    place(storage, context, market, offers, demands)
}

/// Places orders: all or none.
pub(super) fn place(
    storage: &mut dyn Storage,
    context: &Context<'_>,
    market: MarketId,
    offers: Vec<Brought<Offer>>,
    demands: Vec<Brought<Demand>>,
) -> Result<Response, ContractError> {
    let mut placing = Placing {
        book: Book::open(storage, market, context.now)?,
        authority: Authority::new(storage, context)?,
        sequences: Sequences::new(),
    };
    placing.room(offers.len(), demands.len())?;
    let offers = placing.each(Side::Offer, offers, |p, i, o| p.offer(storage, i, o))?;
    let demands = placing.each(Side::Demand, demands, |p, i, d| p.demand(storage, i, d))?;
    placing.authority.verify()?;
    placing.sequences.flush(storage);
    let mut book = placing.book;
    enter(storage, &mut book, Side::Offer, &offers)?;
    enter(storage, &mut book, Side::Demand, &demands)?;
    book.close(storage, &context.peers, context.sender)
}

/// A placing message under way.
struct Placing<'a> {
    book: Book,
    authority: Authority<'a>,
    sequences: Sequences,
}

impl Placing<'_> {
    /// Passes if so many orders fit a message and the book.
    fn room(&self, offers: usize, demands: usize) -> Result<(), ContractError> {
        for count in [offers, demands] {
            if count > MAX_PAGE {
                return Err(ContractError::Count {
                    what: "orders of a side",
                    count,
                    most: MAX_PAGE,
                });
            }
        }
        let placing = offers.saturating_add(demands);
        if placing == 0 {
            return Err(ContractError::Count { what: "orders", count: 0, most: MAX_PAGE });
        }
        room(&self.book, placing)
    }

    /// Admits each order of a side; an error names the first that is not.
    fn each<T>(
        &mut self,
        side: Side,
        orders: Vec<Brought<T>>,
        mut admit: impl FnMut(&mut Self, usize, Brought<T>) -> Result<Order, OrderError>,
    ) -> Result<Vec<Order>, ContractError> {
        let admitted = orders.into_iter().enumerate().map(|(index, order)| {
            admit(self, index, order).map_err(|source| ContractError::Order { side, index, source })
        });
        admitted.collect()
    }

    fn offer(
        &mut self,
        storage: &mut dyn Storage,
        index: usize,
        brought: Brought<Offer>,
    ) -> Result<Order, OrderError> {
        let Brought { order: offer, signature } = brought;
        self.market(offer.market)?;
        let by_owner = signature.is_none();
        let mut order = admit::offer(&self.book, &offer, by_owner)?;
        let trader = self.authority.parties.trader(offer.device)?;
        self.sequences.advance(storage, offer.device, offer.sequence)?;
        self.authority.ask((Side::Offer, index), offer.device, signature, |domain| {
            offer.preimage(domain).to_vec()
        })?;
        let class = admit::class_of(&self.book.config, &trader, &offer)?;
        order.group = self.book.classes(storage)?.enter(class)?.0.into();
        let allowed = self.authority.parties.allowed(&self.book, offer.device)?;
        order.on_ledger = self.book.offer_capacity(storage, &order, allowed)?;
        let amount = self.book.locked(&order)?;
        self.book.lock(&order, amount, offer.relay_fee);
        Ok(order)
    }

    fn demand(
        &mut self,
        storage: &mut dyn Storage,
        index: usize,
        brought: Brought<Demand>,
    ) -> Result<Order, OrderError> {
        let Brought { order: demand, signature } = brought;
        self.market(demand.market)?;
        let by_owner = signature.is_none();
        let mut order = admit::demand(&self.book, &demand, by_owner)?;
        let trader = self.authority.parties.trader(demand.device)?;
        self.sequences.advance(storage, demand.device, demand.sequence)?;
        self.authority.ask((Side::Demand, index), demand.device, signature, |domain| {
            demand.preimage(domain).to_vec()
        })?;
        let vector = admit::vector_of(&self.book.config, &trader, &demand)?;
        order.group = self.book.enter_vector(storage, &vector)?.0;
        let amount = self.book.locked(&order)?;
        self.book.lock(&order, amount, demand.relay_fee);
        Ok(order)
    }

    fn market(&self, signed: MarketId) -> Result<(), OrderError> {
        let market = self.book.market;
        if signed == market { Ok(()) } else { Err(OrderError::OtherMarket { signed, market }) }
    }
}

/// Passes if the book has room for so many more orders.
pub(super) fn room(book: &Book, placing: usize) -> Result<(), ContractError> {
    let (open, most) = (book.state.open_orders, book.config.max_orders);
    let after = u32::try_from(placing).ok().and_then(|placing| open.checked_add(placing));
    if after.is_some_and(|after| after <= most) {
        return Ok(());
    }
    Err(ContractError::Full { market: book.market, open, placing, most })
}

/// Writes the page of a side and counts its orders.
pub(super) fn enter(
    storage: &mut dyn Storage,
    book: &mut Book,
    side: Side,
    orders: &[Order],
) -> Result<(), ContractError> {
    enter_of(storage, book, side, book.state.collecting, orders)
}

/// Writes a page of orders that were placed in an epoch, this one or an earlier, and counts them.
pub(super) fn enter_of(
    storage: &mut dyn Storage,
    book: &mut Book,
    side: Side,
    epoch: u32,
    orders: &[Order],
) -> Result<(), ContractError> {
    let Ok(count @ 1..) = u32::try_from(orders.len()) else { return Ok(()) };
    let page = book.state.next_page(side)?;
    let bond = orders.first().map_or(0, |order| order.bond);
    book.pages(side).write(storage, page, epoch, bond, orders)?;
    book.state.open_orders = book.state.open_orders.saturating_add(count);
    let market = book.market.0;
    book.events.push(OrdersPlaced { market, side: side as u8, page, count, epoch }.into());
    Ok(())
}
