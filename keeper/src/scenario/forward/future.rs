//! A device sells a slot ahead; another's owner prepays it, and its gateway exercises when the slot runs.
//!
//! Owners issue and buy, with transactions of their own. The rest is the keepers': the buyer's exercises by its policy
//! and reads over links, the seller's serves and redeems, and either reckons the lease and closes the series.

use super::Ahead;
use super::scene::Scene;
use super::story::find;
use crate::scenario::cast::letting;
use crate::scenario::counts::Tally;
use anyhow::{Context as _, ensure};
use caplet_api::auction;
use caplet_api::escrow::LeaseState;
use caplet_api::event::SeriesIssued;
use caplet_api::futures::{ExecuteMsg, IssueInput, QueryMsg, Sale, SeriesResponse};
use caplet_chain::{ChainError, ChainExt as _};
use caplet_protocol::{Bps, DeviceId, LeaseId, Lots, MarketId};
use serde::Serialize;

/// The market in which it is sold.
pub(super) const MARKET: MarketId = MarketId(1);
/// Lots that are bought ahead.
pub(super) const LOTS: u16 = 1;
/// Lots that the seller has at a time, and how many of them it lets out on spot.
const CAPACITY: u16 = 2;
const SPOT: u32 = 1;
/// Percent of the base price that it asks on spot: nobody takes that.
const DEAR: u64 = 2_000;
/// Seconds for which the buyer's gateway may act for its owner.
const TRUSTED: u64 = 600;
/// Slots from the one that runs to the one that is sold: time enough to buy it.
const AHEAD: u64 = 2;

/// Names of seller and buyer.
const SELLER: &str = "meadow-1";
pub(super) const BUYER: &str = "planner-1";

/// A lease that a prepaid lot opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Exercised {
    /// Its number.
    pub lease: u64,
    /// The strike, base units a lot.
    pub strike: u64,
    /// Units that the consumer's gateway counted.
    pub units: u64,
    /// Units counted and not paid for, or paid for and not counted.
    pub units_lost: u64,
}

/// A series of which everything is bought.
pub(super) struct Bought {
    series: u32,
    strike: u64,
    seller: DeviceId,
    buyer: DeviceId,
}

/// Enrols the seller, issues a series of one slot and buys it.
///
/// # Errors
/// If the chain refuses anything.
pub(super) async fn buy(scene: &mut Scene<'_>, futures: &str) -> anyhow::Result<Bought> {
    let (story, buyer) = (scene.story, scene.planner);
    story.step("a device sells a slot ahead; another's owner prepays it");
    let stage = story.set.stage;
    let (owner, payer) = (&stage.providers[0], &stage.payers[1]);
    let market = story.market(MARKET).await?;
    let lets = vec![letting(DEAR, SPOT, &market, scene.assets())];
    let seller = scene.neighbour((SELLER, owner), lets).await?;
    let declare = auction::ExecuteMsg::SetCapacity {
        market: MARKET,
        device: seller,
        lots: Some(Lots(CAPACITY)),
    };
    story.tell(owner, &stage.deployment.contracts.auction, &declare).await?;
    let slot = story.now().await?.checked_div(market.config.slot_secs.into()).unwrap_or(0);
    let strike = u64::from(market.base.0).saturating_mul(market.config.tick_size.u64());
    let input = IssueInput {
        device: seller,
        market: MARKET,
        latency: 0,
        throughput: 0,
        accuracy: 0,
        tags: 0,
        first_slot: u32::try_from(slot.saturating_add(AHEAD))?,
        slots: 1,
        lots: Lots(LOTS),
        sale: Sale::Fixed { price: strike.into() },
        reservation: Bps(10_000),
        collateral: strike.saturating_mul(u64::from(LOTS)).saturating_mul(2).into(),
    };
    let issued = story.tell(owner, futures, &ExecuteMsg::Issue(input)).await?;
    let issued: SeriesIssued = find(&issued).context("no series was issued")?;
    let series = issued.series;
    let until = story.now().await?.saturating_add(TRUSTED).into();
    let operator = stage.pool[2].address().to_owned();
    story.tell(payer, futures, &ExecuteMsg::Approve { operator, until }).await?;
    let buy = ExecuteMsg::Buy { series, device: buyer, from: 0, to: 1, lots: Lots(LOTS) };
    story.tell(payer, futures, &buy).await?;
    Ok(Bought { series, strike, seller, buyer })
}

/// Waits until the lease that the buyer's gateway opened is used up, and the series is gone.
///
/// # Errors
/// If nothing is exercised, or not at the strike, or the keepers do not clear up.
pub(super) async fn delivered(
    scene: &mut Scene<'_>,
    futures: &str,
    bought: &Bought,
    ahead: &mut Ahead,
) -> anyhow::Result<()> {
    let story = scene.story;
    let lease = LeaseId(scene.people.leased(bought.buyer).await?.lease);
    scene.people.show(BUYER, lease, &scene.counts);
    let closed = story
        .until("the lease of the prepaid lot to be used up", async || {
            let found = story.lease(lease).await?;
            Ok((found.state == LeaseState::Closed).then_some(found))
        })
        .await?;
    let parties = (closed.provider, closed.consumer);
    ensure!(parties == (bought.seller, bought.buyer), "lease {lease} is another's: {parties:?}");
    ensure!(closed.price.u64() == bought.strike, "{} is not the strike", closed.price);
    story
        .until("the series to be closed", async || {
            let ask = QueryMsg::Series { series: bought.series };
            match story.set.stage.chain.query::<_, SeriesResponse>(futures, &ask).await {
                Ok(_) => Ok(None),
                Err(ChainError::Query { .. }) => Ok(Some(())),
                Err(error) => Err(error.into()),
            }
        })
        .await?;
    let tally = Tally::of(&closed, scene.counts.of(lease))?;
    let (units, units_lost) = (tally.counted, tally.lost());
    ahead.exercised = Some(Exercised { lease: lease.0, strike: bought.strike, units, units_lost });
    ahead.futures_exercised = ahead.futures_exercised.saturating_add(1);
    Ok(())
}
