//! A market's book as one message sees and changes it: read where needed, stored once at the end.

mod escrow;
mod frozen;
mod money;
mod order;
mod page;
mod pages;
pub(crate) mod pending;
mod sequence;
pub(crate) mod standing;

pub(crate) use escrow::Calls;
pub(crate) use frozen::{Entry, Frozen, clearing_demand, clearing_offer};
pub(crate) use order::{Lanes, Order};
pub(crate) use pages::Pages;
pub(crate) use sequence::Sequences;
pub(crate) use standing::Waiting;

use crate::ledger::Ledger;
use crate::market::{self, MarketState};
use crate::tables::{self, Classes, Vectors};
use crate::{ContractError, OrderError, peers::Peers};
use caplet_api::auction::MarketConfig;
use caplet_api::event::EpochLapsed;
use caplet_protocol::{MarketId, OrderId, VectorId, layout::OrderFlags, layout::Side};
use cosmwasm_std::{Addr, Event, Response, StdError, StdResult, Storage};

/// Entries of the pending log whose money one message returns at most.
const RELEASE: usize = 50;

/// The book of one market.
pub(crate) struct Book {
    /// The market.
    pub(crate) market: MarketId,
    /// As defined.
    pub(crate) config: MarketConfig,
    /// Where it stands, rolled forward to `now`.
    pub(crate) state: MarketState,
    /// Block time, Unix seconds.
    pub(crate) now: u64,
    /// What happened so far.
    pub(crate) events: Vec<Event>,
    /// What escrow is asked to do.
    pub(crate) calls: Calls,
    /// What devices can do and have promised.
    pub(crate) ledger: Ledger,
    /// Standing orders of which something was filled.
    filled: Vec<(Order, Lanes)>,
    offers: Pages,
    demands: Pages,
    classes: Option<Classes>,
    vectors: Vectors,
}

impl Book {
    /// Opens a market's book at block time `now`, in the epoch of that moment.
    pub(crate) fn open(
        storage: &dyn Storage,
        market: MarketId,
        now: u64,
    ) -> Result<Self, ContractError> {
        let config = market::config(storage, market)?;
        let mut state = market::load(storage, market)?;
        let lapsed = market::roll(&mut state, config.epoch_secs, now)?;
        let lapsed = lapsed.into_iter().map(|epoch| EpochLapsed { market: market.0, epoch }.into());
        let ledger = Ledger::new(market, config.slot_secs, now);
        Ok(Self {
            market,
            ledger,
            filled: Vec::new(),
            config,
            state,
            now,
            events: lapsed.collect(),
            calls: Calls::default(),
            offers: Pages::new(market, Side::Offer),
            demands: Pages::new(market, Side::Demand),
            classes: None,
            vectors: Vectors::new(market),
        })
    }

    /// Pages of a side.
    pub(crate) const fn pages(&mut self, side: Side) -> &mut Pages {
        match side {
            Side::Offer => &mut self.offers,
            Side::Demand => &mut self.demands,
        }
    }

