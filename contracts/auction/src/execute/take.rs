//! `Take`, the instant lane: one offer's posted price, now, without a batch.

use super::authority::Authority;
use super::brought::{self, Brought};
use super::parties::{Parties, Trader};
use super::{Context, admit};
use crate::book::{Book, Lanes, Order, Sequences};
use crate::{ContractError, OrderError, TakeError, market, tables};
use caplet_api::auction::DemandInput;
use caplet_api::event::OfferTaken;
use caplet_api::packed::{INSTANT, OpenItem, TopUpItem};
use caplet_protocol::{
    MarketId, OrderId,
    layout::{Demand, Side},
};
use cosmwasm_std::{Response, StdError, Storage};

/// Takes an offer's posted price for a demand that never enters the book. All its lots, or nothing; for a lease of their
/// own, or added to a running one.
pub(super) fn take(
    storage: &mut dyn Storage,
    context: &Context<'_>,
    market: MarketId,
    offer: OrderId,
    input: DemandInput,
    lease: Option<u64>,
) -> Result<Response, ContractError> {
    let Brought { order: demand, signature } = brought::demand(market, input);
    let mut book = Book::open(storage, market, context.now)?;
    let mut authority = Authority::new(storage, context)?;
    let by_owner = signature.is_none();
    let (order, taker) = admit(storage, &book, &mut authority.parties, &demand, by_owner)
        .and_then(|admitted| {
            let place = (Side::Demand, 0);
            authority.ask(place, demand.device, signature, |d| demand.preimage(d).to_vec())?;
            Ok(admitted)
        })
        .map_err(wrong)?;
    authority.verify()?;
    let posted = book.find(storage, Side::Offer, offer)?;
    let refuse = |source| ContractError::Take { offer, source };
    available(&book, &posted, &demand).map_err(refuse)?;
    strangers(&mut authority.parties, &posted, &taker, &demand)?;
    forgiven(&authority.parties, book.now, &posted, &demand)?;
    let price = within_limit(storage, &mut book, &posted, &taker, &demand)?;
    let lots = demand.lots.0;
    if book.take(storage, &posted, Lanes { batch: 0, instant: lots })? {
        book.unlock(&posted, posted.bond);
    }
    match lease {
        None => open(&mut book, &posted, &order, price, demand.relay_fee)?,
        Some(lease) => add(&mut book, &posted, &order, price, &demand, lease).map_err(refuse)?,
    }
    book.events.push(
        OfferTaken {
            market: market.0,
            offer: offer.to_u64(),
            consumer: demand.device.0,
            lots,
            price,
        }
        .into(),
    );
    book.close(storage, &context.peers, context.sender)
}

/// What is wrong with the demand itself.
const fn wrong(source: OrderError) -> ContractError {
    ContractError::Order { side: Side::Demand, index: 0, source }
}

/// The demand as an order, and who takes; its sequence is used.
fn admit(
    storage: &mut dyn Storage,
    book: &Book,
    parties: &mut Parties<'_>,
    demand: &Demand,
    by_owner: bool,
) -> Result<(Order, Trader), OrderError> {
    let order = admit::demand(book, demand, by_owner)?;
    let taker = parties.trader(demand.device)?;
    let mut sequences = Sequences::new();
    sequences.advance(storage, demand.device, demand.sequence)?;
    sequences.flush(storage);
    Ok((order, taker))
}

/// Passes an offer that still holds and has the lots.
fn available(book: &Book, posted: &Order, demand: &Demand) -> Result<(), TakeError> {
    if posted.is_over(book.now) {
        return Err(TakeError::Over { not_after: posted.not_after, now: book.now });
    }
    let (asked, left) = (demand.lots.0, posted.left.instant);
    if asked > left { Err(TakeError::Lots { asked, left }) } else { Ok(()) }
}

