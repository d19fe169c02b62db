//! Why a demand stands as it does: what the auction says of one that is open, and the leases that it has become, which
//! the auction forgets and the gateway of either side knows.

use crate::leases::{Lease, Leases};
use caplet_api::auction::ExplainResponse;
use caplet_protocol::{DeviceId, LeaseId, Lots, MarketId, OrderId};
use serde::{Deserialize, Serialize};

/// A lease that a demand became.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filled {
    /// The lease.
    pub lease: LeaseId,
    /// Who provides.
    pub provider: DeviceId,
    /// Lots.
    pub lots: Lots,
    /// Base units a lot.
    pub price: u64,
}

/// What `GET /v1/why/{market}/{demand}` answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Why {
    /// What it has become, as far as that is known here.
    #[serde(default)]
    pub filled: Vec<Filled>,
    /// What the auction says; nothing once it has forgotten the demand.
    #[serde(flatten)]
    pub stands: Option<ExplainResponse>,
}

impl Filled {
    /// The leases that a demand of a market has become, as far as they are known here.
    pub(super) fn all(leases: &Leases, market: MarketId, demand: u64) -> Vec<Self> {
        let Some(demand) = OrderId::from_u64(demand) else { return Vec::new() };
        let of_it = |lease: &Lease| lease.terms.market == market && lease.demand == Some(demand);
        let filled = leases.all().into_iter().filter(of_it).map(|lease| Self {
            lease: lease.id,
            provider: lease.provider,
            lots: lease.lots,
            price: lease.price,
        });
        filled.collect()
    }
}
