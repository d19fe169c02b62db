//! Counterparties that can no longer trade: an alarm for the operator, and an end for what can only end.
//!
//! The registry's events say at once whose status changed; what an event did not say, because blocks were
//! missed, is found by asking again now and then.

use super::Duty;
use super::batch::Batcher;
use super::turn::Turns;
use crate::follow::{Follower, Since, seconds};
use crate::leases::Lease;
use crate::observe;
use crate::reconcile::Reconciler;
use caplet_api::escrow::{CloseInput, CloseReason, ExecuteMsg};
use caplet_api::event::{EventError, StatusChanged};
use caplet_api::registry::{DeviceResponse, DeviceStatus, QueryMsg};
use caplet_chain::{ChainExt as _, Event, Msg};
use caplet_protocol::{DeviceId, LeaseId};
use std::collections::{BTreeMap, BTreeSet};

/// Seconds of chain time after which a device's status is asked again though no event said that it changed.
const FRESH_SECS: u64 = 300;

/// Looks at the devices on the other side of running leases.
pub(super) struct Watch {
    duty: Duty,
    close: Batcher,
    turns: Turns,
    follower: Follower,
    /// Maps a device to its status and the chain time at which it was read.
    statuses: BTreeMap<DeviceId, (DeviceStatus, u64)>,
    /// Leases for which the alarm was raised.
    alarmed: BTreeSet<LeaseId>,
}

impl Reconciler for Watch {
    const NAME: &'static str = "settler/watch";

    async fn pass(&mut self) -> anyhow::Result<()> {
        self.follow().await?;
        let head = self.duty.head();
        let live: Vec<Lease> = self.duty.leases.all().into_iter().filter(Lease::is_live).collect();
        self.alarmed.retain(|id| live.iter().any(|lease| lease.id == *id));
        let devices: BTreeSet<DeviceId> =
            live.iter().flat_map(|lease| [lease.consumer, lease.provider]).collect();
        self.statuses.retain(|device, _| devices.contains(device));
        let mut retired = Vec::new();
        for lease in &live {
            if self.look(lease, seconds(head)).await? {
                retired.push(lease.clone());
            }
        }
        self.turns.retain(&retired);
        let mut mine = Vec::new();
        for lease in &retired {
            if self.turns.is_mine(&self.duty.context, lease, head.height).await? {
                mine.push((lease.id, input(lease)));
            }
        }
        let Self { duty, close, .. } = self;
        let escrow = duty.escrow().to_owned();
        let message = |items| Msg::execute(&escrow, &ExecuteMsg::Close { items });
        close.send(&duty.context.outbox, head.height, mine, message).await?;
        Ok(())
    }
}

impl Watch {
    pub(super) fn new(duty: Duty) -> Self {
        let (close, turns) = (Batcher::new("close_retired"), Turns::new("close_retired"));
        let (statuses, alarmed) = (BTreeMap::new(), BTreeSet::new());
        Self { duty, close, turns, follower: Follower::default(), statuses, alarmed }
    }

    /// Forgets the statuses that changed since the last pass.
    async fn follow(&mut self) -> anyhow::Result<()> {
        let context = &self.duty.context;
        let registry = context.deployment.contracts.registry.as_str();
        let height = match self.follower.since(&*context.chain, &[registry]).await? {
            Since::Missed(head) => {
                self.statuses.clear();
                head.height
            }
            Since::Events(head, events) => {
                for device in changed(&events)? {
                    self.statuses.remove(&device);
                }
                head.height
            }
        };
        self.follower.reached(height);
        Ok(())
    }

    /// Raises the alarm once a lease; whether one of its devices is retired.
    async fn look(&mut self, lease: &Lease, now: u64) -> anyhow::Result<bool> {
        let mut retired = false;
        for device in [lease.consumer, lease.provider] {
            let status = self.status(device, now).await?;
            retired |= status == DeviceStatus::Retired;
            if status != DeviceStatus::Active && self.alarmed.insert(lease.id) {
                let at_risk = lease.cap().saturating_sub(lease.redeemed());
                observe::counterparty_frozen(lease.id, device, status, at_risk);
            }
        }
        Ok(retired)
    }

    async fn status(&mut self, device: DeviceId, now: u64) -> anyhow::Result<DeviceStatus> {
        if let Some((status, at)) = self.statuses.get(&device)
            && now < at.saturating_add(FRESH_SECS)
        {
            return Ok(*status);
        }
        let context = &self.duty.context;
        let registry = &context.deployment.contracts.registry;
        let query = QueryMsg::Device { device };
        let answer: DeviceResponse = context.chain.query(registry, &query).await?;
        self.statuses.insert(device, (answer.status, now));
        Ok(answer.status)
    }
}

/// Devices whose status changed.
fn changed(events: &[Event]) -> Result<Vec<DeviceId>, EventError> {
    let named =
        |event: &&Event| event.ty.strip_prefix("wasm-").unwrap_or(&event.ty) == StatusChanged::NAME;
    let read = |event| Ok(DeviceId(StatusChanged::try_from(event)?.device));
    events.iter().filter(named).map(read).collect()
}

fn input(lease: &Lease) -> CloseInput {
    let reason = CloseReason::DeviceRetired;
    CloseInput { lease: lease.id.0.into(), reason, signature: None }
}
