//! A store from an older backup.

use super::lives::Deal;
use super::stage::until;
use caplet::audit::{Why, audit};
use caplet::settler::vouchers;
use caplet_protocol::Lane;
use std::time::Duration;

/// The serving gateway loses what came after its backup: the chain redeemed more than it knows. Nothing
/// is paid twice, the audit says so, and the payer's next voucher, which is over more, makes it whole.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_restored_from_an_older_backup_loses_and_doubles_nothing() {
    let mut deal = Deal::new().await;
    let [lease] = deal.leases(1).await.try_into().unwrap();
    let table = deal.serving.leases().clone();
    let redeemed = async |amount: u64| {
        let table = table.clone();
        until("the voucher to be redeemed", async || {
            (table.get(lease.id)?.redeemed() == amount).then_some(())
        })
        .await;
    };
    deal.accept(&deal.voucher(lease.id, 100, [0; 32], false), None);
    redeemed(100).await;
    deal.serving.context().tasks.drain(Duration::ZERO).await;
    let backup = deal.stage.backup(1);
    deal.serving = deal.stage.keeper(1, |_| ()).await;
    deal.accept(&deal.voucher(lease.id, 400, [0; 32], false), None);
    let after = deal.serving.leases().clone();
    until("the better one to be redeemed", async || {
        (after.get(lease.id)?.redeemed() == 400).then_some(())
    })
    .await;

    deal.serving.context().tasks.drain(Duration::ZERO).await;
    deal.stage.restore(1, &backup);
    deal.serving = deal.stage.keeper(1, |_| ()).await;
    let store = deal.serving.context().store.clone();
    let kept = vouchers::best(&store, lease.id, Lane(0)).unwrap().unwrap();
    assert_eq!(kept.item.voucher.amount, 100, "the backup's");
    let report = audit(&*deal.stage.chain, &deal.stage.deployment, &store, None).await.unwrap();
    assert_eq!((report.lanes[0].why, report.lanes[0].difference), (Why::StoreBehind, -300));
    // a voucher between the two states pays nothing and harms nothing
    deal.accept(&deal.voucher(lease.id, 250, [0; 32], false), None);
    deal.accept(&deal.voucher(lease.id, 450, [0; 32], false), None);
    let last = deal.serving.leases().clone();
    until("the next one to be redeemed", async || {
        (last.get(lease.id)?.redeemed() == 450).then_some(())
    })
    .await;
    deal.stage.check_money().await;
}
