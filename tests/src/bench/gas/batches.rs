//! Clearing: a frozen book of a size, solved here, proven and turned into leases there.

use super::bed::{Bed, CLEARED, Row};
use super::crowd::{Crowd, Member};
use super::orders::{Terms, demand, offer, relay_demands, relay_offers};
use super::places::placed;
use anyhow::Context as _;
use caplet_api::auction::{ClassResponse, ExecuteMsg as Auction, QueryMsg, TablesResponse};
use caplet_api::packed::FillItem;
use caplet_chain::{ChainExt as _, Msg};
use caplet_clearing::{Book, Class, ClassIndex, Demand, Market, Offer, Vector};
use caplet_protocol::{CellId, Lots, MarketId, OrderId, Tick, VectorId};
use cosmwasm_std::{Binary, Uint64};
use std::time::Duration;

const DAY: u64 = 86_400;
/// Orders of one placing message.
const PAGE: usize = 250;
/// Above every limit.
const DEAR: u64 = 5;

/// A book to clear.
pub(super) struct Size {
    pub(super) market: MarketId,
    pub(super) how: &'static str,
    pub(super) offers: usize,
    /// The demands fill from every so manieth offer; where none is given, nothing fills.
    pub(super) every: Option<usize>,
    pub(super) demands: usize,
}

/// A clearing as it is submitted.
#[derive(Clone)]
pub(super) struct Proof {
    pub(super) fills: Binary,
    pub(super) prices: Vec<Option<Uint64>>,
}

/// Orders as they stand in the book.
#[derive(Default)]
pub(super) struct Placed {
    offers: Vec<Offer>,
    demands: Vec<Demand>,
}

/// Clears books in which everything fills, then one in which a tenth of the offers do.
pub(super) async fn clear(bed: &Bed, providers: &Crowd, consumers: &Crowd) -> anyhow::Result<()> {
    let market = CLEARED;
    let dense =
        |n| Size { market, how: "every order fills", offers: n, every: Some(1), demands: n };
    let how = "of 1,000 offers";
    let sparse = Size { market, how, offers: 1_000, every: Some(10), demands: 100 };
    let sizes = [dense(1), dense(10), dense(100), dense(1_000), sparse];
    for (sequence, size) in (1_000u32..).zip(sizes) {
        let book = place(bed, &size, sequence, providers, consumers).await?;
        let epoch = frozen(bed, market).await?;
        submit(bed, &size, epoch, book).await?;
    }
    Ok(())
}

/// Places orders of a size.
pub(super) async fn place(
    bed: &Bed,
    size: &Size,
    sequence: u32,
    providers: &Crowd,
    consumers: &Crowd,
) -> anyhow::Result<Placed> {
    let domain = bed.domain(&bed.contracts.auction).await?;
    let not_after = bed.now().await?.saturating_add(DAY);
    let cheap = Terms::new(size.market, sequence, not_after);
    let dear = Terms { price: cheap.price.saturating_mul(DEAR), ..cheap };
    let mut book = Placed::default();
    let offers: Vec<(Member, Terms)> = providers
        .some(0, 1, size.offers)
        .into_iter()
        .enumerate()
        .map(|(at, member)| {
            let fills = size.every.is_some_and(|every| at.is_multiple_of(every));
            (member, if fills { cheap } else { dear })
        })
        .collect();
    for chunk in offers.chunks(PAGE) {
        let page = page(bed, relay_offers(bed, &domain, chunk)?).await?;
        for ((member, terms), slot) in chunk.iter().zip(0..=u8::MAX) {
            book.offers.push(Offer {
                id: OrderId { page, slot },
                device: member.id,
                class: ClassIndex(0),
                ask: tick(bed, offer(member, *terms).ask)?,
                lots: Lots(1),
            });
        }
    }
    let demands: Vec<(Member, Terms)> =
        consumers.some(0, 1, size.demands).into_iter().map(|m| (m, cheap.limit())).collect();
    for chunk in demands.chunks(PAGE) {
        let page = page(bed, relay_demands(bed, &domain, chunk)?).await?;
        for ((member, terms), slot) in chunk.iter().zip(0..=u8::MAX) {
            book.demands.push(Demand {
                id: OrderId { page, slot },
                device: member.id,
                vector: VectorId(0),
                limit: tick(bed, demand(member, *terms).limit)?,
                lots: Lots(1),
                all_or_nothing: false,
            });
        }
    }
    Ok(book)
}

async fn page(bed: &Bed, msg: Msg) -> anyhow::Result<u32> {
    Ok(placed(&bed.send(&bed.keeper, vec![msg]).await?)?.page)
}

