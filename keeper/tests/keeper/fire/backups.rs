//! Stores from older backups, on either side and on both.

use super::ground::Ground;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_sides_restored_from_older_backups_go_on_and_nothing_is_paid_twice() {
    let mut ground = Ground::new().await;
    let leases = ground.leases(3).await;
    ground.vouch(&leases, 100);
    ground.redeemed(&leases, 100).await;
    ground.kill(1).await;
    ground.kill(2).await;
    let backups = [ground.deal.stage.backup(1), ground.deal.stage.backup(2)];
    ground.deal.serving = ground.start(1).await;
    ground.deal.buying = ground.start(2).await;
    ground.vouch(&leases, 350);
    ground.redeemed(&leases, 350).await;
    ground.count(3 * 350).await;

    for sides in [vec![1], vec![2], vec![1, 2]] {
        for side in &sides {
            ground.kill(*side).await;
            ground.deal.stage.restore(*side, &backups[usize::from(*side) - 1]);
        }
        if sides.contains(&1) {
            ground.deal.serving = ground.start(1).await;
        }
        if sides.contains(&2) {
            ground.deal.buying = ground.start(2).await;
        }
        // what was signed before comes again, and pays nothing again
        ground.vouch(&leases, 100);
        ground.vouch(&leases, 350);
        ground.redeemed(&leases, 350).await;
        ground.count(3 * 350).await;
    }
    ground.vouch(&leases, 420);
    ground.redeemed(&leases, 420).await;
    ground.count(3 * 420).await;
}
