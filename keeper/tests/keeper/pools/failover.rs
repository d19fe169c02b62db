//! A lease on a pool survives the member that serves it.

use super::stand::{DEPOSIT, LOT, MEMBERS, STAKE, Stand, keeper_signer};
use crate::common::{units, until};
use caplet::keeper::Keeper;
use caplet_api::escrow::LeaseState;
use caplet_protocol::LeaseId;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// An application: one request for the stream of events, made once; how many events came on it.
async fn application(keeper: &Keeper, alias: &str) -> Arc<AtomicU64> {
    let desk = keeper.fabric().unwrap().desk();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = format!("http://{desk}/v1/caps/{alias}/events");
    let mut events = http.get(url).send().await.unwrap().error_for_status().unwrap();
    let heard = Arc::<AtomicU64>::default();
    let hears = Arc::clone(&heard);
    keeper.context().tasks.spawn("application", async move {
        while let Ok(Some(bytes)) = events.chunk().await {
            let data = String::from_utf8_lossy(&bytes).matches("data:").count();
            hears.fetch_add(data as u64, Ordering::SeqCst);
        }
        Ok(())
    });
    heard
}

/// The most that a keeper's consumer room has counted on its only lease.
fn counted(keeper: &Keeper) -> Arc<AtomicU64> {
    let most = Arc::<AtomicU64>::default();
    let consumers = keeper.fabric().unwrap().consumers().clone();
    let (noted, stop) = (Arc::clone(&most), keeper.context().tasks.stop_token());
    keeper.context().tasks.spawn("count", async move {
        while !stop.is_cancelled() {
            let units = consumers.counted().values().copied().next().unwrap_or(0);
            noted.fetch_max(units, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok(())
    });
    most
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_on_a_pool_is_served_on_by_another_member_when_its_member_dies() {
    let (mut stand, third) = Stand::new().await;
    let [first, second] = stand.members().await;
    let before = stand.wealth(stand.owner()).await;
    let most = counted(&third);
    let _reader = stand.reader(&third).await;
    let notice = stand.leased().await;
    let lease = LeaseId(notice.lease);
    until("ten readings", async || Some(units(&third)).filter(|n| *n >= 10)).await;
    assert_eq!(stand.serves(lease).await, Some(MEMBERS[0]), "the older of two alike serves first");
    let heard = application(&third, &notice.alias).await;
    until("an event", async || Some(()).filter(|()| heard.load(Ordering::SeqCst) > 0)).await;

    // nothing of it gets time to say good-bye
    first.stop(Duration::ZERO).await;
    let counted = units(&third);
    assert!(counted < LOT, "it died too late to show anything");
    let member = until("the takeover", async || {
        stand.serves(lease).await.filter(|member| *member != MEMBERS[0])
    })
    .await;
    assert_eq!(member, MEMBERS[1]);
    let at_takeover = (units(&third), heard.load(Ordering::SeqCst));
    until("readings of the other member", async || {
        Some(()).filter(|()| units(&third) > at_takeover.0 + 5)
    })
    .await;
    until("events on the request that was made before", async || {
        Some(()).filter(|()| heard.load(Ordering::SeqCst) > at_takeover.1 + 5)
    })
    .await;
    let on = stand.lease(lease).await;
    assert_eq!((on.state, on.price.u64()), (LeaseState::Open, notice.price), "at the same price");

    // the units of the lot were counted once, and paid once
    stand.closed(lease).await;
    until("the last one to be counted too, though it was paid for ahead", async || {
        (most.load(Ordering::SeqCst) >= LOT).then_some(())
    })
    .await;
    assert_eq!(most.load(Ordering::SeqCst), LOT, "no unit was counted twice");
    let (redeemed, roll) = stand.settled(&notice, before).await;
    assert_eq!(redeemed, notice.price, "all of the lot, and no more");
    // who died has paid who took over, from its stake
    let penalty = notice.price / 10;
    assert_eq!((roll[0].stake.u64(), roll[1].stake.u64()), (STAKE - penalty, STAKE));
    assert!(stand.wealth(keeper_signer(2).address()).await >= DEPOSIT + u128::from(penalty));
    stand.end([second, third]).await;
}
