//! A disk that is full: nothing leaves that is not written down, and nothing is lost.

use super::*;
use crate::outbox::table;
use crate::store::is_full;

/// Lets the store have so many pages, or at least as many as it has.
fn room(store: &Store, pages: u32) {
    let sql = format!("PRAGMA max_page_count = {pages}");
    store.read(|c| c.query_row(&sql, [], |_| Ok(()))).unwrap();
}

#[tokio::test]
async fn what_a_full_disk_held_up_is_sent_once_it_has_room() {
    let chain = Arc::new(chain(PER_TRANSACTION).await);
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    room(&store, 1);
    // Filled to the last page: the next thing that needs room gets none.
    let mut queued = 0;
    let full = loop {
        match table::insert(&store, Lane::Orders, &pay(1), None, 0) {
            Ok(_) => queued += 1,
            Err(error) => break error,
        }
    };
    assert!(is_full(&full), "{full:#}");
    let run = start(chain.clone(), &store, policy());
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(
        run.outbox.backlog().unwrap() != crate::outbox::Backlog::default(),
        "the disk was never full"
    );
    assert!(!run.tasks.is_stopping(), "the outbox gave up");
    room(&store, 1_000_000);
    let late = run.outbox.submit(Lane::Orders, pay(1_000));
    late.await.unwrap();
    tokio::time::timeout(Duration::from_secs(120), run.outbox.ready()).await.unwrap();
    assert_eq!(paid(&*chain).await, 1_000 + queued);
    assert_eq!(run.outbox.backlog().unwrap(), crate::outbox::Backlog::default());
    run.kill().await;
}
