//! Which of several gateways goes first: those of a lease's two sides, or those of one device.

use crate::context::Context;
use crate::leases::Lease;
use crate::rendezvous::{Queue, place};
use caplet_api::registry::{DeviceResponse, QueryMsg};
use caplet_chain::ChainExt as _;
use caplet_protocol::{DeviceId, LeaseId};
use std::collections::{BTreeMap, BTreeSet};

/// Blocks that the second waits for the first (`PROTOCOL.md` 4).
const PATIENCE: u64 = 2;

/// Turns at one verb.
pub(super) struct Turns {
    verb: &'static str,
    queue: Queue,
    /// Maps a device to the address of its gateway.
    gateways: BTreeMap<DeviceId, String>,
}

impl Turns {
    pub(super) const fn new(verb: &'static str) -> Self {
        Self { verb, queue: Queue::new(), gateways: BTreeMap::new() }
    }

    /// Whether this keeper goes now, at `height`.
    pub(super) async fn is_mine(
        &mut self,
        context: &Context,
        lease: &Lease,
        height: u64,
    ) -> anyhow::Result<bool> {
        let me = context.signer.address();
        let work = self.work(lease.id);
        let other = match (lease.consumes_here, lease.serves_here) {
            (true, true) => None,
            (true, false) => Some(lease.serving()),
            _ => Some(lease.consumer),
        };
        let place = match other {
            None => 0,
            // a pool's member that does not serve goes when neither side did
            Some(_) if !lease.consumes_here && !lease.serves_here => 2,
            Some(device) => place(&work, me, [self.gateway(context, device).await?]),
        };
        Ok(self.queue.is_due(&work, height, place, PATIENCE))
    }

    /// Whether this keeper redeems now for who serves a lease, at `height`: the gateway that the registry
    /// names goes first, another one that has the same device's vouchers waits for it.
    pub(super) async fn is_mine_to_redeem(
        &mut self,
        context: &Context,
        lease: &Lease,
        height: u64,
    ) -> anyhow::Result<bool> {
        let work = self.work(lease.id);
        let first = self.gateway(context, lease.serving()).await? == context.signer.address();
        Ok(self.queue.is_due(&work, height, u64::from(!first), PATIENCE))
    }

    /// Forgets leases that are no longer due.
    pub(super) fn retain(&mut self, due: &[Lease]) {
        self.retain_ids(&due.iter().map(|lease| lease.id).collect());
    }

    /// As [`Turns::retain`], by number.
    pub(super) fn retain_ids(&mut self, due: &BTreeSet<LeaseId>) {
        let due: BTreeSet<Vec<u8>> = due.iter().map(|lease| self.work(*lease)).collect();
        self.queue.retain(|work| due.contains(work));
    }

    fn work(&self, lease: LeaseId) -> Vec<u8> {
        [self.verb.as_bytes(), &lease.0.to_be_bytes()].concat()
    }

    #[allow(clippy::map_entry)] // an entry cannot be held while the chain is asked
    async fn gateway(&mut self, context: &Context, device: DeviceId) -> anyhow::Result<&str> {
        if !self.gateways.contains_key(&device) {
            let registry = &context.deployment.contracts.registry;
            let query = QueryMsg::Device { device };
            let answer: DeviceResponse = context.chain.query(registry, &query).await?;
            self.gateways.insert(device, answer.gateway.address);
        }
        Ok(self.gateways.get(&device).map_or("", String::as_str))
    }
}
