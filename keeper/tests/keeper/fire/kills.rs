//! Keepers that die anywhere.

use super::ground::{Chance, Ground};
use caplet::settler::vouchers;
use caplet_protocol::Lane;
use std::time::{Duration, Instant};

/// Kills, if they fit into [`BOUND`].
const MOST: u64 = 200;
/// Kills however long they take.
const LEAST: u64 = 60;
const BOUND: Duration = Duration::from_secs(45);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_of_either_keeper_again_and_again_lose_no_voucher_and_pay_none_twice() {
    let mut ground = Ground::new().await;
    let leases = ground.leases(5).await;
    let mut chance = Chance::new(0x9e37_79b9);
    let (began, mut kills) = (Instant::now(), 0);
    while kills < LEAST || (kills < MOST && began.elapsed() < BOUND) {
        kills += 1;
        let amount = u128::from(kills);
        ground.vouch(&leases, amount);
        tokio::time::sleep(Duration::from_millis(chance.below(40))).await;
        if chance.below(3) > 0 {
            ground.kill(1).await;
            ground.deal.serving = ground.start(1).await;
        } else {
            ground.kill(2).await;
            ground.deal.buying = ground.start(2).await;
        }
        let store = &ground.deal.serving.context().store;
        for lease in &leases {
            let kept = vouchers::best(store, lease.id, Lane(0)).unwrap().unwrap();
            assert_eq!(kept.item.voucher.amount, amount, "lost by kill {kills}");
        }
    }
    println!("{kills} kills in {:?}", began.elapsed());
    ground.redeemed(&leases, kills).await;
    ground.count(5 * kills).await;
}
