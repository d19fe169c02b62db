//! Lock and open, straight at escrow: the gateway stands in for the auction.

use super::bed::{Bed, PRICE, Row};
use super::crowd::Crowd;
use anyhow::Context as _;
use caplet_api::escrow::{ExecuteMsg as Escrow, Terms};
use caplet_api::event::LeasesOpened;
use caplet_api::packed::{LockItem, OpenItem};
use caplet_chain::{Signer, TxResult};
use caplet_protocol::{AssetId, MarketId};
use cosmwasm_std::Uint64;

/// How many leases are opened together.
const BATCHES: [usize; 4] = [1, 10, 100, 1_000];
const DAY: u64 = 86_400;

/// Rounds of a thousand leases more, for settlements of five thousand.
const ROUNDS: usize = 4;

/// Five thousand leases: those of [`open`] but the first hundred and eleven, and as many again as it takes,
/// of the same pairs of devices. With each the place of its pair.
pub(super) async fn many(
    bed: &Bed,
    providers: &Crowd,
    consumers: &Crowd,
    leases: &[u64],
) -> anyhow::Result<Vec<(usize, u64)>> {
    let mut all: Vec<(usize, u64)> = leases.iter().copied().enumerate().skip(111).collect();
    openers(bed, Some(&bed.keeper)).await?;
    for _ in 0..ROUNDS {
        let opening = Opening { n: 1_000, from: 0, secs: DAY, lots: 1 };
        let more = batch(bed, providers, consumers, opening).await?;
        all.extend(more.into_iter().enumerate());
    }
    openers(bed, None).await?;
    Ok(all)
}

/// A lease of two lots, whose reserve a chain of 1,024 links does not exhaust; of the first pair.
pub(super) async fn large(bed: &Bed, providers: &Crowd, consumers: &Crowd) -> anyhow::Result<u64> {
    openers(bed, Some(&bed.keeper)).await?;
    let opening = Opening { n: 1, from: 0, secs: DAY, lots: 2 };
    let leases = batch(bed, providers, consumers, opening).await?;
    openers(bed, None).await?;
    leases.first().copied().context("no lease was opened")
}

/// Opens a lease for each pair of devices; their numbers.
pub(super) async fn open(
    bed: &Bed,
    providers: &Crowd,
    consumers: &Crowd,
) -> anyhow::Result<Vec<u64>> {
    let mut leases = Vec::new();
    openers(bed, Some(&bed.keeper)).await?;
    for n in BATCHES {
        let opening = Opening { n, from: leases.len(), secs: DAY, lots: 1 };
        leases.extend(batch(bed, providers, consumers, opening).await?);
    }
    openers(bed, None).await?;
    Ok(leases)
}

/// The same with nobody like its neighbour: devices in no order, prices of eight classes, one to four lots.
pub(super) async fn mixed(bed: &Bed, providers: &Crowd, consumers: &Crowd) -> anyhow::Result<()> {
    openers(bed, Some(&bed.keeper)).await?;
    let (providers, consumers) = (providers.shuffled(733), consumers.shuffled(547));
    let price = |place: u64| PRICE.saturating_add(place.wrapping_mul(31).wrapping_rem(8));
    let lots =
        |place: u64| 1u16.saturating_add(u16::try_from(place.wrapping_mul(7) % 4).unwrap_or(0));
    for n in BATCHES {
        let terms = terms(bed, DAY).await?;
        let pairs = (0u64..).zip(consumers.0.iter().zip(&providers.0)).take(n);
        let deals: Vec<Deal> = pairs
            .map(|(place, (consumer, provider))| Deal {
                consumer: consumer.id.0,
                provider: provider.id.0,
                price: price(place),
                lots: lots(place),
            })
            .collect();
        lease(bed, "at escrow, mixed", &deals, terms).await?;
    }
    openers(bed, None).await
}

/// Lets somebody open leases beside the auction.
pub(super) async fn openers(bed: &Bed, more: Option<&Signer>) -> anyhow::Result<()> {
    let mut openers = vec![bed.contracts.auction.clone()];
    openers.extend(more.map(|signer| signer.address().to_owned()));
    bed.send(&bed.admin, vec![bed.escrow(&Escrow::SetOpeners { openers })?]).await?;
    Ok(())
}

