//! What was proposed and when, in memory: a restart proposes once more, and a device that has signed
//! already answers with a sequence that is used.

use super::orders::Body;
use caplet_protocol::{DeviceId, MarketId};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a device may think before it is asked again.
const AGAIN: Duration = Duration::from_secs(5);

/// How often it is asked; after that only when it comes back or the proposal changes.
const TIMES: u32 = 3;

/// How long capacity must have been free before it is offered anew: what leaves the book arrives among
/// the leases a little later.
const SETTLED: Duration = Duration::from_secs(1);

/// How long a placed offer may take to show in the book.
const RECENT: Duration = Duration::from_secs(10);

/// What a proposal is for: the side's number, and the capability or demand.
type Subject = (u8, u64);

#[derive(Default)]
struct Memory {
    asked: BTreeMap<(DeviceId, Subject), (Body, Instant, u32)>,
    free: BTreeMap<(DeviceId, MarketId), Instant>,
    placed: BTreeMap<(DeviceId, u32), Instant>,
    told: BTreeSet<([u8; 32], u32)>,
}

/// The memory of proposals.
#[derive(Default)]
pub(super) struct Proposals {
    memory: Mutex<Memory>,
}

impl Proposals {
    fn with<T>(&self, f: impl FnOnce(&mut Memory) -> T) -> T {
        f(&mut self.memory.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether `body` is to be proposed now; remembers that it was.
    pub(super) fn is_due(&self, device: DeviceId, id: u64, body: &Body) -> bool {
        let now = Instant::now();
        self.with(|memory| {
            let key = (device, (body.side() as u8, id));
            let times = match memory.asked.get(&key) {
                Some((known, at, times)) if alike(known, body) => {
                    if *times >= TIMES || now.duration_since(*at) < AGAIN {
                        return false;
                    }
                    times.saturating_add(1)
                }
                _ => 1,
            };
            memory.asked.insert(key, (*body, now, times));
            true
        })
    }

    /// The device answered, or the subject is gone.
    pub(super) fn answered(&self, device: DeviceId, side: u8, id: u64) {
        self.with(|memory| memory.asked.remove(&(device, (side, id))));
    }

    /// Forgets what a device was asked.
    pub(super) fn forget(&self, device: DeviceId) {
        self.with(|memory| memory.asked.retain(|(of, _), _| *of != device));
    }

    /// Whether a device's capacity in a market has been free for long enough; `free` is now.
    pub(super) fn is_settled(&self, device: DeviceId, market: MarketId, free: bool) -> bool {
        let now = Instant::now();
        self.with(|memory| {
            if !free {
                memory.free.remove(&(device, market));
                return false;
            }
            let since = *memory.free.entry((device, market)).or_insert(now);
            now.duration_since(since) >= SETTLED
        })
    }

    /// Remembers that an order was placed just now.
    pub(super) fn note_placed(&self, body: &Body) {
        let now = Instant::now();
        self.with(|memory| {
            memory.placed.retain(|_, at| now.duration_since(*at) < RECENT);
            memory.placed.insert((body.device(), body.sequence()), now);
        });
    }

    /// The book shows the order.
    pub(super) fn note_seen(&self, body: &Body) {
        self.with(|memory| memory.placed.remove(&(body.device(), body.sequence())));
    }

    /// Whether an order was placed so lately that the book may not show it yet.
    pub(super) fn is_recent(&self, body: &Body) -> bool {
        let now = Instant::now();
        self.with(|memory| {
            let at = memory.placed.get(&(body.device(), body.sequence()));
            at.is_some_and(|at| now.duration_since(*at) < RECENT)
        })
    }

    /// Whether a device has yet to be told that a capability of a profile fits no market.
    pub(super) fn is_untold(&self, profile: [u8; 32], capability: u32) -> bool {
        self.with(|memory| memory.told.insert((profile, capability)))
    }
}

/// The same proposal, but for how long it stands.
fn alike(one: &Body, other: &Body) -> bool {
    match (*one, *other) {
        (Body::Offer(mut a), Body::Offer(b)) => {
            a.not_after = b.not_after;
            a == b
        }
        (Body::Demand(mut a), Body::Demand(b)) => {
            a.not_after = b.not_after;
            a == b
        }
        _ => false,
    }
}