/// Passes a provider that trades, and not with its own owner.
fn strangers(
    parties: &mut Parties<'_>,
    posted: &Order,
    taker: &Trader,
    demand: &Demand,
) -> Result<(), ContractError> {
    let refuse = |source| Err(ContractError::Take { offer: posted.id, source });
    let provider = posted.device;
    match parties.trader(provider) {
        Ok(trader) if trader.record.owner() == taker.record.owner() => {
            refuse(TakeError::SelfTrade { provider, consumer: demand.device })
        }
        Ok(_) => Ok(()),
        Err(OrderError::Std(error)) => Err(error.into()),
        Err(_) => refuse(TakeError::ProviderInactive { provider }),
    }
}

/// Passes a provider that has not failed this consumer lately.
fn forgiven(
    parties: &Parties<'_>,
    now: u64,
    posted: &Order,
    demand: &Demand,
) -> Result<(), ContractError> {
    let (provider, consumer) = (posted.device, demand.device);
    let until = parties.avoided(provider, consumer)?;
    if now >= until {
        return Ok(());
    }
    let source = TakeError::Failed { provider, consumer, until, now };
    Err(ContractError::Take { offer: posted.id, source })
}

/// The posted price, if the demand bears it: the ask, or the base price with its premiums, whichever is
/// more, and what the class costs the demand beside it, as in the batch lane.
fn within_limit(
    storage: &dyn Storage,
    book: &mut Book,
    posted: &Order,
    taker: &Trader,
    demand: &Demand,
) -> Result<u64, ContractError> {
    let refuse = |source| ContractError::Take { offer: posted.id, source };
    let vector = admit::vector_of(&book.config, taker, demand).map_err(wrong)?;
    let slot = u8::try_from(posted.group).ok();
    let classes = book.classes(storage)?;
    let class = slot.and_then(|slot| classes.get(slot));
    let class = class.ok_or_else(|| StdError::msg("an open offer's class is gone"))?;
    let cost = tables::cost_between(storage, &book.config, &class, &vector)?;
    let cost = cost.ok_or_else(|| refuse(TakeError::Incompatible))?;
    let ask = book.price(posted.tick);
    let price = market::posted(&book.config, &book.state, ask, class.reliability);
    let limit = demand.limit;
    let paid = caplet_mechanism::price::take(price, cost, limit);
    paid.ok_or_else(|| refuse(TakeError::AboveLimit { price, cost, limit }))
}

/// Asks escrow for the lease; its money comes from the taker's free balance, and the relay fee with it.
fn open(
    book: &mut Book,
    posted: &Order,
    order: &Order,
    price: u64,
    relay_fee: u64,
) -> Result<(), ContractError> {
    let lots = order.left.batch;
    let sum = price
        .checked_mul(lots.into())
        .and_then(|sum| sum.checked_add(book.config.close_bond.u64()))
        .and_then(|sum| sum.checked_add(relay_fee));
    let too_much = OrderError::TooMuchMoney { price, lots };
    let unlock =
        sum.ok_or(ContractError::Order { side: Side::Demand, index: 0, source: too_much })?;
    let lease = OpenItem {
        consumer: order.device.0,
        provider: posted.device.0,
        price,
        lots,
        unlock,
        fee: relay_fee,
        demand: 0,
        flags: INSTANT | order.owner_bit(),
    };
    let epoch = book.state.collecting;
    book.calls.open = Some((book.terms(epoch, price)?, vec![lease]));
    Ok(())
}

/// Asks escrow to add the lots to a running lease, at the lease's price: between the posted one and the demand's limit.
/// Escrow knows whose the lease is and what it costs.
fn add(
    book: &mut Book,
    posted: &Order,
    order: &Order,
    price: u64,
    demand: &Demand,
    lease: u64,
) -> Result<(), TakeError> {
    if demand.relay_fee > 0 {
        return Err(TakeError::RelayFee { fee: demand.relay_fee });
    }
    let (lots, limit) = (demand.lots.0, demand.limit);
    let unlock = limit.checked_mul(lots.into()).ok_or(TakeError::TooMuchMoney { limit, lots })?;
    book.calls.top_up = Some(TopUpItem {
        lease,
        lane: 0,
        lots,
        unlock,
        flags: INSTANT | order.owner_bit(),
        consumer: order.device.0,
        provider: posted.device.0,
        market: book.market.0,
        price,
    });
    Ok(())
}
