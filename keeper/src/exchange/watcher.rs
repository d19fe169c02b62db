//! Hears of endpoint records from the registry's events, so that strangers need no bootstrap.

use super::directory::Directory;
use super::endpoints;
use crate::bridge::events;
use crate::context::Context;
use crate::observe;
use crate::store::Store;
use caplet_api::event::EndpointPublished;
use caplet_chain::ChainError;
use rusqlite::OptionalExtension as _;
use std::time::Duration;

/// Blocks before the head that are read at the first start. What lies further back is asked of peers.
const BACK: u64 = 1_000;

/// After a failure it is tried again this much later.
const AGAIN: Duration = Duration::from_secs(2);

/// Reads the events of every block from where it stopped, in a task.
pub(super) fn start(context: &Context, directory: Directory) {
    let (context, stop) = (context.clone(), context.tasks.stop_token());
    let tasks = context.tasks.clone();
    tasks.spawn("endpoint watcher", async move {
        let mut heads = context.chain.watch();
        let mut next = scanned(&context.store)?.map_or(0, |last| last.saturating_add(1));
        loop {
            let head = heads.borrow_and_update().height;
            let wait = match catch_up(&context, &directory, &mut next, head).await {
                Ok(()) => None,
                Err(error) => {
                    observe::room_failed("endpoint watcher", &error);
                    Some(AGAIN)
                }
            };
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                () = tokio::time::sleep(wait.unwrap_or_default()), if wait.is_some() => {}
                changed = heads.changed(), if wait.is_none() => if changed.is_err() { return Ok(()) },
            }
        }
    });
}

/// Reads the blocks from `next` to `head`, and moves `next` on.
async fn catch_up(
    context: &Context,
    directory: &Directory,
    next: &mut u64,
    head: u64,
) -> anyhow::Result<()> {
    let first = head.saturating_sub(BACK).saturating_add(1);
    *next = (*next).max(first).max(1);
    let registry = &context.deployment.contracts.registry;
    while *next <= head {
        let events = match context.chain.block_events(*next).await {
            Err(ChainError::Pruned { .. }) => Vec::new(),
            events => events?,
        };
        for event in events::of::<EndpointPublished>(&events, registry) {
            let record = endpoints::of_event(event);
            if let Err(error) = directory.learn(&record) {
                observe::peer_failed(&format!("account {}", record.account), &error);
            }
            // Blocks without a record are cheap to read again, a write for each is not.
            set_scanned(&context.store, *next)?;
        }
        *next = (*next).saturating_add(1);
    }
    Ok(())
}

fn scanned(store: &Store) -> anyhow::Result<Option<u64>> {
    let height: Option<[u8; 8]> = store
        .read(|c| c.query_row("SELECT height FROM scanned", [], |row| row.get(0)).optional())?;
    Ok(height.map(u64::from_be_bytes))
}

fn set_scanned(store: &Store, height: u64) -> anyhow::Result<()> {
    store.write(|tx| {
        tx.execute(
            "INSERT INTO scanned (one, height) VALUES (1, ?1)
             ON CONFLICT (one) DO UPDATE SET height = ?1",
            [height.to_be_bytes()],
        )?;
        Ok(())
    })
}
