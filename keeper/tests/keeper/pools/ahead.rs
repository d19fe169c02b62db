//! What a pool sells ahead: its manager's keeper has it issued by policy, and keeps the manager's collateral within limits.

use super::stand::{DEPOSIT, MARKET, SLOT_SECS, STRANGERS, Stand, find, keeper_signer, signer};
use crate::common::until;
use caplet::config::{Config, IssueConfig};
use caplet_api::auction;
use caplet_api::event::SeriesIssued;
use caplet_api::futures::{self, IssueInput, Sale, SeriesResponse};
use caplet_api::pool::{ConfigResponse, ExecuteMsg as Pool};
use caplet_chain::Msg;
use caplet_protocol::{Bps, DeviceId, Lots};
use std::time::Duration;

/// What a lot was sold ahead for.
const STRIKE: u64 = 1_000;
/// What the manager puts up for it: more than the margin asks for.
const PUT_UP: u64 = 400;
/// What trades later go for, and what the margin asks for then: a fifth more, a tenth of the strike, less the strike.
const RISEN: u64 = 1_300;
const ASKED: u64 = 660;
/// With the buffer of a twentieth; and what the keeper may bind.
const WANTED: u64 = 693;
const LIMIT: u64 = 700;
/// Slots of a window that is sold by policy, and windows on sale at a time. Of the nearest one the lots may be on offer.
const WINDOW: u16 = 2;
const WINDOWS: u16 = 3;

/// The second keeper's account manages the pool.
fn policy(stand: &Stand, config: &mut Config) {
    config.forward.join = vec![stand.joins(2, 1)];
    config.forward.offer = vec![stand.offers()];
    config.forward.most_collateral = LIMIT;
}

/// All that the pool may sell, some windows ahead, at what the market is worth.
fn sold_ahead(pool: &ConfigResponse, backer: DeviceId) -> IssueConfig {
    IssueConfig {
        device: pool.device.unwrap().0,
        market: pool.market.0,
        backer: Some(backer.0),
        tiers: [0; 3],
        tags: 0,
        declare: 0,
        reserve_bps: 10_000,
        window_slots: WINDOW,
        ahead: WINDOWS,
        quantile_bps: 5_000,
        least: 10,
        reservation_bps: 10_000,
    }
}

/// Both members count.
async fn admitted(stand: &Stand) {
    until("both members to be admitted", async || {
        let counting = stand.roll().await.iter().filter(|member| member.active).count();
        (counting == 2).then_some(())
    })
    .await;
}

/// Lots of a device that are reserved in a slot.
async fn reserved(stand: &Stand, device: DeviceId, slot: u32) -> u16 {
    let (first_slot, slots) = (Some(slot), Some(1));
    let ask = auction::QueryMsg::Capacity { market: MARKET, device, first_slot, slots };
    let found: auction::CapacityResponse =
        stand.ask(&stand.deployment.contracts.auction, &ask).await;
    found.slots[0].reserved.0
}

/// The manager has the pool issue a lot in a slot that is far ahead, with a device of its own behind it that is enrolled
/// at no gateway; the series.
async fn issue(stand: &Stand, futures: &str) -> u32 {
    let manager = keeper_signer(2);
    let backer = stand.stranger(90, &manager).await;
    let known = stand.config().await;
    let (operator, until) = (stand.pool.clone(), u64::MAX.into());
    let approve = futures::ExecuteMsg::Approve { operator, until };
    let series = IssueInput {
        device: known.device.unwrap(),
        market: known.market,
        latency: 0,
        throughput: 0,
        accuracy: 0,
        tags: 0,
        first_slot: u32::try_from(stand.now()).unwrap() / SLOT_SECS + 50,
        slots: 1,
        lots: Lots(1),
        sale: Sale::Fixed { price: STRIKE.into() },
        reservation: Bps(10_000),
        collateral: PUT_UP.into(),
    };
    let issue = Pool::Issue { futures: futures.to_owned(), series, backer };
    let msgs =
        vec![Msg::execute(futures, &approve).unwrap(), Msg::execute(&stand.pool, &issue).unwrap()];
    find::<SeriesIssued>(&stand.send(&manager, msgs).await).series
}

