//! Futures: issue, buy, transfer, exercise, and a series with a thousand positions settled.

use super::bed::{Bed, PRICE, Row, ucap};
use super::crowd::{Crowd, Member};
use anyhow::Context as _;
use caplet_api::auction::ExecuteMsg as Auction;
use caplet_api::escrow::ExecuteMsg as Escrow;
use caplet_api::event::SeriesIssued;
use caplet_api::futures::{ExecuteMsg, IssueInput, MAX_ITEMS, Sale};
use caplet_chain::Msg;
use caplet_protocol::{Bps, DeviceId, Lots, MarketId};
use std::time::Duration;

/// A market of short slots, so that a series is over while one waits.
const SLOT_SECS: u32 = 60;
/// Positions of the series that is settled.
const POSITIONS: usize = 1_000;
/// Positions that one transaction buys.
const CHUNK: usize = 100;

/// Measures and prints.
pub(super) async fn futures(bed: &Bed, providers: &Crowd, consumers: &Crowd) -> anyhow::Result<()> {
    openers(bed).await?;
    let seller = providers.0.first().context("no provider")?.id;
    let mut market = bed.market.clone();
    market.slot_secs = SLOT_SECS;
    bed.send(&bed.admin, vec![bed.auction(&Auction::CreateMarket(market))?]).await?;
    let market = MarketId(3);
    let lots = Some(Lots(u16::MAX));
    let declare = Auction::SetCapacity { market, device: seller, lots };
    let fund = Msg::execute_with(
        &bed.contracts.escrow,
        &Escrow::Deposit { account: None },
        ucap(10_000_000),
    )?;
    bed.send(&bed.seller, vec![fund, bed.auction(&declare)?]).await?;
    let slot = bed.now().await?.checked_div(SLOT_SECS.into()).context("no slot")?;
    let first = u32::try_from(slot.saturating_add(3))?;
    let series = issue(bed, market, seller, first).await?;
    let traders = consumers.some(0, 1, POSITIONS.saturating_add(CHUNK));
    trade(bed, series, &traders).await?;
    // over before anything is settled
    let over = u64::from(first).saturating_add(1).saturating_mul(SLOT_SECS.into());
    while bed.now().await? < over {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    settle(bed, series, &traders).await
}

/// Lets futures, pools and the gateway lock money, beside the auction.
pub(super) async fn openers(bed: &Bed) -> anyhow::Result<()> {
    let all = &bed.contracts;
    let gateway = bed.keeper.address().to_owned();
    let ahead = all.futures.iter().chain(&all.pools).chain(std::iter::once(&gateway));
    let openers = std::iter::once(&all.auction).chain(ahead).cloned().collect();
    bed.send(&bed.admin, vec![bed.escrow(&Escrow::SetOpeners { openers })?]).await?;
    Ok(())
}

fn call(bed: &Bed, msg: &ExecuteMsg) -> anyhow::Result<Msg> {
    let futures = bed.contracts.futures.as_ref().context("the deployment has no futures")?;
    Ok(Msg::execute(futures, msg)?)
}

async fn issue(bed: &Bed, market: MarketId, device: DeviceId, first: u32) -> anyhow::Result<u32> {
    let input = IssueInput {
        device,
        market,
        latency: 0,
        throughput: 0,
        accuracy: 0,
        tags: 0,
        first_slot: first,
        slots: 1,
        lots: Lots(2_000),
        sale: Sale::Fixed { price: PRICE.into() },
        reservation: Bps(10_000),
        collateral: 2_000_000u64.into(),
    };
    let row = Row { what: "issue", how: "a series of a slot", n: 1, by: &bed.seller };
    let done = bed.measure(row, vec![call(bed, &ExecuteMsg::Issue(input))?]).await?;
    let issued = done.events.iter().find_map(|event| SeriesIssued::try_from(event).ok());
    Ok(issued.context("no series was issued")?.series)
}

/// Buys a position for each trader; one and a hundred move to the next, and one and ten are exercised.
async fn trade(bed: &Bed, series: u32, traders: &[Member]) -> anyhow::Result<()> {
    let buy = |member: &Member| {
        call(bed, &ExecuteMsg::Buy { series, device: member.id, from: 0, to: 1, lots: Lots(1) })
    };
    let (first, rest) = traders.split_at(1);
    for (round, group) in [first].into_iter().chain(rest.chunks(CHUNK)).enumerate() {
        let msgs = group.iter().map(buy).collect::<anyhow::Result<Vec<Msg>>>()?;
        let row = Row { what: "buy", how: "a position", n: msgs.len(), by: &bed.buyer };
        if round < 2 {
            bed.measure(row, msgs).await?;
        } else {
            bed.send(row.by, msgs).await?;
        }
    }
    // the last hundred give theirs to the first, which leaves a thousand positions
    let (kept, given) = traders.split_at(traders.len().saturating_sub(CHUNK));
    let pairs: Vec<(&Member, &Member)> = given.iter().zip(kept).collect();
    let transfer = |(from, to): &(&Member, &Member)| {
        let (from, to) = (from.id, to.id);
        call(bed, &ExecuteMsg::Transfer { series, from, to, first: 0, end: 1, lots: Lots(1) })
    };
    let (one, more) = pairs.split_at(1);
    for group in [one, more] {
        let msgs = group.iter().map(transfer).collect::<anyhow::Result<Vec<Msg>>>()?;
        let row = Row { what: "transfer", how: "a position", n: msgs.len(), by: &bed.buyer };
        bed.measure(row, msgs).await?;
    }
    let exercise = |member: &Member| {
        let (device, lots) = (member.id, Lots(1));
        call(bed, &ExecuteMsg::Exercise { series, device, slot: 0, lots, consumer: None })
    };
    // those that hold two keep one
    for group in [kept.get(..1), kept.get(1..11)] {
        let group = group.context("too few positions")?;
        let msgs = group.iter().map(exercise).collect::<anyhow::Result<Vec<Msg>>>()?;
        let row = Row { what: "exercise", how: "opens a lease", n: msgs.len(), by: &bed.buyer };
        bed.measure(row, msgs).await?;
    }
    Ok(())
}

/// One position, a hundred in a message, and the rest of the thousand in one transaction.
async fn settle(bed: &Bed, series: u32, traders: &[Member]) -> anyhow::Result<()> {
    let settle = |group: &[Member]| {
        let devices = group.iter().map(|member| member.id).collect();
        call(bed, &ExecuteMsg::Settle { series, devices })
    };
    let positions = traders.get(..POSITIONS).context("too few positions")?;
    let (one, rest) = positions.split_at(1);
    let (hundred, rest) = rest.split_at(MAX_ITEMS);
    for (how, group) in
        [("a position", one), ("a hundred in a message", hundred), ("the rest of a thousand", rest)]
    {
        let msgs = group.chunks(MAX_ITEMS).map(settle).collect::<anyhow::Result<Vec<Msg>>>()?;
        let row = Row { what: "settle positions", how, n: group.len(), by: &bed.keeper };
        bed.measure(row, msgs).await?;
    }
    Ok(())
}
