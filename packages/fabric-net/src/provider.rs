//! The provider's side of an uplink.

use crate::allow::Allow;
use async_trait::async_trait;
use caplet_fabric::adapter::{Adapter, Load};
use caplet_fabric::host::Op;
use caplet_fabric::kinds::relay;
use caplet_fabric::lease::LeaseView;
use caplet_fabric::{Service, Stop, Tariff};
use caplet_protocol::wire::Connect;
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

/// Lets consumers connect to what the allow-list takes.
pub struct UplinkAdapter {
    allow: Allow,
    names: Arc<dyn Resolve>,
    sessions: usize,
}

impl UplinkAdapter {
    /// To at most `sessions` consumers at a time.
    #[must_use]
    pub fn new(allow: Allow, names: Arc<dyn Resolve>, sessions: usize) -> Self {
        Self { allow, names, sessions }
    }

    async fn connect(&self, host: &str, port: u16) -> Result<TcpStream, Stop> {
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

#[async_trait]
impl Adapter for UplinkAdapter {
    fn service(&self) -> Service {
        Service::PROXY
    }

    fn tariff(&self) -> Tariff {
        Tariff::Bytes
    }

    fn admit(&self, _: &LeaseView, load: Load) -> Result<(), String> {
        if load.sessions < self.sessions {
            return Ok(());
        }
        Err(format!("{} consumers use this uplink, that is all it serves", load.sessions))
    }

    async fn operate(&self, op: &mut Op) -> Result<(), Stop> {
        if op.header.name != "connect" {
            return Err(Stop::refused(format!(
                "{:?} is no operation here: connect",
                op.header.name
            )));
        }
        let Connect { host, port } = op.args()?;
        let port = u16::try_from(port).ok().filter(|port| *port != 0);
        let (Some(port), 1..=253) = (port, host.len()) else {
            return Err(Stop::refused("a destination is a name of 1 to 253 bytes and a port"));
        };
        let target = self.connect(&host, port).await?;
        relay::serve(op, target).await
    }
}
