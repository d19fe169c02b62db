//! Keepers that die at a bad moment.

use super::lives::Deal;
use super::stage::until;
use caplet::settler::vouchers;
use caplet_api::escrow::LeaseState;
use caplet_api::event::Settled;
use caplet_chain::Chain as _;
use caplet_protocol::Lane;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_keeper_forgets_no_voucher_and_redeems_none_twice() {
    let mut deal = Deal::new().await;
    let leases = deal.leases(4).await;
    for (round, wait_ms) in [0u64, 15, 40, 90].into_iter().enumerate() {
        let amount = 50 * (round as u128 + 1);
        for lease in &leases {
            deal.accept(&deal.voucher(lease.id, amount, [0; 32], false), None);
        }
        tokio::time::sleep(Duration::from_millis(wait_ms)).await;
        deal.serving.context().tasks.drain(Duration::ZERO).await;
        deal.serving = deal.stage.keeper(1, |_| ()).await;
        let kept = vouchers::best(&deal.serving.context().store, leases[0].id, Lane(0)).unwrap();
        assert_eq!(kept.unwrap().item.voucher.amount, amount);
    }
    let table = deal.serving.leases().clone();
    until("everything vouched for to be redeemed", async || {
        let all =
            leases.iter().all(|lease| table.get(lease.id).is_some_and(|l| l.redeemed() == 200));
        all.then_some(())
    })
    .await;
    let mut paid = 0;
    for height in 1..=deal.stage.chain.head().await.unwrap().height {
        for event in deal.stage.chain.block_events(height).await.unwrap() {
            paid += Settled::try_from(&event).map_or(0, |settled| settled.paid.iter().sum::<u64>());
        }
    }
    assert_eq!(paid, 4 * 200);
    deal.stage.check_money().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_keeper_that_slept_through_the_events_finds_its_leases_again() {
    let mut deal = Deal::new().await;
    let [lease] = deal.leases(1).await.try_into().unwrap();
    let demand = deal.serving.leases().get(lease.id).unwrap().demand;
    let buying = deal.buying.leases().clone();
    until("the consumer's gateway to see it", async || buying.get(lease.id)).await;
    deal.serving.context().tasks.drain(Duration::ZERO).await;
    deal.expire().await;
    until("the lease to end without it", async || {
        let seen = buying.get(lease.id)?;
        (seen.state == LeaseState::Closed).then_some(())
    })
    .await;
    deal.serving = deal.stage.keeper(1, |_| ()).await;
    let found = until("it to find the lease", async || deal.serving.leases().get(lease.id)).await;
    assert_eq!((found.state, found.demand), (LeaseState::Closed, demand));
    deal.over(lease.id).await;
}