/// Leases to open together.
pub(super) struct Opening {
    /// How many.
    pub(super) n: usize,
    /// The first pair of devices.
    pub(super) from: usize,
    /// Seconds until they expire.
    pub(super) secs: u64,
    /// Lots of each.
    pub(super) lots: u16,
}

/// Locks the money and opens the leases, each in a transaction; their numbers. The limit is twice the
/// price, so half of what is locked goes back, as after a clearing.
pub(super) async fn batch(
    bed: &Bed,
    providers: &Crowd,
    consumers: &Crowd,
    opening: Opening,
) -> anyhow::Result<Vec<u64>> {
    let Opening { n, from, secs, lots } = opening;
    let (consumers, providers) = (consumers.some(from, 1, n), providers.some(from, 1, n));
    let pairs = consumers.iter().zip(&providers);
    let deals: Vec<Deal> = pairs
        .map(|(consumer, provider)| Deal {
            consumer: consumer.id.0,
            provider: provider.id.0,
            price: PRICE,
            lots,
        })
        .collect();
    lease(bed, "at escrow, dense", &deals, terms(bed, secs).await?).await
}

/// One lease to be.
#[derive(Clone, Copy)]
struct Deal {
    consumer: u32,
    provider: u32,
    price: u64,
    lots: u16,
}

async fn lease(
    bed: &Bed,
    how: &'static str,
    deals: &[Deal],
    terms: Terms,
) -> anyhow::Result<Vec<u64>> {
    let close_bond = bed.market.close_bond.u64();
    let unlock = |deal: &Deal| {
        let limit = deal.price.saturating_mul(deal.lots.into()).saturating_mul(2);
        limit.saturating_add(close_bond)
    };
    let lock = |deal: &Deal| LockItem {
        device: deal.consumer,
        amount: unlock(deal),
        relay_fee: 0,
        flags: 0,
    };
    let locks: Vec<LockItem> = deals.iter().map(lock).collect();
    let open = |deal: &Deal| OpenItem {
        consumer: deal.consumer,
        provider: deal.provider,
        price: deal.price,
        lots: deal.lots,
        unlock: unlock(deal),
        fee: bed.market.lot_fee.u64(),
        demand: 0,
        flags: 0,
    };
    let opens: Vec<OpenItem> = deals.iter().map(open).collect();
    let keeper = bed.keeper.address().to_owned();
    let items = LockItem::pack(&locks).into();
    let lock = Escrow::Lock { asset: AssetId(1), relayer: keeper.clone(), items };
    let row = |what| Row { what, how, n: deals.len(), by: &bed.keeper };
    bed.measure(row("lock"), vec![bed.escrow(&lock)?]).await?;
    let items = OpenItem::pack(&opens).into();
    let open = Escrow::Open { terms, beneficiary: Some(keeper), items };
    opened(&bed.measure(row("open"), vec![bed.escrow(&open)?]).await?)
}

/// The leases that a transaction opened.
pub(super) fn opened(done: &TxResult) -> anyhow::Result<Vec<u64>> {
    let event = done.events.iter().find_map(|event| LeasesOpened::try_from(event).ok());
    Ok(event.context("no lease was opened")?.leases)
}

/// Terms of a lease from now on.
pub(super) async fn terms(bed: &Bed, secs: u64) -> anyhow::Result<Terms> {
    let start = bed.now().await?;
    Ok(Terms {
        market: MarketId(1),
        epoch: 0,
        asset: AssetId(1),
        start: Uint64::new(start),
        end: Uint64::new(start.saturating_add(secs)),
        lot_units: bed.market.lot_units,
        settle_secs: bed.market.settle_secs,
        settle_blocks: bed.market.settle_blocks,
        notice_secs: bed.market.notice_secs,
        exposure_cap: Uint64::new(PRICE),
        close_bond: bed.market.close_bond,
    })
}
