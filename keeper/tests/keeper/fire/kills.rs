//! Keepers that die anywhere.

use super::ground::{Chance, Ground};
use caplet::settler::vouchers;
use caplet_protocol::Lane;
use std::time::Duration;

const KILLS: u64 = 60;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_kills_of_either_keeper_lose_no_voucher_and_pay_none_twice() {
    let mut ground = Ground::new().await;
    let leases = ground.leases(5).await;
    let mut chance = Chance::new(0x9e37_79b9);
    for round in 1..=KILLS {
        let amount = u128::from(round * 5);
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
            assert_eq!(kept.item.voucher.amount, amount, "lost by kill {round}");
        }
    }
    ground.redeemed(&leases, KILLS * 5).await;
    ground.count(5 * KILLS * 5).await;
}
