//! Service over MQTT: the call goes down as it came, the result comes up.

use super::service::{Served, Service};
use super::silence::Silence;
use crate::bridge::{Post, Refuse};
use async_trait::async_trait;
use caplet_protocol::{
    DeviceId, LeaseId,
    topics::Dn,
    wire::{RefusalCode as Code, ServiceResult},
};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// How long a provider may take for a call.
const PATIENCE: Duration = Duration::from_secs(20);

/// Calls that wait for results, all leases together.
const WAITING: usize = 4_096;

type Waiting = BTreeMap<(u64, u64), (DeviceId, oneshot::Sender<Served>)>;

/// The way over MQTT.
pub(super) struct OverMqtt {
    post: Post,
    waiting: Mutex<Waiting>,
    pub(super) silence: Silence,
}

impl OverMqtt {
    pub(super) fn new(post: Post) -> Self {
        Self { post, waiting: Mutex::default(), silence: Silence::default() }
    }

    fn with<T>(&self, f: impl FnOnce(&mut Waiting) -> T) -> T {
        f(&mut self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A provider's result.
    ///
    /// # Errors
    /// [`Refuse`] if nobody waits for it from that device.
    pub(super) fn came(
        &self,
        from: DeviceId,
        result: ServiceResult,
        envelope: Vec<u8>,
    ) -> Result<(), Refuse> {
        // one that comes too late shows that the device lives all the same
        self.silence.heard(from);
        let call = (result.lease, result.id);
        let waiting = self.with(|waiting| match waiting.entry(call) {
            Entry::Occupied(entry) if entry.get().0 == from => Some(entry.remove().1),
            _ => None,
        });
        let nobody = || {
            Refuse::new(
                Code::UnknownLease,
                format!("nobody waits for call {} of lease {} from device {from}", call.1, call.0),
                "answer calls once, and within 20 seconds",
            )
        };
        let sender = waiting.ok_or_else(nobody)?;
        sender.send(Served { result, envelope }).map_err(|_| nobody())
    }

    fn enter(&self, call: (u64, u64), to: DeviceId) -> Result<oneshot::Receiver<Served>, Refuse> {
        let (sender, receiver) = oneshot::channel();
        self.with(|waiting| {
            if waiting.len() >= WAITING {
                return Err(Refuse::unavailable(format!("{WAITING} calls wait already")));
            }
            match waiting.entry(call) {
                Entry::Occupied(_) => Err(Refuse::unavailable(format!(
                    "call {} of lease {} is being served",
                    call.1, call.0
                ))),
                Entry::Vacant(entry) => {
                    entry.insert((to, sender));
                    Ok(receiver)
                }
            }
        })
    }
}

/// Gives the place of a call up, however waiting for it ends.
struct Leave<'a>(&'a OverMqtt, (u64, u64), DeviceId);

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        self.0.with(|waiting| waiting.remove(&self.1));
        self.0.silence.given_up(self.2, Instant::now());
    }
}

#[async_trait]
impl Service for OverMqtt {
    async fn call(
        &self,
        provider: DeviceId,
        call: (u64, u64),
        envelope: Vec<u8>,
    ) -> Result<Served, Refuse> {
        let receiver = self.enter(call, provider)?;
        let _leave = Leave(self, call, provider);
        self.silence.asked(provider, Instant::now());
        self.post.forward(provider, Dn::Call(LeaseId(call.0)), envelope).await;
        match tokio::time::timeout(PATIENCE, receiver).await {
            Ok(Ok(served)) => Ok(served),
            _ => Err(Refuse::unavailable(format!(
                "device {provider} did not answer call {} of lease {} within {} s",
                call.1,
                call.0,
                PATIENCE.as_secs()
            ))),
        }
    }
}
