//! A member whose device is dead behind a gateway that lives.

use super::stand::{MEMBERS, STAKE, Stand};
use crate::common::{units, until};
use caplet_protocol::LeaseId;
use caplet_simulator::Fault;

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_hands_the_lease_of_a_device_that_is_dead_on_and_the_next_serves() {
    let (mut stand, third) = Stand::new().await;
    // gateways all live: nobody is to be challenged
    stand.patience_secs = 180;
    let [first, second] = stand.members().await;
    let _reader = stand.reader(&third).await;
    let notice = stand.leased().await;
    let lease = LeaseId(notice.lease);
    until("ten readings", async || Some(()).filter(|()| units(&third) >= 10)).await;
    assert_eq!(stand.serves(lease).await, Some(MEMBERS[0]), "the older of two alike serves first");

    // it stays connected, and answers nothing any more
    stand.misbehaves(1, Fault::Silent);
    let member = until("the lease to be handed on", async || {
        stand.serves(lease).await.filter(|member| *member != MEMBERS[0])
    })
    .await;
    assert_eq!(member, MEMBERS[1]);
    let at_handover = units(&third);
    until("readings of the other member", async || {
        Some(()).filter(|()| units(&third) > at_handover + 5)
    })
    .await;
    // who says so himself pays nothing, and is no member that leaves
    let roll = stand.roll().await;
    assert_eq!([roll[0].stake.u64(), roll[1].stake.u64()], [STAKE; 2]);
    assert!(roll.iter().all(|member| member.leaves.is_none()), "{roll:?}");
    assert_eq!(stand.serves(lease).await, Some(MEMBERS[1]), "it is not passed back");
    assert!(!first.context().tasks.stop_token().is_cancelled(), "its gateway lives");
    stand.end([first, second, third]).await;
}
