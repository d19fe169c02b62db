//! What the tests share.

use async_trait::async_trait;
use bytes::Bytes;
use caplet_fabric::adapter::{Adapter, Load};
use caplet_fabric::client::{Call, Finder};
use caplet_fabric::host::Op;
use caplet_fabric::lease::LeaseView;
use caplet_fabric::link::Peer;
use caplet_fabric::{Service, Stop, Tariff};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::Notify;

/// What an adapter says that lets in whoever asks.
macro_rules! offers {
    ($service:expr, $tariff:ident) => {
        fn service(&self) -> caplet_fabric::Service {
            $service
        }

        fn tariff(&self) -> caplet_fabric::Tariff {
            caplet_fabric::Tariff::$tariff
        }

        fn admit(
            &self,
            _: &caplet_fabric::lease::LeaseView,
            _: caplet_fabric::adapter::Load,
        ) -> Result<(), String> {
            Ok(())
        }
    };
}
pub(crate) use offers;

/// How long anything is waited for: normally moments, on a machine that stalls as long as it needs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// A service that is easy to see through: `upper` answers in capitals for a unit a byte, `wait` charges a
/// unit and waits to be let go, `spin` charges unit after unit without end, `flood` writes without end.
#[derive(Default)]
pub(crate) struct Plain {
    pub(crate) served: AtomicU64,
    pub(crate) begun: Notify,
    pub(crate) go: Notify,
}

pub(crate) const PLAIN: Service = Service::named("plain");

#[async_trait]
impl Adapter for Plain {
    fn service(&self) -> Service {
        PLAIN
    }

    fn tariff(&self) -> Tariff {
        Tariff::Declared
    }

    fn admit(&self, _: &LeaseView, load: Load) -> Result<(), String> {
        if load.sessions < 4 { Ok(()) } else { Err("four consumers are enough".into()) }
    }

    async fn operate(&self, op: &mut Op) -> Result<(), Stop> {
        self.served.fetch_add(1, Ordering::SeqCst);
        match op.header.name.as_str() {
            "upper" => {
                let input = op.body.read_all(1 << 20).await?;
                op.charge(input.len() as u64).await?;
                op.reply(input.to_ascii_uppercase().into()).await
            }
            "wait" => {
                op.charge(1).await?;
                self.begun.notify_one();
                self.go.notified().await;
                op.reply(Bytes::from_static(b"done")).await
            }
            "spin" => loop {
                op.charge(1).await?;
            },
            "flood" => loop {
                op.body.write(&[0; 4096]).await?;
            },
            other => Err(Stop::refused(format!("{other} is no operation"))),
        }
    }
}

/// A provider that is found where the test says.
pub(crate) struct Moving(pub(crate) Arc<Mutex<Peer>>);

#[async_trait]
impl Finder for Moving {
    async fn find(&self, _: &LeaseView) -> Result<Peer, String> {
        Ok(self.0.lock().unwrap().clone())
    }
}

pub(crate) fn call(name: &'static str, input: &[u8]) -> Call {
    Call {
        name,
        args: Vec::new(),
        input: Bytes::copy_from_slice(input),
        max_units: 0,
        most: 1 << 20,
        patience: PATIENCE,
    }
}

/// A TCP server that sends back what it gets.
pub(crate) async fn echo() -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio_util::task::TaskTracker::new().spawn(async move {
        let tasks = tokio_util::task::TaskTracker::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            tasks.spawn(async move {
                let mut buffer = vec![0; 64 * 1024];
                while let Ok(got @ 1..) = stream.read(&mut buffer).await {
                    if stream.write_all(&buffer[..got]).await.is_err() {
                        return;
                    }
                }
                let _ = stream.shutdown().await;
            });
        }
    });
    address
}

/// A port that nobody listens on, and nobody else is given while it is held: one that was given back may be another
/// test's at once.
pub(crate) fn silent_port() -> (tokio::net::TcpSocket, std::net::SocketAddr) {
    let held = tokio::net::TcpSocket::new_v4().unwrap();
    held.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = held.local_addr().unwrap();
    (held, address)
}

/// Waits until something holds; the test's own limit is generous, nothing is measured by it.
pub(crate) async fn until(what: &str, holds: impl Fn() -> bool) {
    let wait = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let waited = tokio::time::timeout(PATIENCE, wait).await;
    assert!(waited.is_ok(), "{what} did not come about");
}

pub(crate) fn plain() -> Arc<Plain> {
    Arc::default()
}

/// An HTTP client; which crypto it would use is said once a process.
pub(crate) fn http() -> reqwest::Client {
    // a second time is refused, and no matter
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::new()
}
