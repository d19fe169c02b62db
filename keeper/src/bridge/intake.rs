//! From the broker to the desk: a few workers, each device always the same one, so that its messages
//! keep their order.

use super::desk::Desk;
use crate::broker::Incoming;
use crate::tasks::Group;
use caplet_protocol::topics::{self, Party};
use std::sync::Arc;
use tokio::sync::mpsc;

/// Workers. A handler does little but write to the store, which is one for all.
const WORKERS: usize = 4;

/// Messages that wait for one worker. When they are full the reader waits, acknowledges nothing, and
/// the broker holds what comes.
const QUEUE: usize = 64;

/// Starts reader and workers.
pub(super) fn start(desk: &Arc<Desk>, mut incoming: mpsc::Receiver<Incoming>, tasks: &Group) {
    let workers: Vec<_> = (0..WORKERS).map(|_| worker(Arc::clone(desk), tasks)).collect();
    let stop = tasks.stop_token();
    tasks.spawn("intake", async move {
        loop {
            let message = tokio::select! {
                () = stop.cancelled() => return Ok(()),
                message = incoming.recv() => message,
            };
            let Some(message) = message else { return Ok(()) };
            let Some(worker) = workers.get(shard(&message.topic)) else { continue };
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                sent = worker.send(message) => if sent.is_err() { return Ok(()) },
            }
        }
    });
}

fn worker(desk: Arc<Desk>, tasks: &Group) -> mpsc::Sender<Incoming> {
    let (sender, mut queue) = mpsc::channel::<Incoming>(QUEUE);
    let stop = tasks.stop_token();
    tasks.spawn("intake worker", async move {
        loop {
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                message = queue.recv() => {
                    let Some(message) = message else { return Ok(()) };
                    desk.take(&message).await;
                    message.done();
                }
            }
        }
    });
    sender
}

/// The worker of a topic's sender.
fn shard(topic: &str) -> usize {
    let sum = match topics::parse(topic) {
        Some(Party::Device { device, .. }) => usize::try_from(device.0).unwrap_or(0),
        Some(Party::Enrolling { key, .. }) => key
            .bytes()
            .take(8)
            .fold(0usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into())),
        _ => 0,
    };
    sum.checked_rem(WORKERS).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_always_has_the_same_worker_and_there_is_one_for_each() {
        let of = |device: u32| shard(&format!("caplet/v1/d/{device}/up/order/1"));
        assert_eq!(of(7), shard("caplet/v1/d/7/up/profile"));
        let used: std::collections::BTreeSet<_> = (1..=8).map(of).collect();
        assert_eq!(used.len(), WORKERS);
        assert!(shard("caplet/v1/e/ffffffff/up") < WORKERS);
    }
}
