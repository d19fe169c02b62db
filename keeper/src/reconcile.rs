//! Work that takes no input: woken by a block or a change, it computes anew what is due.

use crate::context::Context;
use crate::observe;
use std::time::Duration;
use tokio::sync::watch;

/// Wait after a pass failed, unless a block comes sooner than that anyway.
const RETRY: Duration = Duration::from_secs(2);

/// One kind of work.
pub(crate) trait Reconciler: Send + 'static {
    /// Its name, for tasks and logs.
    const NAME: &'static str;

    /// Does what is due. A pass that failed is repeated; it must not have done half of anything that
    /// the next one would do again.
    fn pass(&mut self) -> impl Future<Output = anyhow::Result<()>> + Send;
}

/// Runs it in `context.tasks`, after whatever an earlier run submitted has been decided, at every
/// block and every change of `wakes`.
pub(crate) fn start<R: Reconciler>(
    context: &Context,
    mut work: R,
    mut wakes: watch::Receiver<u64>,
) {
    let (chain, outbox) = (context.chain.clone(), context.outbox.clone());
    let stop = context.tasks.stop_token();
    let task = async move {
        outbox.ready().await;
        let mut blocks = chain.watch();
        loop {
            blocks.borrow_and_update();
            wakes.borrow_and_update();
            let failed = match work.pass().await {
                Ok(()) => false,
                Err(error) => {
                    observe::room_failed(R::NAME, &error);
                    true
                }
            };
            if failed {
                tokio::time::sleep(RETRY).await;
            }
            tokio::select! {
                changed = blocks.changed() => changed?,
                changed = wakes.changed() => changed?,
            }
        }
    };
    // A pass is dropped where it stands: submissions go on in the outbox.
    context.tasks.spawn(R::NAME, async move {
        tokio::select! {
            () = stop.cancelled() => Ok(()),
            done = task => done,
        }
    });
}
