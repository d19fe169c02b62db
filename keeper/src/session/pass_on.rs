//! The consumer side: what a local consumer says on a lease goes to the provider's gateway.

use super::Session;
use super::queues::{Item, Put, WAIT};
use crate::bridge::Refuse;
use crate::exchange::Frames as _;
use crate::leases::Lease;
use caplet_protocol::{
    DeviceId, LeaseId,
    wire::{BodyKind, Opened, RefusalCode as Code, SignedVoucher},
};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc};

/// Calls of one lease on their way at a time.
const CALLS: usize = 4;

/// How long a lease's worker waits for more.
const IDLE: Duration = Duration::from_secs(60);

impl Session {
    /// Takes a call, voucher or tick of a local consumer; it is answered when the provider's gateway
    /// has.
    ///
    /// # Errors
    /// [`Refuse`] if it is not the device's lease, or too many wait on it.
    pub(crate) fn pass_on(
        &self,
        device: DeviceId,
        lease: LeaseId,
        opened: &Opened,
        envelope: &[u8],
    ) -> Result<(), Refuse> {
        let lease = self.lease(lease)?;
        if lease.consumer != device {
            return Err(Refuse::new(
                Code::NotPermitted,
                format!(
                    "lease {} is device {}'s to use, not device {device}'s",
                    lease.id, lease.consumer
                ),
                "use your own leases",
            ));
        }
        self.learn(&lease, opened);
        match self.queues.put(lease.id, Item::new(device, opened, envelope)) {
            Put::Queued => {}
            Put::Opened(queue) => self.work_on(lease.id, queue),
            Put::Full => {
                return Err(Refuse::unavailable(format!(
                    "{WAIT} messages wait on lease {} already",
                    lease.id
                )));
            }
        }
        Ok(())
    }

    /// What a device measured of a lease says what latency is good in its market.
    fn learn(&self, lease: &Lease, opened: &Opened) {
        let Some(BodyKind::Voucher) = opened.kind() else { return };
        let Ok(message) = opened.read::<SignedVoucher>() else { return };
        if let Some(report) = &message.view().report {
            let measured = std::iter::once(report.latency_p95_ms);
            let _ = self.parts.latencies.learn(lease.terms.market, measured);
        }
    }

    /// A lease in which a local device takes part.
    pub(super) fn lease(&self, id: LeaseId) -> Result<Lease, Refuse> {
        self.parts.leases.get(id).ok_or_else(|| {
            Refuse::new(
                Code::UnknownLease,
                format!("no device of this gateway takes part in lease {id}"),
                "wait for its notice, and use the number in it",
            )
        })
    }

    /// Vouchers and ticks one after another, in the order in which they were signed; calls beside each
    /// other, but never before a voucher that came first.
    fn work_on(&self, lease: LeaseId, mut queue: mpsc::Receiver<Item>) {
        let (session, stop) = (self.clone(), self.context.tasks.stop_token());
        self.context.tasks.spawn("lease", async move {
            let calls = Arc::new(Semaphore::new(CALLS));
            loop {
                let item = tokio::select! {
                    () = stop.cancelled() => return Ok(()),
                    item = tokio::time::timeout(IDLE, queue.recv()) => item,
                };
                let item = match item {
                    Ok(Some(item)) => item,
                    Ok(None) => return Ok(()),
                    Err(_) => {
                        queue.close();
                        continue; // what was put in until now is still worked on
                    }
                };
                if item.kind != BodyKind::ServiceCall {
                    session.exchange(lease, item).await;
                    continue;
                }
                let Ok(permit) = Arc::clone(&calls).acquire_owned().await else { return Ok(()) };
                let caller = session.clone();
                session.context.tasks.spawn("call", async move {
                    caller.exchange(lease, item).await;
                    drop(permit);
                    Ok(())
                });
            }
        });
    }

    /// Has the provider's gateway answer, and tells the device.
    async fn exchange(&self, id: LeaseId, item: Item) {
        let answer = match self.lease(id) {
            Ok(lease) => match self.deliver(&lease, item.envelope.clone()).await {
                Ok(answer) => self.tell_answer(&lease, &item, answer).await,
                Err(why) => Err(why),
            },
            Err(why) => Err(why),
        };
        if let Err(why) = answer {
            self.parts.post.refuse(item.device, item.kind, item.message, &why).await;
        }
    }

    async fn deliver(&self, lease: &Lease, envelope: Vec<u8>) -> Result<Vec<u8>, Refuse> {
        if lease.serves_here {
            return self.frame(lease.id, envelope).await;
        }
        let exchange = &self.parts.exchange;
        let endpoint = exchange.directory.endpoint_of(lease.serving()).await;
        let endpoint = endpoint.map_err(|error| Refuse::unavailable(format!("{error:#}")))?;
        exchange.client.frame(&endpoint, lease.id, &envelope).await
    }
}
