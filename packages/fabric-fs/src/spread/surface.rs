//! A spread store at home: a mounted folder and the same files over HTTP; and each of its leases.

use super::Spread;
use crate::local::{PATIENCE, StoreResource, challenged};
use crate::mount::{Mounted, mount};
use async_trait::async_trait;
use axum::Json;
use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use caplet_fabric::client::Client;
use caplet_fabric::desk::{Desk, Resource};
use caplet_fabric::health::Health;
use caplet_fabric::surface::{AttachError, Attached, Place, Surface};
use caplet_fabric::{Service, Tariff};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Makes one lease a part of a spread store.
pub struct ShareSurface {
    /// Of this one.
    pub spread: Arc<Spread>,
    /// Where that is local.
    pub address: String,
}

#[async_trait]
impl Surface for ShareSurface {
    fn service(&self) -> Service {
        Service::STORE
    }

    fn tariff(&self) -> Tariff {
        Tariff::Bytes
    }

    async fn attach(&self, client: Client, _: Place) -> Result<Attached, AttachError> {
        let (spread, lease) = (Arc::clone(&self.spread), client.lease().lease);
        spread.join(client.clone());
        Ok(Attached::new(self.address.clone(), client, move || spread.leave(lease)))
    }
}

/// Makes a spread store local, once enough of its leases are.
pub struct SpreadSurface {
    /// The store.
    pub spread: Arc<Spread>,
    /// Where it is mounted; none serves it over HTTP only.
    pub folder: Option<PathBuf>,
    /// Between two challenges of random blocks, on average; none for no challenges.
    pub challenge: Option<Duration>,
}

/// A spread store that is local.
pub struct SpreadAttached {
    /// Where: a path of the desk, a folder.
    pub address: String,
    /// Up while enough leases are.
    pub health: watch::Receiver<Health>,
    alias: String,
    desk: Desk,
    mounted: Option<Mounted>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl SpreadAttached {
    /// Ends it: what was written is committed, nothing of it is left here. The leases' sessions are their own.
    pub async fn detach(mut self) {
        self.desk.remove(&self.alias);
        if let Some(mounted) = self.mounted.take()
            && let Err(error) = mounted.unmount().await
        {
            tracing::warn!(%error, "what was written to a spread store last is not stored");
        }
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

impl SpreadSurface {
    /// Opens it and sets it up.
    ///
    /// # Errors
    /// [`AttachError`].
    pub async fn attach(&self, place: Place) -> Result<SpreadAttached, AttachError> {
        let local = |what: &str, why: &dyn std::fmt::Display| AttachError::Local {
            what: what.to_owned(),
            why: why.to_string(),
        };
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        let vault = self.spread.open().await.map_err(|e| local("the store", &e))?;
        let (vault, health) = (Arc::new(vault), self.spread.health());
        self.spread.look();
        let files = StoreResource { vault: Arc::clone(&vault) };
        let resource = Arc::new(SpreadResource { spread: Arc::clone(&self.spread), files });
        place.desk.put(&place.alias, Service::STORE, health.clone(), resource)?;
        let (alias, desk) = (place.alias, place.desk);
        let (mut address, mut mounted) = (format!("/v1/caps/{alias}"), None);
        if let Some(folder) = &self.folder {
            match mount(Arc::clone(&vault), folder, PATIENCE) {
                Ok(done) => mounted = Some(done),
                Err(error) => {
                    desk.remove(&alias);
                    return Err(local("the mount", &error));
                }
            }
            address = folder.display().to_string();
        }
        let (spread, every) = (Arc::clone(&self.spread), self.challenge);
        let stopped = stop.clone();
        tasks.spawn(async move {
            let challenges = async {
                match every {
                    Some(every) => challenged(vault, every).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = stopped.cancelled() => {}
                () = spread.tend() => {}
                () = challenges => {}
            }
        });
        Ok(SpreadAttached { address, health, alias, desk, mounted, tasks, stop })
    }
}

/// The files, and which leases have them.
struct SpreadResource {
    spread: Arc<Spread>,
    files: StoreResource,
}

#[async_trait]
impl Resource for SpreadResource {
    async fn answer(&self, rest: &str, request: Request<Body>) -> Response {
        match rest {
            "leases" => Json(self.spread.parts()).into_response(),
            _ => self.files.answer(rest, request).await,
        }
    }

    fn answers_always(&self, rest: &str) -> bool {
        rest == "leases"
    }
}