/// Three pairs of strangers trade, and one tells the index.
async fn rise(stand: &Stand, futures: &str) {
    let mut leases = Vec::new();
    for (seller, buyer) in STRANGERS {
        let mut devices = [DeviceId(0); 2];
        for (device, owner) in devices.iter_mut().zip([seller, buyer]) {
            stand.open(&signer(owner), 100_000).await;
            *device = stand.stranger(owner, &signer(owner)).await;
        }
        let [sells, buys] = devices;
        leases.push(stand.spot((seller, sells), (buyer, buys), RISEN).await.into());
    }
    let observe = futures::ExecuteMsg::Observe { market: MARKET, leases };
    let (teller, _) = STRANGERS[0];
    stand.send(&signer(teller), vec![Msg::execute(futures, &observe).unwrap()]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_managers_keeper_keeps_the_collateral_of_what_the_pool_sold_ahead_within_limits() {
    let (stand, third) = Stand::new().await;
    let futures = stand.deployment.contracts.futures.clone().unwrap();
    let [first, second] = stand.members().await;
    admitted(&stand).await;
    // the keeper signs with the manager's account: one of them at a time
    second.stop(Duration::from_secs(10)).await;
    let number = issue(&stand, &futures).await;
    let second = stand.keeper(2, |config| policy(&stand, config)).await;
    let series = async || -> SeriesResponse {
        stand.ask(&futures, &futures::QueryMsg::Series { series: number }).await
    };

    let lean = until("what is far too much to be taken back", async || {
        Some(series().await).filter(|series| series.collateral.u64() < PUT_UP)
    })
    .await;
    assert!(u128::from(lean.collateral.u64()) >= lean.required.u128(), "{lean:?}");

    rise(&stand, &futures).await;
    let topped = until("the collateral to follow the price", async || {
        Some(series().await).filter(|series| {
            let asked = u128::from(ASKED);
            series.required.u128() == asked && u128::from(series.collateral.u64()) >= asked
        })
    })
    .await;
    assert_eq!((topped.collateral.u64(), topped.called), (WANTED, None), "with a buffer");
    let manager = stand.wealth(keeper_signer(2).address()).await;
    assert!(manager >= DEPOSIT, "{manager} are left of {DEPOSIT}: collateral is its own still");
    stand.end([first, second, third]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_managers_keeper_has_the_pool_sell_ahead_by_policy_with_the_managers_money_behind_it() {
    let (stand, third) = Stand::new().await;
    let futures = stand.deployment.contracts.futures.clone().unwrap();
    let [first, second] = stand.members().await;
    admitted(&stand).await;
    // the policy file is changed: the manager names a device of its own that is enrolled at no gateway
    second.stop(Duration::from_secs(10)).await;
    let manager = keeper_signer(2);
    let (known, backer) = (stand.config().await, stand.stranger(90, &manager).await);
    let changed = |config: &mut Config| {
        policy(&stand, config);
        config.forward.issue = vec![sold_ahead(&known, backer)];
    };
    let second = stand.keeper(2, changed).await;
    let series = async || -> Vec<SeriesResponse> {
        let ask = futures::QueryMsg::AllSeries { start_after: None, limit: None };
        stand.ask::<futures::SeriesListResponse>(&futures, &ask).await.series
    };

    let issued = until("the pool to sell ahead", async || {
        Some(series().await).filter(|all| !all.is_empty())
    })
    .await;
    let pool = known.device.unwrap();
    for one in &issued {
        assert_eq!((one.seller, one.backer, one.slots), (pool, backer, WINDOW));
        let unsold: Vec<_> = one.unsold.iter().map(|run| (run.from, run.to, run.lots)).collect();
        assert_eq!(unsold, [(0, WINDOW, 1)], "what members can do without their spare");
        assert_eq!(reserved(&stand, pool, one.first_slot).await, 1, "and so not on spot");
        assert!(u128::from(one.collateral.u64()) >= one.required.u128(), "{one:?}");
    }
    let firsts: Vec<u32> = issued.iter().map(|one| one.first_slot).collect();
    assert!(firsts.iter().all(|first| first % u32::from(WINDOW) == 0), "{firsts:?}");
    assert!(firsts.windows(2).all(|two| two[0] != two[1]), "each window once: {firsts:?}");
    let bound: u64 = issued.iter().map(|one| one.collateral.u64()).sum();
    assert!(bound <= LIMIT, "{bound} are bound");
    // the collateral is ordered in the manager's account; the pool is approved for as long as issuing takes
    let wealth = stand.wealth(manager.address()).await;
    assert!(wealth >= DEPOSIT, "{wealth} are left of {DEPOSIT}");
    let (owner, operator) = (manager.address().to_owned(), stand.pool.clone());
    let ask = futures::QueryMsg::Operator { owner, operator };
    let approved: futures::OperatorResponse = stand.ask(&futures, &ask).await;
    let hours = 2 * 3_600;
    assert!((1..=stand.now() + hours).contains(&approved.until.u64()), "{approved:?}");
    stand.end([first, second, third]).await;
}