    /// Open orders of a side as stored, above `after`, ascending.
    pub(crate) fn standing<'a>(
        &'a self,
        storage: &'a dyn Storage,
        side: Side,
        after: Option<OrderId>,
    ) -> impl Iterator<Item = StdResult<Order>> + 'a {
        let pages = match side {
            Side::Offer => &self.offers,
            Side::Demand => &self.demands,
        };
        let from = after.map_or(0, |after| after.page);
        let orders = pages.range(storage, from, u32::MAX).flat_map(|page| match page {
            Ok(page) => page.open().collect::<Vec<_>>(),
            Err(error) => vec![Err(error)],
        });
        orders.filter(move |order| !matches!(order, Ok(order) if Some(order.id) <= after))
    }

    /// The supply classes.
    pub(crate) fn classes(&mut self, storage: &dyn Storage) -> StdResult<&mut Classes> {
        if self.classes.is_none() {
            self.classes = Some(Classes::load(storage, self.market)?);
        }
        self.classes.as_mut().ok_or_else(|| StdError::msg("the class table was not read"))
    }

    /// An open order, with what is left of it.
    pub(crate) fn find(
        &mut self,
        storage: &dyn Storage,
        side: Side,
        id: OrderId,
    ) -> Result<Order, ContractError> {
        let page = self.pages(side).get(storage, id.page)?;
        let order = page.map(|page| page.order(id.slot)).transpose()?.flatten();
        order.filter(|order| !order.left.is_none()).ok_or(ContractError::UnknownOrder {
            side,
            order: id,
            market: self.market,
        })
    }

    /// Takes lots of an open order; whether it is done now.
    pub(crate) fn take(
        &mut self,
        storage: &dyn Storage,
        order: &Order,
        lots: Lanes,
    ) -> StdResult<bool> {
        let page = self.pages(order.side).held(storage, order.id.page)?;
        let done = page.take(order.id.slot, lots)?;
        if done {
            self.leave(storage, order)?;
        }
        self.lease_capacity(storage, order, lots)?;
        if order.flags.has(OrderFlags::STANDING) {
            self.filled.push((*order, lots));
        }
        Ok(done)
    }

    /// Ends an open order, whatever is left of it.
    pub(crate) fn end(&mut self, storage: &dyn Storage, order: &Order) -> StdResult<()> {
        self.pages(order.side).held(storage, order.id.page)?.end(order.id.slot);
        self.withdraw_capacity(storage, order, order.left.total())?;
        self.leave(storage, order)
    }

    /// Ends an open order of the frozen book: it stays in the pending log, and stays counted, until its
    /// epoch is over.
    pub(crate) fn end_pending(
        &mut self,
        storage: &mut dyn Storage,
        epoch: u32,
        order: &Order,
    ) -> StdResult<()> {
        self.pages(order.side).held(storage, order.id.page)?.end(order.id.slot);
        let entry = Order { left: Lanes::batch(order.left.batch), ..*order };
        pending::put(storage, self.market, epoch, &entry);
        self.withdraw_capacity(storage, order, order.left.instant.into())
    }

    /// An order that is gone for good is counted no more.
    pub(crate) fn leave(&mut self, storage: &dyn Storage, order: &Order) -> StdResult<()> {
        match order.side {
            Side::Offer => {
                let slot = u8::try_from(order.group);
                let slot = slot.map_err(|_| StdError::msg("an offer's class is out of range"))?;
                self.classes(storage)?.leave(slot)?;
            }
            Side::Demand => self.vectors.leave(storage, VectorId(order.group))?,
        }
        let left = self.state.open_orders.checked_sub(1);
        self.state.open_orders =
            left.ok_or_else(|| StdError::msg("an order ended that was not counted"))?;
        Ok(())
    }

    /// The number of a new demand's vector, with the demand counted.
    pub(crate) fn enter_vector(
        &mut self,
        storage: &mut dyn Storage,
        vector: &caplet_clearing::Vector,
    ) -> Result<VectorId, OrderError> {
        self.vectors.enter(storage, &mut self.state, vector)
    }

    /// Stores everything and answers with the events and the calls to escrow.
    pub(crate) fn close(
        mut self,
        storage: &mut dyn Storage,
        peers: &Peers,
        sender: &Addr,
    ) -> Result<Response, ContractError> {
        self.release(storage)?;
        self.keep_standing(storage)?;
        self.offers.flush(storage);
        self.demands.flush(storage);
        if let Some(classes) = self.classes {
            classes.flush(storage);
        }
        self.vectors.flush(storage);
        self.ledger.flush(storage);
        market::save(storage, self.market, &self.state)?;
        let messages = self.calls.messages(&peers.escrow, self.config.asset, sender)?;
        Ok(Response::new().add_events(self.events).add_messages(messages))
    }

    /// Returns the money of cancelled orders whose epoch is over.
    fn release(&mut self, storage: &mut dyn Storage) -> Result<(), ContractError> {
        for (epoch, order) in pending::due(storage, self.market, self.state.clearable, RELEASE)? {
            pending::remove(storage, self.market, epoch, &order);
            self.withdraw_capacity(storage, &order, order.left.total())?;
            self.leave(storage, &order)?;
            self.unlock(&order, self.locked(&order)?);
        }
        Ok(())
    }

    /// Standing orders wait for the end of the slot they were filled for.
    fn keep_standing(&mut self, storage: &mut dyn Storage) -> StdResult<()> {
        let due = self.now.saturating_add(self.config.slot_secs.into());
        let due = u32::try_from(due).unwrap_or(u32::MAX);
        for (order, lots) in std::mem::take(&mut self.filled) {
            let group = match order.side {
                Side::Offer => {
                    let slot = u8::try_from(order.group).ok();
                    let classes = self.classes(storage)?;
                    slot.and_then(|slot| classes.get(slot)).map(tables::class_bytes)
                }
                Side::Demand => tables::vector_bytes(storage, self.market, VectorId(order.group)),
            };
            let group = group.ok_or_else(|| StdError::msg("a filled order's group is gone"))?;
            standing::add(storage, self.market, &order, lots, due, group)?;
        }
        Ok(())
    }

    /// Lots that an allowance in base units is worth; `None` if the market asks for none.
    pub(crate) fn allowed(&self, allowance: u64) -> Option<u32> {
        let lots = allowance.checked_div(self.config.exposure_per_lot.u64())?;
        Some(u32::try_from(lots).unwrap_or(u32::MAX))
    }

    /// Counts a new offer's lots of both lanes on the ledger, if its device is on it: whether it is. `allowed` as
    /// [`Book::allowed`] gives it.
    pub(crate) fn offer_capacity(
        &mut self,
        storage: &dyn Storage,
        order: &Order,
        allowed: Option<u32>,
    ) -> Result<bool, OrderError> {
        // the book of its last epoch may be cleared until the end of the next
        let epochs = u64::from(self.config.epoch_secs).saturating_mul(2);
        let until = u64::from(order.not_after)
            .saturating_add(epochs)
            .saturating_add(self.config.slot_secs.into());
        self.ledger.offer(storage, order.device, order.left.total(), until, allowed)
    }

    /// Lots of an offer that is on the ledger are offered no more.
    pub(crate) fn withdraw_capacity(
        &mut self,
        storage: &dyn Storage,
        order: &Order,
        lots: u32,
    ) -> StdResult<()> {
        if order.on_ledger { self.ledger.withdraw(storage, order.device, lots) } else { Ok(()) }
    }

    /// Lots of an offer that is on the ledger are leased from now on.
    pub(crate) fn lease_capacity(
        &mut self,
        storage: &dyn Storage,
        order: &Order,
        lots: Lanes,
    ) -> StdResult<()> {
        if order.on_ledger {
            return self.ledger.fill(storage, order.device, lots.total());
        }
        Ok(())
    }
}