fn tick(bed: &Bed, price: u64) -> anyhow::Result<Tick> {
    let ticks = price.checked_div(bed.market.tick_size.u64()).context("the tick is zero")?;
    Ok(Tick(u16::try_from(ticks)?))
}

/// Waits until the epoch now collecting is over, so that all that was placed is frozen; its number.
pub(super) async fn frozen(bed: &Bed, market: MarketId) -> anyhow::Result<u32> {
    let collecting = bed.market(market).await?.epoch.collecting;
    loop {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let epoch = bed.market(market).await?.epoch;
        if let Some(clearing) = epoch.clearing.filter(|clearing| *clearing >= collecting) {
            return Ok(clearing);
        }
    }
}

/// Clears, and then again: whoever comes second pays for being refused.
async fn submit(bed: &Bed, size: &Size, epoch: u32, placed: Placed) -> anyhow::Result<()> {
    let (how, n) = (size.how, size.demands);
    let Proof { fills, prices } = prove(bed, size, placed).await?;
    let clear = bed.auction(&Auction::Clear { market: size.market, epoch, fills, prices })?;
    let row = |what| Row { what, how, n, by: &bed.keeper };
    let won = bed.measure(row("clear, leases opened"), vec![clear.clone()]).await?;
    bed.lose(row("clear, lost race"), vec![clear], won.gas_used).await
}

/// Solves the frozen book of a size.
pub(super) async fn prove(bed: &Bed, size: &Size, placed: Placed) -> anyhow::Result<Proof> {
    let book = book(bed, size.market, placed).await?;
    let clearing = caplet_clearing::solve(&book)?;
    let due = size.every.map_or(0, |_| size.demands);
    anyhow::ensure!(
        clearing.fills.len() == due,
        "{} fills, {due} demands are there to be filled",
        clearing.fills.len(),
    );
    let fills: Vec<FillItem> = clearing
        .fills
        .iter()
        .map(|fill| FillItem {
            offer_page: fill.offer.page,
            offer_slot: fill.offer.slot,
            demand_page: fill.demand.page,
            demand_slot: fill.demand.slot,
            lots: fill.lots.0,
        })
        .collect();
    let prices = clearing.prices.iter().map(|price| price.map(Uint64::new)).collect();
    Ok(Proof { fills: FillItem::pack(&fills).into(), prices })
}

/// The frozen book: what was placed, in the one class and with the one vector that there are.
async fn book(bed: &Bed, of: MarketId, placed: Placed) -> anyhow::Result<Book> {
    let ask = QueryMsg::Tables { market: of };
    let tables: TablesResponse = bed.chain.query(&bed.contracts.auction, &ask).await?;
    let (classes, vectors) = (tables.classes.as_slice(), tables.vectors.as_slice());
    let ([only], [vector]) = (classes, vectors) else {
        anyhow::bail!(
            "{} classes and {} vectors, one of each is expected",
            classes.len(),
            vectors.len()
        );
    };
    let slot = usize::from(only.slot.0);
    let mut classes = vec![None; slot.saturating_add(1)];
    classes.insert(slot, Some(class(only)));
    classes.truncate(slot.saturating_add(1));
    let demanded = Vector {
        cell: vector.cell,
        latency: vector.latency,
        throughput: vector.throughput,
        accuracy: vector.accuracy,
        reliability: vector.reliability,
        tags: vector.tags,
        attested: vector.attested,
        rho: vector.rho,
        lambda: vector.lambda,
    };
    let (index, id) = (ClassIndex::from(only.slot), VectorId(vector.vector));
    Ok(Book {
        market: market(bed, only.cell),
        classes,
        vectors: vec![demanded; usize::from(id.0).saturating_add(1)],
        offers: placed.offers.into_iter().map(|o| Offer { class: index, ..o }).collect(),
        demands: placed.demands.into_iter().map(|d| Demand { vector: id, ..d }).collect(),
    })
}

fn class(of: &ClassResponse) -> Class {
    Class {
        cell: of.cell,
        latency: of.latency,
        throughput: of.throughput,
        accuracy: of.accuracy,
        reliability: of.reliability,
        tags: of.tags,
        attested: of.attested,
    }
}

/// All devices are in one cell, where latency is zero.
fn market(bed: &Bed, cell: CellId) -> Market {
    let cells = usize::from(cell.0).saturating_add(1);
    Market {
        tick_size: bed.market.tick_size.u64(),
        fee_per_lot: bed.market.lot_fee.u64(),
        reliability_bps: bed.market.tiers.reliability.iter().map(|bps| bps.0).collect(),
        latency_ms: vec![vec![0; cells]; cells],
    }
}
