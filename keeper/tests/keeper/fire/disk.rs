//! A disk that is full: the store may not grow by a page.

use super::ground::Ground;
use caplet::settler::vouchers;
use caplet::store::Store;
use caplet_protocol::Lane;

/// Lets the store have so many pages, or at least as many as it has.
fn room(store: &Store, pages: u32) {
    let sql = format!("PRAGMA max_page_count = {pages}");
    store.read(|c| c.query_row(&sql, [], |_| Ok(()))).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_full_disk_no_voucher_is_taken_and_none_that_was_taken_is_lost() {
    let mut ground = Ground::new().await;
    let leases = ground.leases(40).await;
    let (first, rest) = leases.split_at(1);
    ground.vouch(first, 50);
    ground.redeemed(first, 50).await;
    let store = ground.deal.serving.context().store.clone();
    room(&store, 1);
    let (mut taken, mut refused) = (Vec::new(), Vec::new());
    for lease in rest {
        let voucher = ground.deal.voucher(lease.id, 70, [0; 32], false);
        match vouchers::accept(&store, &voucher, None, ground.deal.stage.now()) {
            Ok(_) => taken.push(lease.clone()),
            Err(error) => {
                assert!(error.to_string().contains("full"), "{error}");
                refused.push(lease.clone());
            }
        }
    }
    assert!(!refused.is_empty(), "the disk was never full");
    for lease in &refused {
        assert!(
            vouchers::best(&store, lease.id, Lane(0)).unwrap().is_none(),
            "half of it is there"
        );
    }
    room(&store, 1_000_000);
    ground.vouch(&refused, 70);
    ground.redeemed(&taken, 70).await;
    ground.redeemed(&refused, 70).await;
    ground.count(50 + 70 * 39).await;
}
