//! What consumers say on their leases, one queue a lease: a slow provider stalls its own lease only.

use caplet_protocol::{
    DeviceId, LeaseId,
    wire::{BodyKind, Opened},
};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use tokio::sync::mpsc;

/// Messages that wait on one lease.
pub(super) const WAIT: usize = 32;

/// A message of a local consumer, verified, as it came.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) device: DeviceId,
    pub(super) kind: BodyKind,
    /// Boot and sequence, for the answer.
    pub(super) message: (u64, u64),
    pub(super) envelope: Vec<u8>,
}

impl Item {
    pub(super) fn new(device: DeviceId, opened: &Opened, envelope: &[u8]) -> Self {
        Self {
            device,
            kind: opened.kind().unwrap_or_default(),
            message: (opened.header.boot, opened.header.sequence),
            envelope: envelope.to_vec(),
        }
    }
}

/// The queues that have a worker.
#[derive(Default)]
pub(super) struct Queues {
    senders: Mutex<BTreeMap<LeaseId, mpsc::Sender<Item>>>,
}

/// Where a message went.
pub(super) enum Put {
    /// Into a queue that has a worker.
    Queued,
    /// Into a new queue, whose worker the caller starts.
    Opened(mpsc::Receiver<Item>),
    /// Nowhere: the queue is full.
    Full,
}

impl Queues {
    pub(super) fn put(&self, lease: LeaseId, item: Item) -> Put {
        let mut senders = self.senders.lock().unwrap_or_else(PoisonError::into_inner);
        let item = match senders.get(&lease) {
            None => item,
            Some(sender) => match sender.try_send(item) {
                Ok(()) => return Put::Queued,
                Err(mpsc::error::TrySendError::Full(_)) => return Put::Full,
                // its worker went idle and left
                Err(mpsc::error::TrySendError::Closed(item)) => item,
            },
        };
        senders.retain(|_, sender| !sender.is_closed());
        let (sender, receiver) = mpsc::channel(WAIT);
        if sender.try_send(item).is_err() {
            return Put::Full;
        }
        senders.insert(lease, sender);
        Put::Opened(receiver)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(n: u64) -> Item {
        let kind = BodyKind::ServiceCall;
        Item { device: DeviceId(2), kind, message: (1, n), envelope: Vec::new() }
    }

    #[test]
    fn a_full_lease_takes_no_more_and_others_are_not_touched() {
        let queues = Queues::default();
        let Put::Opened(mut receiver) = queues.put(LeaseId(1), item(0)) else { panic!("opens") };
        for n in 1..u64::try_from(WAIT).unwrap() {
            assert!(matches!(queues.put(LeaseId(1), item(n)), Put::Queued));
        }
        assert!(matches!(queues.put(LeaseId(1), item(99)), Put::Full));
        assert!(matches!(queues.put(LeaseId(2), item(0)), Put::Opened(_)));
        assert_eq!(receiver.try_recv().unwrap().message, (1, 0));
        assert!(matches!(queues.put(LeaseId(1), item(100)), Put::Queued));
        drop(receiver);
        assert!(matches!(queues.put(LeaseId(1), item(0)), Put::Opened(_)), "a new worker");
    }
}
