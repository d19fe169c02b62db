//! Programs beside the consuming devices, which know nothing of leases: they read a local resource, post
//! a picture to a local address, run a program, write files into a local folder, download through a
//! local proxy; and look whether what they get is right.

mod compute;
mod image;
mod sensor;
mod store;
mod uplink;

use super::happening::Teller;
use super::listen::Uses;
use async_trait::async_trait;
use caplet_protocol::wire::LeaseNotice;
use caplet_protocol::{Kind, LeaseId, wire};
use caplet_simulator::{Saying, Told};
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;
use tokio::sync::mpsc;

/// Between two uses.
const PACE: Duration = Duration::from_millis(120);

/// Between looks whether a lease is local yet.
const LOOK: Duration = Duration::from_millis(100);

/// What must not be readable in between, in everything that applications send and get.
pub(super) const MARK: &str = caplet_simulator::origin::MARK;

/// An application on one leased capability.
#[async_trait]
trait App: Send {
    /// Uses it once, and looks whether what came is right.
    ///
    /// # Errors
    /// What went wrong.
    async fn once(&mut self, n: u64, at: &At) -> anyhow::Result<()>;
}

/// Where the capability is.
pub(super) struct At {
    http: reqwest::Client,
    /// `http://host:port/v1/caps/{alias}`.
    url: String,
    /// As the gateway says it: a URL, a socket address, a folder.
    address: String,
    origin: SocketAddr,
}

/// What an application is started with.
pub(super) struct Start {
    pub(super) name: String,
    pub(super) notice: LeaseNotice,
    pub(super) desk: SocketAddr,
    pub(super) origin: SocketAddr,
    pub(super) told: mpsc::UnboundedSender<Told>,
    /// Who is told what an application shows.
    pub(super) teller: Teller,
    pub(super) uses: Uses,
}

/// Runs the application of a lease until it is local no more.
pub(super) async fn run(start: Start) -> anyhow::Result<()> {
    let Some(mut app) = app_of(&start) else { return Ok(()) };
    let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(30)).build()?;
    let lease = LeaseId(start.notice.lease);
    let tell = |saying| {
        // nobody listening is fine
        let _ = start.told.send(Told { name: start.name.clone(), saying });
    };
    let mut at = None;
    let mut used = 0u64;
    for n in 0u64.. {
        let Some(address) = local(&http, &start).await else {
            if at.is_some() || caplet_fabric::health::wall_seconds() >= start.notice.ends {
                return Ok(());
            }
            tokio::time::sleep(LOOK).await;
            continue;
        };
        if Path::new(&address).is_absolute() && !address.starts_with("/v1/") {
            start.uses.mounted();
        }
        let at = at.get_or_insert_with(|| At {
            http: http.clone(),
            url: format!("http://{}/v1/caps/{}", start.desk, start.notice.alias),
            address,
            origin: start.origin,
        });
        match app.once(n, at).await {
            Ok(()) => {
                used = used.saturating_add(1);
                tell(Saying::Used(lease, 1, used));
            }
            Err(error) if local(&http, &start).await.is_some() => {
                tell(Saying::CallFailed(lease, format!("{error:#}")));
            }
            // it ended in the middle
            Err(_) => return Ok(()),
        }
        tokio::time::sleep(PACE).await;
    }
    Ok(())
}

/// Where the lease is, if it is local.
async fn local(http: &reqwest::Client, start: &Start) -> Option<String> {
    let url = format!("http://{}/v1/leases", start.desk);
    let all: Vec<serde_json::Value> = http.get(url).send().await.ok()?.json().await.ok()?;
    let mine = all.iter().find(|one| one["alias"] == start.notice.alias.as_str());
    mine.and_then(|one| one["address"].as_str()).map(str::to_owned)
}

fn app_of(start: &Start) -> Option<Box<dyn App>> {
    let kind = start.notice.kind();
    let kind = Kind::ALL.into_iter().find(|known| wire::CapabilityKind::from(*known) == kind)?;
    Some(match kind {
        Kind::Sensor => Box::new(sensor::Chart::new(start)),
        Kind::Hardware => Box::new(image::Photographer::default()),
        Kind::Compute => Box::new(compute::Counter::default()),
        Kind::Storage => Box::new(store::Archive),
        Kind::Bandwidth => Box::new(uplink::Downloader),
    })
}
