//! Readings of a sensor behind MQTT: its gateway asks the device, sealed to the device's key, so the
//! broker in between sees that it is asked and not what it measures.

use super::sight::Sight;
use crate::bridge::Post;
use crate::observe;
use crate::session::Service;
use crate::tasks::Group;
use anyhow::Context as _;
use caplet_fabric::kinds::sensor::Feed;
use caplet_protocol::seal::{self, Place};
use caplet_protocol::wire::ServiceCall;
use caplet_protocol::{DeviceId, Kind, LeaseId};
use std::sync::Arc;
use std::time::Duration;

/// Least time between readings.
const LEAST: Duration = Duration::from_millis(50);

/// Between looks for somebody who reads.
const IDLE: Duration = Duration::from_millis(250);

/// How long a reading may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Calls of a gateway are told from those of consumers by their highest bit.
const GATEWAY: u64 = 1 << 63;

/// Fills the feed of one sensor.
pub(super) struct Poller {
    pub(super) device: DeviceId,
    pub(super) period: Duration,
    pub(super) feed: Feed,
    pub(super) sight: Arc<Sight>,
    pub(super) post: Post,
    pub(super) service: Arc<dyn Service>,
}

impl Poller {
    /// Asks while a lease of the sensor runs, in a task.
    pub(super) fn start(self, tasks: &Group) {
        let stop = tasks.stop_token();
        tasks.spawn("sensor feed", async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = self.run() => {}
            }
            Ok(())
        });
    }

    async fn run(&self) {
        // numbers of an earlier run are not given again
        let mut call = self.sight.clock.now_ms();
        loop {
            let Some(lease) = self.leased() else {
                tokio::time::sleep(IDLE).await;
                continue;
            };
            call = call.wrapping_add(1);
            let read = tokio::time::timeout(PATIENCE, self.read(lease, GATEWAY | call)).await;
            match read {
                Ok(Ok(pack)) => {
                    if let Err(error) = self.feed.publish(pack) {
                        observe::room_failed("sensor feed", &error.into());
                    }
                }
                Ok(Err(error)) => observe::room_failed("sensor feed", &error),
                Err(_) => {
                    let words = format!("device {} gave no reading in time", self.device);
                    observe::room_failed("sensor feed", &anyhow::anyhow!(words));
                }
            }
            tokio::time::sleep(self.period.max(LEAST)).await;
        }
    }

    /// A lease under which the sensor is read now.
    fn leased(&self) -> Option<LeaseId> {
        let now = self.sight.clock.now();
        let runs = |lease: &crate::leases::Lease| {
            let due = lease.terms.start.u64() <= now && now < lease.terms.end.u64();
            let market = self.sight.books.config(lease.terms.market);
            due && lease.is_live() && market.is_some_and(|market| market.kind == Kind::Sensor)
        };
        let mut leases = self.sight.leases.of_device(self.device).into_iter();
        leases.find(|lease| lease.serving() == self.device && runs(lease)).map(|lease| lease.id)
    }

    async fn read(&self, lease: LeaseId, id: u64) -> anyhow::Result<Vec<u8>> {
        let device = self.sight.directory.device(self.device).await?;
        let sealing: Option<[u8; 32]> =
            device.sealing.as_ref().and_then(|key| key.as_slice().try_into().ok());
        let place = Place { domain: self.sight.escrow, lease, call: id };
        let asked = sealing.map(|key| seal::ask(&key, &place, &[])).transpose()?;
        let call = ServiceCall {
            lease: lease.0,
            id,
            op: "read".to_owned(),
            max_units: 1,
            body: asked.as_ref().map(|asked| asked.text.clone()).unwrap_or_default(),
            seal: asked.as_ref().map(|asked| asked.key.to_vec()).unwrap_or_default(),
            ..ServiceCall::default()
        };
        let envelope = self.post.sealed(&call)?;
        let served = self.service.call(self.device, (lease.0, id), envelope).await;
        let result = served.map_err(|why| anyhow::anyhow!("{}", why.what))?.result;
        anyhow::ensure!(result.ok, "device {}: {}", self.device, result.error);
        match asked {
            Some(asked) => asked.reply.open(&result.body).context("a reading"),
            None => Ok(result.body),
        }
    }
}
