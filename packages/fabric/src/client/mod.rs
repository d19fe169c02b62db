//! The consumer's side: a session that outlives its connections.

mod binding;
mod call;
mod checks;
mod connect;
mod live;
mod op;
mod pay;
mod quality;
mod rate;
mod rest;

pub use call::{Call, Outcome};
pub use checks::about;
pub use op::{ClientOp, ClientReader, ClientWriter};
pub use quality::Quality;

use crate::count::ByteCount;
use crate::end::{End, Stop};
use crate::health::{Health, wall_seconds};
use crate::lease::{ChainView, LeaseView, Party};
use crate::link::{Endpoint, Peer};
use crate::meter::{SharedPayer, locked};
use crate::service::Tariff;
use async_trait::async_trait;
use caplet_protocol::wire::{Close, SessionEnd, control::Body as Says};
use caplet_protocol::{Bps, DeviceId};
use live::Live;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, Semaphore, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Where a lease's provider is found now: read anew for every connection, so that a changed address
/// needs nobody's doing.
#[async_trait]
pub trait Finder: Send + Sync + 'static {
    /// The endpoint key that the provider granted, at the addresses of its signed record.
    ///
    /// # Errors
    /// Why it can't be found.
    async fn find(&self, lease: &LeaseView) -> Result<Peer, String>;
}

/// A peer that never moves.
#[async_trait]
impl Finder for Peer {
    async fn find(&self, _: &LeaseView) -> Result<Peer, String> {
        Ok(self.clone())
    }
}

/// What a client is made of.
pub struct Parts {
    /// Makes the connections.
    pub endpoint: Arc<dyn Endpoint>,
    /// Finds the provider.
    pub finder: Arc<dyn Finder>,
    /// The lease.
    pub lease: LeaseView,
    /// How it is counted; must be the adapter's.
    pub tariff: Tariff,
    /// Counts and pays.
    pub payer: SharedPayer,
    /// The chain as this gateway sees it: what is signed is timed by it.
    pub view: Arc<dyn ChainView>,
    /// Share of what comes that is checked, by surfaces that can.
    pub sample: Bps,
}

/// A leased capability, reached. Clones are the same session.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    parts: Parts,
    live: watch::Sender<Option<Arc<Live>>>,
    health: watch::Sender<Health>,
    stop: CancellationToken,
    tasks: TaskTracker,
    ids: AtomicU64,
    bytes: ByteCount,
    sent: AtomicU64,
    told: Mutex<u64>,
    quality: Mutex<Quality>,
    /// What operations have cost at least.
    least: Mutex<rest::Least>,
    checking: Arc<Semaphore>,
    /// Whether nothing is paid on a connection before it is trusted.
    wary: bool,
    /// Who serves the lease, as last seen: another device may take over in the middle of it.
    serves: Mutex<Party>,
    /// Makes the next connection at once.
    moved: Notify,
}

impl Client {
    /// Connects, and connects again whenever it must, until it is detached or the lease is over.
    #[must_use]
    pub fn attach(parts: Parts) -> Self {
        Self::begin(parts, false)
    }

    /// As [`Client::attach`], but on every connection nothing is paid before [`Client::trust`]: for surfaces that
    /// check more of a provider than its endpoint.
    #[must_use]
    pub fn wary(parts: Parts) -> Self {
        Self::begin(parts, true)
    }

    fn begin(parts: Parts, wary: bool) -> Self {
        let inner = Arc::new(Inner {
            live: watch::Sender::new(None),
            health: watch::Sender::new(Health::Stale(wall_seconds())),
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
            ids: AtomicU64::new(first_id()),
            bytes: ByteCount::new(parts.lease.unit_bytes),
            sent: AtomicU64::new(0),
            told: Mutex::default(),
            quality: Mutex::default(),
            least: Mutex::default(),
            checking: Arc::new(Semaphore::new(checks::AT_ONCE)),
            wary,
            serves: Mutex::new(parts.lease.provider.clone()),
            moved: Notify::new(),
            parts,
        });
        let client = Self { inner };
        let runner = client.clone();
        client.inner.tasks.spawn(async move { runner.run().await });
        client
    }

    /// The lease.
    #[must_use]
    pub fn lease(&self) -> &LeaseView {
        &self.inner.parts.lease
    }

    /// How the leased capability is, as it changes.
    #[must_use]
    pub fn health(&self) -> watch::Receiver<Health> {
        self.inner.health.subscribe()
    }

    /// The device that served the last connection, or is dialled for the first one.
    #[must_use]
    pub fn provider(&self) -> DeviceId {
        self.serves().device
    }

