//! Chains that are away, full, halted, reset, or whose time jumps.

use super::ground::Ground;
use crate::money::stage::{LEASE_SECS, PROVIDER, Stage, lasting, signer, until};
use caplet::settler::closings::By;
use caplet_api::escrow::{CloseReason, LeaseState};
use caplet_chain::{Chain as _, Coin, Msg};
use std::sync::Arc;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_restarts_and_forgets_its_mempool_costs_nobody_anything() {
    let mut ground = Ground::new().await;
    let leases = ground.leases(4).await;
    ground.in_the_weather().await;
    let mut amount = 0;
    for round in 1..=4u32 {
        ground.weather.lose(round);
        amount += 50;
        ground.vouch(&leases, amount.into());
        tokio::time::sleep(Duration::from_millis(30)).await;
        ground.weather.down(true);
        amount += 50;
        ground.vouch(&leases, amount.into());
        tokio::time::sleep(Duration::from_millis(60)).await;
        ground.weather.down(false);
    }
    ground.redeemed(&leases, amount).await;
    assert!(ground.weather.lost() > 0, "nothing was lost on the way");
    ground.count(4 * amount).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn full_blocks_delay_what_is_due_and_lose_nothing() {
    let mut ground = Ground::new().await;
    let leases = ground.leases(4).await;
    ground.in_the_weather().await;
    ground.weather.full(true);
    for amount in [100, 200, 300] {
        ground.vouch(&leases, amount);
        tokio::time::sleep(Duration::from_millis(40)).await;
    }
    until("a transaction to find no room", async || (ground.weather.lost() > 0).then_some(()))
        .await;
    ground.count(0).await;
    ground.weather.full(false);
    ground.redeemed(&leases, 300).await;
    ground.count(4 * 300).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sequence_that_another_program_uses_up_again_and_again_delays_and_loses_nothing() {
    let mut ground = Ground::new().await;
    let leases = ground.leases(4).await;
    ground.in_the_weather().await;
    for round in 1..=5u128 {
        ground.vouch(&leases, 60 * round);
        // the same account, by a program that knows nothing of the keeper
        let to = signer(PROVIDER).address().to_owned();
        let send = Msg::Send { to, coins: vec![Coin::new(1, "ucap")] };
        // whichever comes first, the other one's sequence is stale
        drop(ground.deal.stage.send(11, send).await);
    }
    ground.redeemed(&leases, 300).await;
    ground.count(4 * 300).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_jumps_past_the_end_of_leases_takes_no_voucher_with_it() {
    let mut ground = Ground::new().await;
    let leases = ground.leases(3).await;
    ground.vouch(&leases, 250);
    let stage = &ground.deal.stage;
    stage.chain.produce(Duration::from_secs(u64::from(LEASE_SECS) * 2)).await.unwrap();
    for lease in &leases {
        let (closed, _) = ground.deal.over(lease.id).await;
        assert_eq!(closed.reason, Some(CloseReason::Expired));
        assert_eq!(closed.redeemed(), 250);
    }
    // reserves are back with the payer, bonds with whoever swept
    assert_eq!(ground.complete().await.locked, 0);
    assert_eq!(super::ground::settled(stage, None).await, 3 * 250);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chain_halted_longer_than_the_window_takes_no_debt_back() {
    let mut ground = Ground::new().await;
    let [lease] = ground.leases(1).await.try_into().unwrap();
    let table = ground.deal.buying.leases().clone();
    until("the consumer's gateway to see it", async || table.get(lease.id)).await;
    ground.deal.closing(lease.id, CloseReason::ConsumerClosed, By::Consumer);
    let serving = ground.deal.serving.leases().clone();
    until("the window to begin", async || {
        serving.get(lease.id).filter(|lease| lease.state == LeaseState::Closing)
    })
    .await;
    let stage = &ground.deal.stage;
    stage.halt(true);
    ground.deal.accept(&ground.deal.voucher(lease.id, 400, [0; 32], false), None);
    // days later it goes on: the window's seconds are over, its blocks are not
    stage.chain.produce(Duration::from_secs(10 * 86_400)).await.unwrap();
    stage.halt(false);
    let (closed, _) = ground.deal.over(lease.id).await;
    assert_eq!(closed.redeemed(), 400);
    assert_eq!(super::ground::settled(stage, None).await, 400);
    assert_eq!(ground.complete().await.locked, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chain_reset_under_the_same_id_is_another_one_and_gets_no_old_voucher() {
    let mut ground = Ground::new().await;
    let leases = ground.leases(2).await;
    ground.deal.serving.context().tasks.drain(Duration::ZERO).await;
    ground.vouch(&leases, 100);
    let backup = ground.deal.stage.backup(1);

    let reset = Stage::reset_with(lasting).await;
    reset.restore(1, &backup);
    let chain = Arc::clone(&reset.chain);
    let refused = reset.keeper_over(1, chain, |_| ()).await.err().unwrap().to_string();
    assert!(refused.contains("was the chain reset?"), "{refused}");
    assert_eq!(super::ground::settled(&reset, None).await, 0);

    // the store is as good as before on the chain it is of
    ground.deal.serving = ground.start(1).await;
    ground.redeemed(&leases, 100).await;
    ground.count(2 * 100).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_quiet_chain_is_not_asked_for_every_counterparty_all_the_time() {
    let mut ground = Ground::new().await;
    let leases = ground.leases(8).await;
    ground.in_the_weather().await;
    ground.vouch(&leases, 10);
    ground.redeemed(&leases, 10).await;
    let (asked, height) = (ground.weather.asked(), ground.deal.stage.chain.watch().borrow().height);
    until("fifty blocks to pass", async || {
        (ground.deal.stage.chain.watch().borrow().height > height + 50).then_some(())
    })
    .await;
    // two devices, asked every ten blocks as they once were, would be ten questions
    let more = ground.weather.asked() - asked;
    assert!(more < 10, "{more} questions in fifty quiet blocks");
}
