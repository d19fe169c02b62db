//! The way out itself: what may be reached, and how a name becomes an address.

use crate::allow::Allow;
use async_trait::async_trait;
use caplet_fabric::Stop;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;

/// How long one destination is tried.
const PATIENCE: Duration = Duration::from_secs(10);

/// Turns names into addresses.
#[async_trait]
pub trait Resolve: Send + Sync + 'static {
    /// Addresses of a name.
    ///
    /// # Errors
    /// Why there are none.
    async fn resolve(&self, host: &str) -> Result<Vec<IpAddr>, String>;
}

/// The system's resolver.
#[derive(Clone, Copy, Debug, Default)]
pub struct System;

#[async_trait]
impl Resolve for System {
    async fn resolve(&self, host: &str) -> Result<Vec<IpAddr>, String> {
        let found = tokio::net::lookup_host((host, 0)).await.map_err(|e| e.to_string())?;
        Ok(found.map(|address| address.ip()).collect())
    }
}

/// A list of destinations and a resolver: all ways out of a provider's machine go by it, whoever goes.
#[derive(Clone)]
pub struct Uplink {
    allow: Allow,
    names: Arc<dyn Resolve>,
}

impl Uplink {
    /// To what the list takes.
    #[must_use]
    pub fn new(allow: Allow, names: Arc<dyn Resolve>) -> Self {
        Self { allow, names }
    }

    /// Connects to a name of at most 253 bytes or an address.
    ///
    /// # Errors
    /// [`Stop::Refused`] with words that begin with why: not allowed, unknown host, unreachable, refused.
    pub async fn connect(&self, host: &str, port: u16) -> Result<TcpStream, Stop> {
        if port == 0 || !(1..=253).contains(&host.len()) {
            return Err(Stop::refused("a destination is a name of 1 to 253 bytes and a port"));
        }
        if !self.allow.takes(host, port) {
            return Err(Stop::refused(format!(
                "not allowed: {host}:{port} is not on the uplink's list; lease one that leads there"
            )));
        }
        let addresses = match host.parse::<IpAddr>() {
            Ok(address) => vec![address],
            Err(_) => {
                let found = self.names.resolve(host).await;
                found.map_err(|e| Stop::refused(format!("unknown host: {host}: {e}")))?
            }
        };
        let mut why = Stop::refused(format!("unknown host: {host} has no address"));
        for address in addresses.into_iter().take(8) {
            if !self.allow.takes_address(address) {
                why = Stop::refused(format!("not allowed: {host} leads to a private address"));
                continue;
            }
            // the address that was judged, not the name again: it could lead elsewhere by now
            let connecting = TcpStream::connect(SocketAddr::new(address, port));
            match tokio::time::timeout(PATIENCE, connecting).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => why = Stop::refused(format!("refused: {host}:{port}: {error}")),
                Err(_) => {
                    why = Stop::refused(format!("unreachable: {host}:{port} does not answer"))
                }
            }
        }
        Err(why)
    }
}
