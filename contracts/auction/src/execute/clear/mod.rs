//! `Clear`, `BeginClear`, `ContinueClear`: a keeper's clearing of a frozen book, believed in nothing.
//!
//! The contract scans the frozen book itself; `caplet_clearing` accepts only fills that are
//! feasible, within limits, in time priority and optimal (gap 0), and derives the prices.

pub(crate) mod kept;
mod prices;
mod scan;
mod settle;

use self::prices::Charged;
use self::scan::Progress;
use self::settle::Proven;
use super::Context;
use crate::ContractError;
use crate::book::Book;
use crate::market;
use caplet_api::auction::MAX_CLASSES;
use caplet_api::event::{EpochCleared, PriceMoved, ScanAdvanced};
use caplet_api::packed::FillItem;
use caplet_clearing::certificate::Scan;
use caplet_clearing::{Fill, Terms};
use caplet_protocol::{Lots, MarketId};
use cosmwasm_std::{Response, StdError, StdResult, Storage, Uint64};

/// Most fills of one clearing: two a possible order, far above what a solver makes.
const MAX_FILLS: usize = 40_000;

/// Clears the frozen book of an epoch in one transaction.
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
    let pinned = book.pin(storage)?;
    let terms = book.arithmetic(storage, pinned)?;
    let mut progress = Progress::new(epoch);
    let mut scan = Scan::start(terms.view(), &fills, &witness)?;
    progress.advance(storage, &mut book, &mut scan, u32::MAX)?;
    let charged = prices::prove(&book.config, &fills, scan)?;
    carry_out(storage, context, book, &progress, terms.view(), &charged)
}

/// Begins the sender's scan of the frozen book of an epoch.
pub(super) fn begin(
    storage: &mut dyn Storage,
    context: &Context<'_>,
    (market, epoch): (MarketId, u32),
    packed: &[u8],
    prices: &[Option<Uint64>],
    orders: u32,
) -> Result<Response, ContractError> {
    let mut book = Book::open(storage, market, context.now)?;
    clearable(&book, epoch)?;
    let (fills, witness) = (unpack(packed)?, witness(prices)?);
    let pinned = book.pin(storage)?;
    kept::begin(storage, market, context.sender, packed, &pinned)?;
    let terms = book.arithmetic(storage, pinned)?;
    let scan = Scan::start(terms.view(), &fills, &witness)?;
    go_on(storage, context, book, Progress::new(epoch), scan, (&fills, terms.view()), orders)
}

/// Goes on with the sender's scan.
pub(super) fn go_on_with(
    storage: &mut dyn Storage,
    context: &Context<'_>,
    market: MarketId,
    epoch: u32,
    orders: u32,
) -> Result<Response, ContractError> {
    let book = Book::open(storage, market, context.now)?;
    clearable(&book, epoch)?;
    let kept = kept::load(storage, market, context.sender)?;
    let none = || ContractError::NoScan { epoch, sender: context.sender.clone() };
    let kept = kept.filter(|kept| kept.progress.epoch == epoch).ok_or_else(none)?;
    let fills = unpack(kept.fills())?;
    let terms = book.arithmetic(storage, kept.pinned)?;
    let scan = Scan::resume(terms.view(), &fills, &kept.state);
    let scan = scan.map_err(|error| StdError::msg(error.to_string()))?;
    go_on(storage, context, book, kept.progress, scan, (&fills, terms.view()), orders)
}

/// Scans some orders; settles when that was all, keeps where it stands otherwise.
fn go_on(
    storage: &mut dyn Storage,
    context: &Context<'_>,
    mut book: Book,
    mut progress: Progress,
    mut scan: Scan<'_>,
    (fills, terms): (&[Fill], Terms<'_>),
    orders: u32,
) -> Result<Response, ContractError> {
    let (market, keeper) = (book.market, context.sender);
    if orders > 0 && progress.advance(storage, &mut book, &mut scan, orders)? {
        kept::remove(storage, market, keeper);
        let charged = prices::prove(&book.config, fills, scan)?;
        return carry_out(storage, context, book, &progress, terms, &charged);
    }
    kept::save(storage, market, keeper, &progress, &scan.to_bytes())?;
    let Progress { epoch, scanned, .. } = progress;
    let keeper = keeper.to_string();
    book.events.push(ScanAdvanced { market: market.0, epoch, keeper, scanned }.into());
    book.close(storage, &context.peers, context.sender)
}

/// Settles a clearing that was proven, and ends its epoch.
fn carry_out(
    storage: &mut dyn Storage,
    context: &Context<'_>,
    mut book: Book,
    progress: &Progress,
    terms: Terms<'_>,
    charged: &Charged,
) -> Result<Response, ContractError> {
    let epoch = progress.epoch;
    let mut frozen = book.frozen(storage, epoch, &charged.fills)?;
    reprice(&mut book, progress);
    let proven = Proven { epoch, fills: &charged.fills, terms, prices: &charged.prices };
    let skipped = settle::settle(storage, context, &mut book, &mut frozen, &proven)?;
    book.state.clearable = None;
    book.state.last_cleared = Some(epoch);
    book.events.push(
        EpochCleared {
            market: book.market.0,
            epoch,
            fills: count(charged.fills.len())?,
            lots: charged.fills.iter().map(|fill| u64::from(fill.lots.0)).sum(),
            // a proven optimum is at least that of clearing nothing
            welfare: charged.welfare.unsigned_abs(),
            keeper: context.sender.to_string(),
            skipped,
        }
        .into(),
    );
    book.close(storage, &context.peers, context.sender)
}

/// Passes the one epoch whose book is frozen and not cleared: a lost race ends here, before anything else
/// is read.
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
fn reprice(book: &mut Book, progress: &Progress) {
    let before = book.state.base_tick();
    let Progress { epoch, demanded, offered, .. } = *progress;
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
