//! `Clear`: a keeper's clearing of a frozen book, believed in nothing.
//!
//! The contract scans the frozen book itself; `caplet_clearing::verify` accepts only fills that are
//! feasible, within limits, in time priority and optimal (gap 0), and derives the prices.

mod settle;

use self::settle::Proven;
use super::Context;
use crate::ContractError;
use crate::book::{Book, Frozen};
use crate::market;
use caplet_api::auction::MAX_CLASSES;
use caplet_api::event::{EpochCleared, PriceMoved};
use caplet_api::packed::FillItem;
use caplet_clearing::Fill;
use caplet_protocol::{Lots, MarketId};
use cosmwasm_std::{Response, StdError, StdResult, Storage, Uint64};

/// Most fills of one clearing: two a possible order, far above what a solver makes.
const MAX_FILLS: usize = 40_000;

/// Clears the frozen book of an epoch.
pub(super) fn clear(
    storage: &mut dyn Storage,
    context: &Context<'_>,
    market: MarketId,
    epoch: u32,
    fills: &[u8],
    prices: &[Option<Uint64>],
) -> Result<Response, ContractError> {
    let mut book = Book::open(storage, market, context.now)?;
    clearable(&book, epoch)?;
    let (fills, witness) = (unpack(fills)?, witness(prices)?);
    let mut frozen = book.frozen(storage, epoch)?;
    let terms = book.arithmetic(storage)?;
    let (offers, demands) = (frozen.clearing_offers(), frozen.clearing_demands());
    let verified = caplet_clearing::verify(terms.view(), offers, demands, &fills, &witness)?;
    reprice(&mut book, &frozen, epoch);
    let proven = Proven { epoch, fills: &fills, terms: terms.view(), prices: &verified.prices };
    let skipped = settle::settle(storage, context, &mut book, &mut frozen, &proven)?;
    book.state.clearable = None;
    book.state.last_cleared = Some(epoch);
    book.events.push(
        EpochCleared {
            market: market.0,
            epoch,
            fills: count(fills.len())?,
            lots: verified.lots,
            // a proven optimum is at least that of clearing nothing
            welfare: verified.welfare.unsigned_abs(),
            keeper: context.sender.to_string(),
            skipped,
        }
        .into(),
    );
    book.close(storage, &context.peers, context.sender)
}

/// Passes the one epoch whose book is frozen and not cleared.
fn clearable(book: &Book, asked: u32) -> Result<(), ContractError> {
    let until = market::ends(&book.state, book.config.epoch_secs, book.state.collecting);
    match book.state.clearable {
        Some(clearable) if clearable == asked => Ok(()),
        Some(clearable) => Err(ContractError::WrongEpoch { asked, clearable, until }),
        None => {
            let last = match book.state.last_cleared {
                Some(epoch) => format!("epoch {epoch} was cleared last"),
                None => "none was cleared yet".to_string(),
            };
            Err(ContractError::NothingToClear { asked, last, next: until })
        }
    }
}

fn unpack(fills: &[u8]) -> Result<Vec<Fill>, ContractError> {
    let items = FillItem::unpack(fills, MAX_FILLS)
        .map_err(|source| ContractError::Packed { what: "fills", source })?;
    let fill =
        |item: FillItem| Fill { offer: item.offer(), demand: item.demand(), lots: Lots(item.lots) };
    Ok(items.into_iter().map(fill).collect())
}

fn witness(prices: &[Option<Uint64>]) -> Result<Vec<Option<u64>>, ContractError> {
    if prices.len() > MAX_CLASSES {
        return Err(ContractError::Prices { given: prices.len(), most: MAX_CLASSES });
    }
    Ok(prices.iter().map(|price| price.map(|price| price.u64())).collect())
}

fn count(items: usize) -> StdResult<u32> {
    u32::try_from(items).map_err(|_| StdError::msg("more fills than can be counted"))
}

/// Moves the base price by what the frozen book says.
fn reprice(book: &mut Book, frozen: &Frozen, epoch: u32) {
    let before = book.state.base_tick();
    let (demanded, offered) = (frozen.lots_demanded_from(before), frozen.lots_offered_to(before));
    market::reprice(&book.config.price, &mut book.state, demanded, offered);
    let after = book.state.base_tick();
    if after != before {
        let moved = PriceMoved {
            market: book.market.0,
            epoch,
            from: before.0,
            to: after.0,
            utilisation: book.state.utilisation,
        };
        book.events.push(moved.into());
    }
}
