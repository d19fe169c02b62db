//! A lease on a pool that a constrained device uses by itself, over MQTT, survives the member that serves it.

use super::stand::{MEMBERS, READINGS, Stand};
use crate::common::{Goods, until};
use caplet_api::escrow::LeaseState;
use caplet_protocol::LeaseId;
use std::time::Duration;

/// Readings, of which a device takes one with each call: long enough for a death and a takeover.
const MANY: Goods = Goods { lot: 400, ..READINGS };
/// A voucher is signed for each eighth of them.
const STEP: u64 = MANY.lot / 8;

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_reads_over_mqtt_reads_on_from_another_member_when_its_member_dies() {
    let (mut stand, third) = Stand::of(MANY).await;
    let [first, second] = stand.members().await;
    let before = stand.wealth(stand.owner()).await;
    let _reader = stand.constrained_reader(&third).await;
    let notice = stand.leased().await;
    let lease = LeaseId(notice.lease);
    stand.used(lease, STEP).await;
    assert_eq!(stand.serves(lease).await, Some(MEMBERS[0]), "the older of two alike serves first");
    until("what it served to be redeemed", async || {
        let redeemed = stand.lease(lease).await.lanes[0].redeemed.u64();
        (redeemed > 0).then_some(())
    })
    .await;

    // nothing of it gets time to say good-bye
    first.stop(Duration::ZERO).await;
    let at_death = stand.used_so_far(lease).max(STEP);
    assert!(at_death < MANY.lot, "it died too late to show anything");
    let member = until("the takeover", async || {
        stand.serves(lease).await.filter(|member| *member != MEMBERS[0])
    })
    .await;
    assert_eq!(member, MEMBERS[1]);
    let at_takeover = stand.used_so_far(lease).max(at_death);
    stand.used(lease, at_takeover + 5).await;
    let on = stand.lease(lease).await;
    assert_eq!((on.state, on.price.u64()), (LeaseState::Open, notice.price), "at the same price");

    // what the device counted, of both members, is what was paid for; if its slot ends first, one may be on its way then
    stand.closed(lease).await;
    let counted = stand.used_so_far(lease).max(at_takeover + 5);
    assert!(counted <= MANY.lot, "{counted} of {} were used", MANY.lot);
    let (redeemed, _) = stand.settled(&notice, before).await;
    let owed = |units: u64| units * notice.price / MANY.lot;
    let late = u64::from(counted < MANY.lot);
    let paid = owed(counted - late)..=owed(counted);
    assert!(paid.contains(&redeemed), "{redeemed} redeemed for {counted}, {paid:?} are due");
    stand.end([second, third]).await;
}
