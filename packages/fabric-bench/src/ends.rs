//! Endpoints on this machine, and worlds over them.

use caplet_fabric::Service;
use caplet_fabric::link::iroh::{self, Iroh};
use caplet_fabric::link::memory::Network;
use caplet_fabric::link::quic::Quic;
use caplet_fabric::link::{Endpoint, Peer, Tuning};
use caplet_fabric_testkit::{Options, World};
use std::sync::Arc;

/// The transports that are compared.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    Iroh,
    Quinn,
}

impl By {
    pub(crate) const ALL: [Self; 2] = [Self::Quinn, Self::Iroh];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Iroh => "iroh",
            Self::Quinn => "quinn",
        }
    }

    /// A pair of endpoints: who dials, who is dialled.
    pub(crate) async fn pair(self, service: Service) -> anyhow::Result<[Arc<dyn Endpoint>; 2]> {
        Ok([self.end(1, service).await?, self.end(2, service).await?])
    }

    async fn end(self, seed: u8, service: Service) -> anyhow::Result<Arc<dyn Endpoint>> {
        let (secret, bind) = ([seed; 32], "127.0.0.1:0".parse()?);
        let (alpns, tuning) = (vec![service.alpn()], Tuning::default());
        Ok(match self {
            Self::Iroh => {
                Iroh::bind(iroh::Options { secret, bind, alpns, relay: None, tuning }).await?
            }
            Self::Quinn => Quic::bind(&secret, bind, alpns, &tuning)?,
        })
    }
}

/// Where an endpoint is.
pub(crate) fn peer(of: &Arc<dyn Endpoint>) -> Peer {
    Peer { key: of.key(), addresses: of.addresses(), relay: None }
}

/// What every lease here is like: 4 KiB a unit, 4 MiB a segment, a voucher each half of one, 64 MiB on credit, enough
/// money.
pub(crate) fn options() -> Options {
    Options {
        segment: 1_024,
        unit_bytes: 4_096,
        price: 1_000,
        cap: 1_000_000_000,
        risk: 16_384,
        ..Options::default()
    }
}

/// A world whose gateways are linked so.
pub(crate) async fn world(
    by: By,
    service: Service,
    options: Options,
) -> anyhow::Result<Arc<World>> {
    let network = Network::default();
    Ok(World::over(options, network, by.pair(service).await?))
}
