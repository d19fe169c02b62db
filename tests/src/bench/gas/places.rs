//! Placing orders, packed and written out, and taking an offer at once.

use super::bed::{Bed, PLACED, Row};
use super::crowd::{Crowd, Member};
use super::orders::{Terms, relay_demands, relay_offers, written_demand, written_offer};
use anyhow::Context as _;
use caplet_api::auction::ExecuteMsg as Auction;
use caplet_api::event::OrdersPlaced;
use caplet_chain::{Msg, TxResult};
use caplet_protocol::OrderId;
use cosmwasm_std::Uint64;

const DAY: u64 = 86_400;
/// Offers taken in one transaction.
const TAKEN: usize = 10;

/// One order written out, then packed: one, ten, a hundred of neighbouring devices, a hundred of
/// every fourth.
pub(super) async fn place(bed: &Bed, providers: &Crowd, consumers: &Crowd) -> anyhow::Result<()> {
    let domain = bed.domain(&bed.contracts.auction).await?;
    let not_after = bed.now().await?.saturating_add(DAY);
    let mut sequence = 0u32;
    // class and vector exist once somebody has placed an order
    for (how, every, n) in [
        ("", 1, 1),
        ("packed", 1, 1),
        ("packed", 1, 10),
        ("packed", 1, 100),
        ("packed, every 4th device", 4, 100),
    ] {
        sequence = sequence.saturating_add(1);
        let offer = Terms::new(PLACED, sequence, not_after);
        let of = |crowd: &Crowd, terms: Terms| -> Vec<(Member, Terms)> {
            crowd.some(0, every, n).into_iter().map(|member| (member, terms)).collect()
        };
        let offers = relay_offers(bed, &domain, &of(providers, offer))?;
        let demands = relay_demands(bed, &domain, &of(consumers, offer.limit()))?;
        for (what, msg) in [("place offers", offers), ("place demands", demands)] {
            send(bed, what, how, n, msg).await?;
        }
    }
    let offer = Terms::new(PLACED, sequence.saturating_add(1), not_after);
    for (what, offers, demands) in [
        ("place offers", providers.some(0, 1, 1), Vec::new()),
        ("place demands", Vec::new(), consumers.some(0, 1, 1)),
    ] {
        let place = Auction::Place {
            market: PLACED,
            offers: offers.iter().map(|m| written_offer(m, offer, &domain)).collect(),
            demands: demands.iter().map(|m| written_demand(m, offer.limit(), &domain)).collect(),
        };
        send(bed, what, "JSON", 1, bed.auction(&place)?).await?;
    }
    Ok(())
}

/// Without a name for the manner, nothing is measured.
async fn send(
    bed: &Bed,
    what: &'static str,
    how: &'static str,
    n: usize,
    msg: Msg,
) -> anyhow::Result<()> {
    if how.is_empty() {
        bed.send(&bed.keeper, vec![msg]).await?;
    } else {
        bed.measure(Row { what, how, n, by: &bed.keeper }, vec![msg]).await?;
    }
    Ok(())
}

/// Takes offers of one page: one, and several in as many messages.
pub(super) async fn take(bed: &Bed, providers: &Crowd, consumers: &Crowd) -> anyhow::Result<()> {
    let domain = bed.domain(&bed.contracts.auction).await?;
    let not_after = bed.now().await?.saturating_add(DAY);
    let offer = Terms { instant: 2, ..Terms::new(PLACED, 100, not_after) };
    let offers: Vec<_> = providers.some(0, 1, TAKEN).into_iter().map(|m| (m, offer)).collect();
    let relay = relay_offers(bed, &domain, &offers)?;
    let page = placed(&bed.send(&bed.keeper, vec![relay]).await?)?.page;
    for (sequence, n) in [(100, 1), (101, TAKEN)] {
        let limit = Terms::new(PLACED, sequence, not_after).limit();
        let takers = consumers.some(0, 1, n);
        let takes = takers.iter().zip(0..=u8::MAX).map(|(taker, slot)| {
            bed.auction(&Auction::Take {
                offer: Uint64::new(OrderId { page, slot }.to_u64()),
                demand: written_demand(taker, limit, &domain),
                market: PLACED,
                lease: None,
            })
        });
        let msgs = takes.collect::<anyhow::Result<_>>()?;
        bed.measure(Row { what: "take", how: "a message each", n, by: &bed.keeper }, msgs).await?;
    }
    Ok(())
}

/// The page that a transaction placed.
pub(super) fn placed(done: &TxResult) -> anyhow::Result<OrdersPlaced> {
    let event = done.events.iter().find_map(|event| OrdersPlaced::try_from(event).ok());
    event.context("no page was placed")
}
