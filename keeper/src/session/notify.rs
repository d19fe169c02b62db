//! Telling devices of their leases: every change once, and everything that runs when they come back.

use super::Session;
use super::told::{self, Told};
use crate::leases::Lease;
use crate::observe;
use caplet_api::escrow::LeaseState;
use caplet_protocol::{DeviceId, topics::Dn, wire::Role};
use std::collections::BTreeSet;
use std::sync::PoisonError;
use std::time::Duration;

/// After a failure it is tried again this much later.
const AGAIN: Duration = Duration::from_secs(2);

impl Session {
    /// A device came back: it is told of everything that runs.
    pub(crate) fn reborn(&self, device: DeviceId) {
        self.mqtt.silence.heard(device);
        self.reborn.lock().unwrap_or_else(PoisonError::into_inner).insert(device);
        self.wake.notify_one();
    }

    pub(super) fn spawn_notify(self) {
        let (stop, tasks) = (self.context.tasks.stop_token(), self.context.tasks.clone());
        tasks.spawn("lease notices", async move {
            let mut changed = self.parts.leases.changed();
            loop {
                changed.borrow_and_update();
                let reborn = std::mem::take(
                    &mut *self.reborn.lock().unwrap_or_else(PoisonError::into_inner),
                );
                let failed = self.notify_all(&reborn).await;
                if failed {
                    self.reborn.lock().unwrap_or_else(PoisonError::into_inner).extend(reborn);
                }
                tokio::select! {
                    () = stop.cancelled() => return Ok(()),
                    () = self.wake.notified() => {}
                    _ = changed.changed() => {}
                    () = tokio::time::sleep(AGAIN), if failed => {}
                }
            }
        });
    }

    /// Whether somebody could not be told.
    async fn notify_all(&self, reborn: &BTreeSet<DeviceId>) -> bool {
        let mut failed = false;
        for lease in self.parts.leases.all() {
            for (role, device, here) in [
                (Role::Provider, lease.serving(), lease.serves_here),
                (Role::Consumer, lease.consumer, lease.consumes_here),
            ] {
                let again = reborn.contains(&device) && lease.state != LeaseState::Closed;
                if here && let Err(error) = self.notify(&lease, role, device, again).await {
                    observe::room_failed("lease notices", &error);
                    failed = true;
                }
            }
        }
        failed
    }

    async fn notify(
        &self,
        lease: &Lease,
        role: Role,
        device: DeviceId,
        again: bool,
    ) -> anyhow::Result<()> {
        let store = &self.context.store;
        let now = Told::of(lease);
        if !again && told::get(store, lease.id, role)? == Some(now) {
            return Ok(());
        }
        let notice = self.notice(lease, role).await?;
        self.parts.post.tell(device, Dn::Lease(lease.id), &notice).await;
        told::set(store, lease.id, role, now)?;
        observe::lease_told(lease.id, device, lease.state);
        Ok(())
    }

    /// A provider hears of a lease before it hears of a call on it.
    pub(super) async fn notify_provider(&self, lease: &Lease) {
        if let Err(error) = self.notify(lease, Role::Provider, lease.serving(), false).await {
            observe::room_failed("lease notices", &error);
        }
    }

    /// A provider's result.
    ///
    /// # Errors
    /// [`crate::bridge::Refuse`] if nobody waits for it.
    pub(crate) fn result(
        &self,
        device: DeviceId,
        result: caplet_protocol::wire::ServiceResult,
        envelope: &[u8],
    ) -> Result<(), crate::bridge::Refuse> {
        self.mqtt.came(device, result, envelope.to_vec())
    }
}
