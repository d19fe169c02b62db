//! Messages that are dropped, repeated and reordered on their way to the keeper.

use super::ground::{Chance, Ground};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn vouchers_that_are_dropped_repeated_and_out_of_order_pay_the_most_that_came_once() {
    let mut ground = Ground::new().await;
    let leases = ground.leases(3).await;
    let mut chance = Chance::new(0x7f4a_7c15);
    let mut most = vec![0u64; leases.len()];
    for _ in 0..120 {
        let (at, amount) = (chance.below(3) as usize, 1 + chance.below(500));
        let voucher = ground.deal.voucher(leases[at].id, amount.into(), [0; 32], false);
        let times = chance.below(3); // 0: it is lost
        for _ in 0..times {
            ground.deal.accept(&voucher, None);
            most[at] = most[at].max(amount);
        }
        tokio::time::sleep(std::time::Duration::from_millis(chance.below(4))).await;
    }
    for (lease, amount) in leases.iter().zip(&most) {
        ground.redeemed(std::slice::from_ref(lease), *amount).await;
    }
    ground.count(most.iter().sum()).await;
}
