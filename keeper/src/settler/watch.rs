//! Counterparties that can no longer trade: an alarm for the operator, and an end for what can only end.
//!
//! The events of registry and reputation say at once whose status changed; what an event did not say, because blocks
//! were missed, is found by asking again now and then. Leases of a retired device and of a suspended provider end by
//! rule: the keepers of both sides look, and one of them closes.

use super::Duty;
use super::batch::Batcher;
use super::suspended::Suspended;
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
    suspended: Suspended,
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
        self.suspended.retain(&devices);
        let mut ending = Vec::new();
        for lease in &live {
            if let Some(reason) = self.look(lease, seconds(head)).await? {
                ending.push((lease, reason));
            }
        }
        self.turns.retain_ids(&ending.iter().map(|(lease, _)| lease.id).collect());
        let mut mine = Vec::new();
        for (lease, reason) in ending {
            if self.turns.is_mine(&self.duty.context, lease, head.height).await? {
                mine.push((lease.id, input(lease, reason)));
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
        let (close, turns) = (Batcher::new("close_barred"), Turns::new("close_barred"));
        let (statuses, alarmed) = (BTreeMap::new(), BTreeSet::new());
        let (follower, suspended) = (Follower::default(), Suspended::default());
        Self { duty, close, turns, follower, statuses, suspended, alarmed }
    }

    /// Forgets what changed since the last pass.
    async fn follow(&mut self) -> anyhow::Result<()> {
        let context = &self.duty.context;
        let contracts = &context.deployment.contracts;
        let both = [contracts.registry.as_str(), contracts.reputation.as_str()];
        let height = match self.follower.since(&*context.chain, &both).await? {
            Since::Missed(head) => {
                self.statuses.clear();
                self.suspended.clear();
                head.height
            }
            Since::Events(head, events) => {
                for device in changed(&events)? {
                    self.statuses.remove(&device);
                }
                self.suspended.follow(&events)?;
                head.height
            }
        };
        self.follower.reached(height);
        Ok(())
    }

    /// Raises the alarm once a lease; why it is to be closed, if it is.
    async fn look(&mut self, lease: &Lease, now: u64) -> anyhow::Result<Option<CloseReason>> {
        let mut statuses = [DeviceStatus::Active; 2];
        for (device, known) in [lease.consumer, lease.provider].into_iter().zip(&mut statuses) {
            let status = self.status(device, now).await?;
            *known = status;
            if status != DeviceStatus::Active && self.alarmed.insert(lease.id) {
                let at_risk = lease.cap().saturating_sub(lease.redeemed());
                observe::counterparty_frozen(lease.id, device, status, at_risk);
            }
        }
        let suspended = self.suspended.is_suspended(&self.duty, lease.provider, now).await?;
        Ok(wanted(lease, statuses, suspended))
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

/// Why a lease is to be closed now, if it is: by the statuses of its consumer and provider, and by whether the provider
/// is suspended. A frozen device loses nothing, and a suspended one may go on using what it has leased.
fn wanted(lease: &Lease, statuses: [DeviceStatus; 2], suspended: bool) -> Option<CloseReason> {
    if !lease.is_live() {
        return None;
    }
    if statuses.contains(&DeviceStatus::Retired) {
        return Some(CloseReason::DeviceRetired);
    }
    suspended.then_some(CloseReason::Suspended)
}

fn input(lease: &Lease, reason: CloseReason) -> CloseInput {
    CloseInput { lease: lease.id.0.into(), reason, signature: None }
}

#[cfg(test)]
mod tests {
    use super::super::value::tests::lease;
    use super::*;
    use caplet_api::escrow::LeaseState;

    #[test]
    fn leases_of_the_retired_and_of_suspended_providers_end_and_no_others() {
        use DeviceStatus::{Active, Frozen, Retired};
        for (statuses, suspended, reason) in [
            ([Active, Active], false, None),
            ([Active, Active], true, Some(CloseReason::Suspended)),
            ([Frozen, Active], false, None),
            ([Active, Frozen], false, None),
            ([Active, Frozen], true, Some(CloseReason::Suspended)),
            ([Retired, Active], false, Some(CloseReason::DeviceRetired)),
            ([Active, Retired], true, Some(CloseReason::DeviceRetired)),
        ] {
            for state in [LeaseState::Open, LeaseState::Notice] {
                let live = Lease { state, ..lease(0) };
                assert_eq!(wanted(&live, statuses, suspended), reason, "{statuses:?}");
            }
            for state in [LeaseState::Closing, LeaseState::Closed] {
                let over = Lease { state, ..lease(0) };
                assert_eq!(wanted(&over, statuses, suspended), None);
            }
        }
    }
}
