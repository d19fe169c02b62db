//! The provider's side of a forwarded service.

use crate::adapter::{Adapter, Load};
use crate::end::Stop;
use crate::host::Op;
use crate::kinds::relay;
use crate::lease::LeaseView;
use crate::service::{Service, Tariff};
use async_trait::async_trait;
use tokio::net::TcpStream;

/// Lets one TCP service be reached, and no other.
pub struct TcpAdapter {
    target: String,
}

impl TcpAdapter {
    /// The service at `target`, `host:port`.
    #[must_use]
    pub fn new(target: impl Into<String>) -> Self {
        Self { target: target.into() }
    }
}

#[async_trait]
impl Adapter for TcpAdapter {
    fn service(&self) -> Service {
        Service::TCP
    }

    fn tariff(&self) -> Tariff {
        Tariff::Bytes
    }

    fn admit(&self, _: &LeaseView, _: Load) -> Result<(), String> {
        Ok(())
    }

    async fn operate(&self, op: &mut Op) -> Result<(), Stop> {
        if op.header.name != "connect" {
            return Err(Stop::refused(format!(
                "{:?} is no operation here: connect",
                op.header.name
            )));
        }
        // the consumer learns that it failed, not where the service is
        let target = TcpStream::connect(&self.target).await;
        let target =
            target.map_err(|e| Stop::refused(format!("the service is down: {}", e.kind())))?;
        relay::serve(op, target).await
    }
}
