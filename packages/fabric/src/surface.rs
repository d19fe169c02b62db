//! The consumer's side of a kind.

use crate::client::Client;
use crate::desk::{Desk, Resource};
use crate::health::Health;
use crate::service::{Service, Tariff};
use async_trait::async_trait;
use std::sync::Arc;
use tokio::sync::watch;

/// Where a capability is to look local.
#[derive(Clone)]
pub struct Place {
    /// Its local name.
    pub alias: String,
    /// The HTTP server of this gateway.
    pub desk: Desk,
    /// The local broker.
    pub topics: Arc<dyn Topics>,
}

impl Place {
    /// Serves a resource over HTTP at the local name, until what comes of it is detached.
    ///
    /// # Errors
    /// If the name is taken or malformed.
    pub fn serve(
        self,
        service: Service,
        client: Client,
        resource: Arc<dyn Resource>,
    ) -> Result<Attached, AttachError> {
        let Self { alias, desk, .. } = self;
        desk.put(&alias, service, client.health(), resource)?;
        let address = format!("/v1/caps/{alias}");
        Ok(Attached::new(address, client, move || desk.remove(&alias)))
    }
}

/// A local broker, as surfaces need it.
#[async_trait]
pub trait Topics: Send + Sync + 'static {
    /// Publishes on a local topic.
    ///
    /// # Errors
    /// What the broker said.
    async fn publish(&self, topic: &str, payload: &[u8], retain: bool) -> Result<(), String>;
}

/// No broker.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoTopics;

#[async_trait]
impl Topics for NoTopics {
    async fn publish(&self, _: &str, _: &[u8], _: bool) -> Result<(), String> {
        Ok(())
    }
}

/// Why a capability can't be made local.
#[derive(Debug, thiserror::Error)]
pub enum AttachError {
    /// The local name is taken or malformed.
    #[error("{0}")]
    Alias(String),
    /// A local resource is not to be had.
    #[error("{what} can't be had: {why}")]
    Local {
        /// A port, a folder.
        what: String,
        /// What the system said.
        why: String,
    },
}

/// A capability that looks local.
pub struct Attached {
    /// Where: a URL, a socket address, a folder.
    pub address: String,
    /// How it is.
    pub health: watch::Receiver<Health>,
    /// What was asked for beside it and could not be had, and why: it is usable all the same.
    pub lacks: Option<String>,
    /// What was set up beside it, as its page of the desk shows it too; known from the start, whether or not the
    /// provider is reached.
    pub beside: Option<serde_json::Value>,
    detach: Box<dyn FnOnce() + Send + Sync>,
    client: Client,
}

impl Attached {
    /// One at `address`; `detach` takes back what the surface set up.
    #[must_use]
    pub fn new(
        address: String,
        client: Client,
        detach: impl FnOnce() + Send + Sync + 'static,
    ) -> Self {
        let (health, detach) = (client.health(), Box::new(detach));
        Self { address, health, lacks: None, beside: None, detach, client }
    }

    /// The same, without something that was asked for.
    #[must_use]
    pub fn lacking(mut self, what: Option<String>) -> Self {
        self.lacks = what;
        self
    }

    /// The same, with something beside it.
    #[must_use]
    pub fn beside(mut self, what: Option<serde_json::Value>) -> Self {
        self.beside = what;
        self
    }

    /// Ends it: nothing of it is left here, and the provider is told.
    pub async fn detach(self) {
        (self.detach)();
        self.client.detach().await;
    }

    /// The session behind it.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }
}

/// Makes one kind of leased capability look local.
#[async_trait]
pub trait Surface: Send + Sync + 'static {
    /// What it is for.
    fn service(&self) -> Service;

    /// How it is counted; must be the adapter's.
    fn tariff(&self) -> Tariff;

    /// Whether it checks a provider on every connection before anything is paid there: its client is then made by
    /// [`Client::wary`], and [`Client::trust`] is the surface's to call.
    fn is_wary(&self) -> bool {
        false
    }

    /// Sets it up.
    ///
    /// # Errors
    /// [`AttachError`].
    async fn attach(&self, client: Client, place: Place) -> Result<Attached, AttachError>;
}