    fn serves(&self) -> Party {
        self.inner.serves.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Says that `to` serves the lease now: a connection to another device is given up, and the next one is
    /// made at once, to whom the chain names. Count, payments and what is attached go on.
    pub fn moved(&self, to: DeviceId) {
        if self.provider() != to {
            self.inner.moved.notify_one();
        }
    }

    /// Units counted so far.
    #[must_use]
    pub fn units(&self) -> u64 {
        locked(&self.inner.parts.payer).meter().units
    }

    /// What was measured of the service so far.
    #[must_use]
    pub fn quality(&self) -> Quality {
        self.inner.quality.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits for a health that `wanted` takes.
    ///
    /// # Errors
    /// The end, if it is over for good before.
    pub async fn until(&self, wanted: impl Fn(&Health) -> bool) -> Result<(), End> {
        let mut health = self.health();
        let found = health.wait_for(|now| wanted(now) || matches!(now, Health::Closed(_))).await;
        let found = found.map(|now| now.clone());
        match found {
            Ok(now) if wanted(&now) => Ok(()),
            Ok(Health::Closed(end)) => Err(end),
            _ => Err(detached()),
        }
    }

    /// Ends the session and leaves the lease as it is: the provider is told.
    pub async fn detach(&self) {
        let live = self.inner.live.borrow().clone();
        if let Some(live) = live {
            let close = Close::from(&detached());
            live.say(Says::Close(close)).await;
            // the provider ends the connection when it has heard
            let _ = tokio::time::timeout(Duration::from_secs(1), live.link.closed()).await;
        }
        self.inner.stop.cancel();
        self.inner.tasks.close();
        self.inner.tasks.wait().await;
        if let Err(error) = locked(&self.inner.parts.payer).rest() {
            tracing::warn!(%error, "the count of a session could not be stored");
        }
    }

    /// Cancelled when it is detached or over.
    #[must_use]
    pub fn stop_token(&self) -> CancellationToken {
        self.inner.stop.clone()
    }

    /// Runs a task of a surface that ends with the session.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let stop = self.inner.stop.clone();
        self.inner.tasks.spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = task => {}
            }
        });
    }

    async fn run(&self) {
        let mut wait = FIRST;
        while !self.inner.stop.is_cancelled() {
            let end = tokio::select! {
                () = self.inner.stop.cancelled() => break,
                end = self.connected(&mut wait) => end,
            };
            self.inner.live.send_replace(None);
            if end.is_final() {
                self.inner.health.send_replace(Health::Closed(end));
                return self.inner.stop.cancel();
            }
            tracing::debug!(words = %end.words, "session interrupted");
            self.interrupted(&end);
            tokio::select! {
                () = self.inner.stop.cancelled() => break,
                () = tokio::time::sleep(wait) => {}
                () = self.inner.moved.notified() => wait = FIRST,
            }
            wait = wait.saturating_mul(2).min(LAST);
        }
        self.inner.live.send_replace(None);
        self.inner.health.send_if_modified(|health| {
            let open = !matches!(health, Health::Closed(_));
            if open {
                *health = Health::Closed(detached());
            }
            open
        });
    }

    /// Ends the session for good, for a reason of this side that every surface shows: the provider was found to
    /// be another than the one that was leased.
    pub fn give_up(&self, words: &str) {
        self.inner.health.send_replace(Health::Closed(End::new(SessionEnd::Protocol, words)));
        // nothing more is asked on the connection that is still up
        self.inner.live.send_replace(None);
        self.inner.stop.cancel();
    }

    /// Stale since the first failure; a provider that answers and can't serve is paused.
    fn interrupted(&self, end: &End) {
        let answered = matches!(end.reason, SessionEnd::Busy | SessionEnd::NotDue);
        self.inner.health.send_modify(|health| match health {
            _ if answered => *health = Health::Paused(end.words.clone()),
            Health::Stale(_) => {}
            _ => *health = Health::Stale(wall_seconds()),
        });
    }

    /// The connection that is live, waiting for it.
    async fn live(&self) -> Result<Arc<Live>, Stop> {
        let mut live = self.inner.live.subscribe();
        tokio::select! {
            biased;
            found = live.wait_for(Option::is_some) => {
                found.ok().and_then(|live| live.clone()).ok_or_else(|| self.why().into())
            }
            () = self.inner.stop.cancelled() => Err(self.why().into()),
        }
    }

    /// The device that serves the connection that is live, waiting for one.
    ///
    /// # Errors
    /// [`Stop`] if the session is over.
    pub async fn reached(&self) -> Result<DeviceId, Stop> {
        Ok(self.live().await?.provider)
    }

    fn why(&self) -> End {
        match &*self.inner.health.borrow() {
            Health::Closed(end) => end.clone(),
            _ => detached(),
        }
    }

    /// An id that no operation of this lease has, to be stored before a call is made under it.
    #[must_use]
    pub fn next_id(&self) -> u64 {
        self.inner.ids.fetch_add(1, Ordering::Relaxed)
    }
}

/// Ids of an earlier run of this program are not taken again.
fn first_id() -> u64 {
    let mut bytes = [0; 8];
    // without randomness, the time
    if getrandom::fill(&mut bytes).is_err() {
        bytes = crate::health::wall_millis().to_be_bytes();
    }
    u64::from_be_bytes(bytes) >> 1
}

/// Waits between connections.
const FIRST: Duration = Duration::from_millis(50);
const LAST: Duration = Duration::from_secs(5);

fn detached() -> End {
    End::new(SessionEnd::Detached, "it was detached")
}
