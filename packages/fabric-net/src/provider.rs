//! The provider's side of an uplink.

use crate::allow::Allow;
use crate::uplink::{Resolve, Uplink};
use async_trait::async_trait;
use caplet_fabric::adapter::{Adapter, Load};
use caplet_fabric::host::Op;
use caplet_fabric::kinds::relay;
use caplet_fabric::lease::LeaseView;
use caplet_fabric::{Service, Stop, Tariff};
use caplet_protocol::wire::Connect;
use std::sync::Arc;

/// Lets consumers connect to what the allow-list takes.
pub struct UplinkAdapter {
    uplink: Uplink,
    sessions: usize,
}

impl UplinkAdapter {
    /// To at most `sessions` consumers at a time.
    #[must_use]
    pub fn new(allow: Allow, names: Arc<dyn Resolve>, sessions: usize) -> Self {
        Self { uplink: Uplink::new(allow, names), sessions }
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
        // none is no port, which is refused
        let port = u16::try_from(port).unwrap_or(0);
        let target = self.uplink.connect(&host, port).await?;
        relay::serve(op, target).await
    }
}
