//! What must hold of the auction's storage after every message; tests run it before and after each.

use crate::book::{Book, Order, Pages, pending};
use crate::ledger::Ledger;
use crate::market;
use crate::tables::{Classes, Vectors};
use crate::{ContractError, keys};
use caplet_api::layout::{order_page_key, order_state_key};
use caplet_protocol::{AssetId, DeviceId, MarketId, VectorId, layout::Side};
use cosmwasm_std::{StdResult, Storage};
use std::collections::{BTreeMap, BTreeSet};

/// Checks the whole storage against itself. Returns, by asset, the base units that escrow must hold as
/// ordered for this auction.
///
/// # Errors
/// Storage that does not decode, an order with less than nothing left included.
///
/// # Panics
/// With both sides, if an invariant does not hold.
pub fn check(storage: &dyn Storage) -> Result<BTreeMap<AssetId, u128>, ContractError> {
    let mut ordered = BTreeMap::new();
    for market in market::numbers(storage, None, usize::MAX)? {
        let (asset, locked) = market_holds(storage, market)?;
        let sum: &mut u128 = ordered.entry(asset).or_default();
        *sum = sum.saturating_add(locked);
    }
    Ok(ordered)
}

/// Checks every market's capacity ledger as of a moment: what open offers on it count, and that nothing is
/// promised twice.
///
/// # Errors
/// Storage that does not decode.
///
/// # Panics
/// With both sides, if an invariant does not hold.
pub fn check_capacity(storage: &dyn Storage, now: u64) -> Result<(), ContractError> {
    for market in market::numbers(storage, None, usize::MAX)? {
        let state = market::load(storage, market)?;
        let book = Book::open(storage, market, state.genesis)?;
        let mut open: BTreeMap<DeviceId, u32> = BTreeMap::new();
        let standing: Vec<Order> =
            book.standing(storage, Side::Offer, None).collect::<StdResult<_>>()?;
        let log = pending::all(storage, market).map(|entry| entry.map(|(_, order)| order));
        let log: Vec<Order> = log.collect::<StdResult<_>>()?;
        let offers = standing.iter().chain(&log).filter(|order| order.on_ledger);
        for order in offers {
            let lots: &mut u32 = open.entry(order.device).or_default();
            *lots = lots.saturating_add(order.left.total());
        }
        let mut ledger = Ledger::new(market, book.config.slot_secs, now);
        for device in (0..CHECKED).map(DeviceId) {
            let lots = open.remove(&device).unwrap_or_default();
            let (counted, capacity, promised) = ledger.standing(storage, device)?;
            assert_eq!(u32::from(counted), lots, "device {device}: open lots, counted and found");
            assert!(
                promised <= capacity.into(),
                "device {device}: {promised} lots promised of {capacity}"
            );
        }
        assert!(open.is_empty(), "market {market}: offers on the ledger of {:?}", open.keys());
    }
    Ok(())
}

/// Devices whose ledger is checked.
const CHECKED: u32 = 64;

fn market_holds(storage: &dyn Storage, market: MarketId) -> Result<(AssetId, u128), ContractError> {
    // as it was left: no time has passed since the epoch it collects began
    let state = market::load(storage, market)?;
    let book = Book::open(storage, market, state.genesis)?;
    let mut counted = Counted::default();
    for side in [Side::Offer, Side::Demand] {
        pages_hold(storage, &book, side, &mut counted)?;
    }
    log_holds(storage, &book, &mut counted)?;
    counts_hold(storage, market, &counted)?;
    assert_eq!(
        state.open_orders, counted.orders,
        "market {market}: open orders, counted and found"
    );
    if let Some(clearable) = state.clearable {
        assert_eq!(Some(clearable), state.collecting.checked_sub(1), "market {market}: epochs");
    }
    Ok((book.config.asset, counted.locked))
}

/// What a scan of pages and log finds.
#[derive(Default)]
struct Counted {
    orders: u32,
    locked: u128,
    classes: BTreeMap<u16, u32>,
    vectors: BTreeMap<u16, u32>,
    open: BTreeSet<(Side, u64)>,
}

impl Counted {
    fn add(&mut self, book: &Book, order: &Order) -> StdResult<()> {
        self.orders = self.orders.saturating_add(1);
        self.locked = self.locked.saturating_add(book.locked(order)?.into());
        let groups = match order.side {
            Side::Offer => &mut self.classes,
            Side::Demand => &mut self.vectors,
        };
        let count = groups.entry(order.group).or_default();
        *count = count.saturating_add(1);
        Ok(())
    }
}

/// Every stored page holds something open and was numbered; no state stands without its page.
fn pages_hold(
    storage: &dyn Storage,
    book: &Book,
    side: Side,
    counted: &mut Counted,
) -> StdResult<()> {
    let market = book.market;
    let next = match side {
        Side::Offer => book.state.offer_pages,
        Side::Demand => book.state.demand_pages,
    };
    for page in Pages::new(market, side).range(storage, 0, u32::MAX) {
        let page = page?;
        assert!(page.number() < next, "market {market}: page {} of {next}", page.number());
        let mut open = 0u32;
        for order in page.open() {
            let order = order?;
            assert!(!order.left.is_none(), "order {} is open with nothing left", order.id);
            assert!(order.epoch <= book.state.collecting, "order {} is of the future", order.id);
            counted.open.insert((side, order.id.to_u64()));
            counted.add(book, &order)?;
            open = open.saturating_add(1);
        }
        assert!(
            open > 0,
            "market {market}: page {} is stored, nothing in it is open",
            page.number()
        );
    }
    let (from, to) = (order_state_key(market, side, 0), order_state_key(market, side, u32::MAX));
    for key in storage.range_keys(Some(&from), Some(&to), cosmwasm_std::Order::Ascending) {
        let page = key.last_chunk().map(|page| u32::from_be_bytes(*page)).unwrap_or_default();
        let there = storage.get(&order_page_key(market, side, page)).is_some();
        assert!(there, "market {market}: page {page} is gone, its state is not");
    }
    Ok(())
}

/// What is pending is open nowhere else.
fn log_holds(storage: &dyn Storage, book: &Book, counted: &mut Counted) -> StdResult<()> {
    for entry in pending::all(storage, book.market) {
        let (epoch, order) = entry?;
        let place = (order.side, order.id.to_u64());
        assert!(!counted.open.contains(&place), "order {} is open and cancelled", order.id);
        assert!(epoch < book.state.collecting, "order {} is pending in the future", order.id);
        counted.add(book, &order)?;
    }
    Ok(())
}

/// Classes and vectors count exactly the orders found.
fn counts_hold(storage: &dyn Storage, market: MarketId, counted: &Counted) -> StdResult<()> {
    for (slot, _, offers) in Classes::load(storage, market)?.iter() {
        let found = counted.classes.get(&slot.into()).copied().unwrap_or_default();
        assert_eq!(offers, found, "market {market}: offers of class {slot}, counted and found");
    }
    let mut vectors = Vectors::new(market);
    let used = storage
        .range_keys(
            Some(&keys::vectors(market)),
            Some(&keys::after(&keys::vectors(market))),
            cosmwasm_std::Order::Ascending,
        )
        .count();
    for id in (0..=u16::MAX).take(used) {
        let (counts, found) = (vectors.count(storage, VectorId(id)), counted.vectors.get(&id));
        let found = found.copied().unwrap_or_default();
        assert_eq!(counts, found, "market {market}: demands of vector {id}, counted and found");
    }
    let beyond = counted.vectors.keys().any(|id| usize::from(*id) >= used);
    assert!(!beyond, "market {market}: a demand has a vector that is not stored");
    Ok(())
}
