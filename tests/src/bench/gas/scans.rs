//! Scanning a frozen book for the proof: what an order adds that nothing fills, in one transaction and in several.

use super::batches::{self, Proof, Size};
use super::bed::{Bed, Row};
use super::crowd::Crowd;
use anyhow::Context as _;
use caplet_api::auction::ExecuteMsg as Auction;
use caplet_api::event::{EpochCleared, MarketCreated};
use caplet_protocol::MarketId;
use serde_json::json;

/// Orders of each side of the small and of the large book.
const SMALL: usize = 250;
const LARGE: usize = 1_000;
/// Orders of the large book that each transaction scans; the last of them ends the epoch.
const PARTS: [u32; 3] = [500, 1_000, 500];
/// Seconds of an epoch: enough to scan in every part.
const EPOCH_SECS: u32 = 10;
/// Above those of all orders that the devices signed before.
const SEQUENCE: u32 = 2_000;

/// A book that was cleared in one transaction and stands as it did.
struct Scanned {
    market: MarketId,
    proof: Proof,
    gas: u64,
}

/// Measures and prints.
pub(super) async fn scan(bed: &Bed, offering: &Crowd, consumers: &Crowd) -> anyhow::Result<()> {
    let small = whole(bed, "a book of 500, nothing fills", SMALL, offering, consumers).await?;
    let large = whole(bed, "a book of 2,000, nothing fills", LARGE, offering, consumers).await?;
    let more = u64::try_from(LARGE.saturating_sub(SMALL).saturating_mul(2))?;
    let line = json!({
        "bench": "gas", "what": "scan an order", "how": "2,000 orders over 500", "n": more,
        "marginal": large.gas.saturating_sub(small.gas).checked_div(more),
    });
    println!("{line}");
    parts(bed, large).await
}

/// Clears a book in one transaction, in a market of its own so that no other order is in it.
async fn whole(
    bed: &Bed,
    how: &'static str,
    side: usize,
    offering: &Crowd,
    consumers: &Crowd,
) -> anyhow::Result<Scanned> {
    let mut config = bed.market.clone();
    config.epoch_secs = EPOCH_SECS;
    let create = bed.auction(&Auction::CreateMarket(config))?;
    let done = bed.send(&bed.admin, vec![create]).await?;
    let created = done.events.iter().find_map(|event| MarketCreated::try_from(event).ok());
    let market = MarketId(created.context("no market was made")?.market);
    let size = Size { market, how, offers: side, every: None, demands: side };
    let sequence = SEQUENCE.saturating_add(u32::try_from(side)?);
    let placed = batches::place(bed, &size, sequence, offering, consumers).await?;
    let epoch = batches::frozen(bed, market).await?;
    let proof = batches::prove(bed, &size, placed).await?;
    let Proof { fills, prices } = proof.clone();
    let clear = bed.auction(&Auction::Clear { market, epoch, fills, prices })?;
    let n = side.saturating_mul(2);
    let row = Row { what: "scan", how, n, by: &bed.keeper };
    let gas = bed.measure(row, vec![clear]).await?.gas_used;
    Ok(Scanned { market, proof, gas })
}

/// Clears it once more, in several transactions: nothing of it was filled, so it froze again.
async fn parts(bed: &Bed, book: Scanned) -> anyhow::Result<()> {
    let (market, how) = (book.market, "of 2,000 orders, nothing fills");
    let Proof { fills, prices } = book.proof;
    let epoch = batches::frozen(bed, market).await?;
    let begin = Auction::BeginClear { market, epoch, fills, prices, orders: 0 };
    let row = Row { what: "begin a scan", how, n: 1, by: &bed.keeper };
    let mut done = bed.measure(row, vec![bed.auction(&begin)?]).await?;
    let mut gas = done.gas_used;
    for orders in PARTS {
        let go_on = Auction::ContinueClear { market, epoch, orders };
        let n = usize::try_from(orders)?;
        let row = Row { what: "continue a scan", how, n, by: &bed.keeper };
        done = bed.measure(row, vec![bed.auction(&go_on)?]).await?;
        gas = gas.saturating_add(done.gas_used);
    }
    let cleared = done.events.iter().find_map(|event| EpochCleared::try_from(event).ok());
    cleared.context("the scan is not over")?;
    let transactions = PARTS.len().saturating_add(1);
    let line = json!({
        "bench": "gas", "what": "scan in parts", "how": how, "n": LARGE.saturating_mul(2),
        "transactions": transactions, "gas": gas,
    });
    println!("{line}");
    Ok(())
}
