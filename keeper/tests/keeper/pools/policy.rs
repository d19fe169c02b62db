//! Joining, offering and leaving by the policy file alone.

use super::stand::{DEPOSIT, LOT, MEMBERS, STAKE, Stand, keeper_signer};
use crate::common::{units, until};
use caplet_protocol::LeaseId;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn a_member_that_is_to_leave_hands_its_lease_on_without_a_penalty_and_the_session_moves() {
    let (mut stand, third) = Stand::new().await;
    // a restart is no silence here
    stand.patience_secs = 180;
    let [first, second] = stand.members().await;
    let _reader = stand.reader(&third).await;
    let notice = stand.leased().await;
    let lease = LeaseId(notice.lease);
    until("a reading", async || Some(()).filter(|()| units(&third) > 0)).await;
    assert_eq!(stand.serves(lease).await, Some(MEMBERS[0]));

    // the policy file is changed: no lots any more
    first.stop(Duration::from_secs(10)).await;
    let first = stand.keeper(1, |c| c.forward.join = vec![stand.joins(1, 0)]).await;
    until("the lease to be handed on", async || {
        stand.serves(lease).await.filter(|member| *member == MEMBERS[1])
    })
    .await;
    let at_handover = units(&third);
    until("readings of the other member", async || {
        Some(()).filter(|()| units(&third) > at_handover)
    })
    .await;
    let roll = stand.roll().await;
    assert!(roll[0].leaves.is_some() && roll[1].leaves.is_none(), "{roll:?}");
    assert_eq!((roll[0].stake.u64(), roll[1].stake.u64()), (STAKE, STAKE), "nobody failed");
    let closed = stand.closed(lease).await;
    assert_eq!((notice.lot, closed.lanes[0].redeemed.u64()), (LOT, notice.price));
    stand.end([first, second, third]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_joins_and_leaves_by_the_policy_file_and_offers_nothing_of_its_own_meanwhile() {
    let (stand, third) = Stand::new().await;
    let [first, second] = stand.members().await;
    let roll = until("both members to be admitted", async || {
        Some(stand.roll().await).filter(|roll| roll.iter().filter(|m| m.active).count() == 2)
    })
    .await;
    assert!(roll.iter().all(|member| (member.lots.0, member.stake.u64()) == (1, STAKE)));
    let pool = stand.config().await.device.unwrap();
    let market = stand.config().await.market;
    until("the pool to be offered", async || {
        Some(()).filter(|()| !second.books().offers_of(market, pool).is_empty())
    })
    .await;
    let offers = second.books().offers_of(market, pool);
    assert_eq!((offers.len(), offers[0].instant), (1, 1), "all but the spare, once");
    for member in MEMBERS {
        assert!(second.books().offers_of(market, member).is_empty(), "its lot is the pool's");
    }

    // nobody offers for the pool any more, and the members are to leave
    first.stop(Duration::from_secs(10)).await;
    second.stop(Duration::from_secs(10)).await;
    stand.cancel(&offers.iter().map(|offer| offer.id).collect::<Vec<_>>()).await;
    let first = stand.keeper(1, |c| c.forward.join = vec![stand.joins(1, 0)]).await;
    until("the first to have left", async || {
        let roll = stand.roll().await;
        (roll.len() == 1 && roll[0].device == MEMBERS[1]).then_some(())
    })
    .await;
    assert_eq!(stand.wealth(keeper_signer(1).address()).await, DEPOSIT, "its stake is its own");
    until("its own offer", async || {
        Some(()).filter(|()| !first.books().offers_of(market, MEMBERS[0]).is_empty())
    })
    .await;
    stand.end([first, third]).await;
}
