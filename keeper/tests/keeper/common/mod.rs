//! What the tests with devices of flesh share.

pub mod disk;
pub mod ground;

use caplet::keeper::Keeper;
use caplet_protocol::Kind;
use caplet_protocol::wire::{self, LanePreference, cost::Asset};
use caplet_simulator::{Letting, Saying, Told, Want};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::sync::mpsc::UnboundedReceiver;

/// How long anything is waited for: normally moments, on a machine that stalls as long as it needs.
pub const PATIENCE: Duration = Duration::from_secs(180);

/// What is paid with.
pub const DENOM: &str = "ucap";

/// Waits until something holds; says what it waited for when that takes too long.
pub async fn until<T>(what: &str, look: impl AsyncFn() -> Option<T>) -> T {
    let wait = async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("waited for {what}"))
}

/// The consumer's notice of its next lease.
pub async fn leased(hears: &mut UnboundedReceiver<Told>) -> wire::LeaseNotice {
    let mut said = Vec::new();
    let find = async {
        loop {
            match hears.recv().await.unwrap().saying {
                Saying::LeaseOpened(notice) if notice.role() == wire::Role::Consumer => {
                    return *notice;
                }
                other => said.push(format!("{other:?}")),
            }
        }
    };
    let found = tokio::time::timeout(PATIENCE, find).await;
    found.unwrap_or_else(|_| panic!("no lease was opened: {said:#?}"))
}

/// Units that a keeper's consumer room has counted on its only lease.
pub fn units(keeper: &Keeper) -> u64 {
    keeper.fabric().unwrap().consumers().all().first().map_or(0, |local| local.units)
}

/// Whether a lease is not only local, but its provider reached: what is asked before that is refused.
pub fn is_up(local: &caplet::fabric::Local) -> bool {
    local.health["health"] == "up"
}

/// A port to listen on later, again and again: no other test gets it, and it is below those that the system gives to
/// whoever asks for any, or to a connection that goes out. Such a connection to a listener that is away for a moment
/// could even be given the listener's own port, and meet itself there.
pub fn free_port() -> SocketAddr {
    const FIRST: u16 = 10_240;
    const PORTS: u32 = 5_760;
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let began = std::process::id().wrapping_mul(97) % PORTS;
    loop {
        let at = (began + NEXT.fetch_add(1, Ordering::Relaxed)) % PORTS;
        let address = SocketAddr::from(([127, 0, 0, 1], FIRST + at as u16));
        if std::net::TcpListener::bind(address).is_ok() {
            return address;
        }
    }
}

/// Waits until nobody listens on an address any more: a broker that was told to stop lets go of its own a moment later.
pub async fn freed(address: SocketAddr) {
    until("the port to be free", async || std::net::TcpListener::bind(address).ok().map(drop))
        .await;
}

/// What is traded.
#[derive(Clone, Copy)]
pub struct Goods {
    pub kind: Kind,
    pub resource: &'static str,
    pub unit: &'static str,
    /// Units of a lot.
    pub lot: u64,
}

impl Goods {
    /// A lot of it, let out for 500 base units.
    pub fn letting(self) -> Letting {
        Letting {
            kind: self.kind,
            resource: self.resource.into(),
            unit: self.unit.into(),
            ask: 500,
            lot_units: self.lot,
            asset: Asset::Denom(DENOM.into()),
            lots: 1,
            quality: wire::Quality {
                latency_ms: 100,
                throughput: 10,
                accuracy_ppm: 950_000,
                availability_bps: 9_900,
            },
            tags: vec!["calibrated".into()],
            attestation: Vec::new(),
            relay_fee: 0,
        }
    }

    /// A lot of it, wanted once, at most at `limit`.
    pub fn want(self, limit: u64, lane: LanePreference) -> Want {
        Want {
            kind: self.kind,
            resource: self.resource.into(),
            unit: self.unit.into(),
            quantity: self.lot,
            limit,
            asset: Asset::Denom(DENOM.into()),
            qos: wire::Requirement::default(),
            weights: wire::Weights::default(),
            tags: Vec::new(),
            attested: false,
            lane,
            times: Some(1),
            pace: Duration::from_millis(100),
            relay_fee: 0,
        }
    }
}
