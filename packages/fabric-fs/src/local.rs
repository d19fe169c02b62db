//! The consumer's side: a mounted folder, and the same files over HTTP.

use crate::mount::{Mounted, mount};
use crate::seal::Key;
use crate::vault::{Leased, Memory, Vault, VaultError};
use async_trait::async_trait;
use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use caplet_fabric::client::{Client, about};
use caplet_fabric::desk::{Resource, failed};
use caplet_fabric::surface::{AttachError, Attached, Place, Surface};
use caplet_fabric::{Service, Tariff};
use serde_json::json;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Bytes of a file over HTTP.
const MOST: usize = 256 << 20;

/// How long one request of the kernel may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Says, of what was written over HTTP, one more than the number of gateways that may be lost: 2 in a pool that has a
/// member to spare.
const COPIES: &str = "caplet-copies";

/// Makes a store local.
pub struct StoreSurface {
    /// The consumer's secret, of which the lease's key is made.
    pub secret: [u8; 32],
    /// What is remembered of the lease's store.
    pub memory: Arc<dyn Memory>,
    /// Where it is mounted; none serves it over HTTP only.
    pub folder: Option<PathBuf>,
    /// Between two challenges of random blocks, on average; none for no challenges.
    pub challenge: Option<Duration>,
}

#[async_trait]
impl Surface for StoreSurface {
    fn service(&self) -> Service {
        Service::STORE
    }

    fn tariff(&self) -> Tariff {
        Tariff::Bytes
    }

    async fn attach(&self, client: Client, place: Place) -> Result<Attached, AttachError> {
        let key = Key::of(&self.secret, client.lease().lease.0);
        let local = |what: &str, why: &dyn std::fmt::Display| AttachError::Local {
            what: what.to_owned(),
            why: why.to_string(),
        };
        let memory = Arc::clone(&self.memory);
        let depot = Arc::new(Leased::new(client.clone(), memory));
        let vault = match Vault::over(Arc::clone(&depot) as _, key).await {
            // it will not come back by trying again: the session is over, and says why
            Err(error @ VaultError::Rolled { .. }) => {
                client.give_up(&error.to_string());
                return Ok(Attached::new(String::new(), client, || {}));
            }
            vault => Arc::new(vault.map_err(|e| local("the store", &e))?),
        };
        client.spawn(async move { depot.follow().await });
        if let Some(every) = self.challenge {
            client.spawn(challenged(Arc::clone(&vault), every));
        }
        let resource = Arc::new(StoreResource { vault: Arc::clone(&vault) });
        place.desk.put(&place.alias, self.service(), client.health(), resource)?;
        let (alias, desk) = (place.alias, place.desk);
        let mut address = format!("/v1/caps/{alias}");
        let mut mounted: Option<Mounted> = None;
        if let Some(folder) = &self.folder {
            match mount(vault, folder, PATIENCE) {
                Ok(done) => mounted = Some(done),
                Err(error) => {
                    desk.remove(&alias);
                    return Err(local("the mount", &error));
                }
            }
            address = folder.display().to_string();
        }
        let mounted = Mutex::new(mounted);
        Ok(Attached::new(address, client, move || {
            desk.remove(&alias);
            // unmounted when it is dropped; every close() has committed what it wrote
            mounted.lock().unwrap_or_else(PoisonError::into_inner).take();
        }))
    }
}

/// Asks for random blocks at random times; whether they are there is noted of the lease.
pub(crate) async fn challenged(vault: Arc<Vault>, every: Duration) {
    loop {
        tokio::time::sleep(about(every)).await;
        if let Err(error) = vault.challenge().await {
            tracing::debug!(%error, "a challenge was not met");
        }
    }
}

/// A store's files over HTTP.
pub(crate) struct StoreResource {
    pub(crate) vault: Arc<Vault>,
}

pub(crate) fn said(error: &VaultError) -> Response {
    let status = match error {
        VaultError::NotFound(_) => StatusCode::NOT_FOUND,
        VaultError::Exists(_) | VaultError::Kind(_) => StatusCode::CONFLICT,
        VaultError::Name(_) => StatusCode::BAD_REQUEST,
        VaultError::Full(_) => StatusCode::INSUFFICIENT_STORAGE,
        VaultError::Changed(_) | VaultError::Rolled { .. } => StatusCode::BAD_GATEWAY,
        VaultError::Few { .. } => StatusCode::SERVICE_UNAVAILABLE,
        VaultError::Session(stop) => return failed(stop),
    };
    (status, Json(json!({ "reason": error.to_string() }))).into_response()
}

impl StoreResource {
    async fn get(&self, path: &str) -> Result<Response, VaultError> {
        let entry = self.vault.entry(path)?;
        if entry.folder {
            let all = self.vault.list(path)?.into_iter().map(|(name, entry)| {
                json!({ "name": name, "folder": entry.folder, "size": entry.size, "changed": entry.changed })
            });
            return Ok(Json(all.collect::<Vec<_>>()).into_response());
        }
        let len = usize::try_from(entry.size).unwrap_or(usize::MAX);
        if len > MOST {
            return Err(VaultError::Kind(format!("{path} is too large for HTTP: mount the store")));
        }
        Ok(self.vault.read(path, 0, len).await?.into_response())
    }

    async fn put(&self, path: &str, bytes: &[u8]) -> Result<Response, VaultError> {
        let mut at = 0;
        while let Some(slash) = path.get(at..).and_then(|rest| rest.find('/')) {
            let end = slash.saturating_add(at);
            match self.vault.make_folder(path.get(..end).unwrap_or_default()) {
                Ok(_) | Err(VaultError::Exists(_)) => {}
                Err(error) => return Err(error),
            }
            at = end.saturating_add(1);
        }
        match self.vault.create(path) {
            Ok(_) | Err(VaultError::Exists(_)) => {}
            Err(error) => return Err(error),
        }
        self.vault.resize(path, 0).await?;
        self.vault.write(path, 0, bytes).await?;
        self.vault.commit().await?;
        Ok(self.done())
    }

    /// Done, and how safe it is.
    fn done(&self) -> Response {
        (StatusCode::NO_CONTENT, [(COPIES, self.vault.copies().to_string())]).into_response()
    }

    async fn delete(&self, path: &str) -> Result<Response, VaultError> {
        let folder = self.vault.entry(path)?.folder;
        self.vault.remove(path, folder)?;
        self.vault.commit().await?;
        Ok(self.done())
    }
}

#[async_trait]
impl Resource for StoreResource {
    async fn answer(&self, rest: &str, request: Request<Body>) -> Response {
        let method = request.method().clone();
        let path = match rest {
            "" | "files" => "",
            rest => match rest.strip_prefix("files/") {
                Some(path) => path,
                None => return said(&VaultError::NotFound(rest.to_owned())),
            },
        };
        let done = match method.as_str() {
            "GET" => self.get(path).await,
            "PUT" => match to_bytes(request.into_body(), MOST).await {
                Ok(bytes) => self.put(path, &bytes).await,
                Err(_) => return StatusCode::PAYLOAD_TOO_LARGE.into_response(),
            },
            "DELETE" => self.delete(path).await,
            _ => return StatusCode::METHOD_NOT_ALLOWED.into_response(),
        };
        done.unwrap_or_else(|error| said(&error))
    }
}
