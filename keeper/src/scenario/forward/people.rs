//! Gateways and devices of the story, as they are started and as they are heard.

use super::story::{PATIENCE, Story};
use crate::config::Config;
use crate::keeper::Keeper;
use crate::scenario::counts::Counts;
use crate::scenario::faulty::Faults;
use crate::scenario::happening::Happening;
use crate::scenario::ledger::Names;
use crate::scenario::setup::{Gateway, place, provision, secret};
use crate::tasks::Group;
use anyhow::Context as _;
use caplet_chain::Signer;
use caplet_protocol::wire::{LeaseNotice, Role};
use caplet_protocol::{CellId, DeviceId, LeaseId};
use caplet_simulator::{Device, Letting, Plan, Saying, Told, Want};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::sync::mpsc;

/// Between looks at how far a lease is, for the audience.
const SHOWN: Duration = Duration::from_millis(250);

/// A running gateway, and where its devices connect.
pub(super) type Running = (Keeper, SocketAddr);

/// Whoever lives in the story.
pub(super) struct People<'a> {
    story: &'a Story<'a>,
    /// Devices, and what looks at them.
    pub(super) lives: Group,
    pub(super) names: Names,
    /// Simulated devices that were started.
    pub(super) devices: usize,
    told: mpsc::UnboundedSender<Told>,
    notices: mpsc::UnboundedReceiver<LeaseNotice>,
    /// Notices that nobody has asked for yet.
    early: Vec<LeaseNotice>,
}

impl<'a> People<'a> {
    /// Nobody yet. What devices will say is passed on to the audience, and leases of consumers to the story.
    pub(super) fn new(story: &'a Story<'a>) -> Self {
        let lives = story.set.tasks.child("pool devices");
        let (told, mut hears) = mpsc::unbounded_channel::<Told>();
        let (notify, notices) = mpsc::unbounded_channel();
        let (teller, stop) = (story.set.teller.clone(), lives.stop_token());
        lives.spawn("listen", async move {
            loop {
                let told = tokio::select! {
                    () = stop.cancelled() => return Ok(()),
                    told = hears.recv() => told,
                };
                let Some(told) = told else { return Ok(()) };
                if let Saying::LeaseOpened(notice) = &told.saying
                    && notice.role() == Role::Consumer
                {
                    // the story may be over
                    let _ = notify.send((**notice).clone());
                }
                teller(Happening::Device(told));
            }
        });
        Self { story, lives, names: Names::new(), devices: 0, told, notices, early: Vec::new() }
    }

    /// Starts a gateway in a network region. Others clear the markets.
    pub(super) async fn gateway(
        &self,
        signer: &Signer,
        cell: CellId,
        change: impl FnOnce(&mut Config),
    ) -> anyhow::Result<Running> {
        let (stage, wires, tasks) =
            (self.story.set.stage, self.story.set.wires, self.story.set.tasks);
        let number = stage.pool.iter().position(|one| one.address() == signer.address());
        let name = format!("pool-{}", number.context("not an account of the pool's story")?);
        let gateway = Gateway { stage, name, signer, origin: self.story.set.origin };
        let (usual, well) = (Config::default().fabric.lost_secs, Faults::default());
        let started = gateway.start(wires, &well, tasks, |config| {
            config.roles.matcher = false;
            // longer than a failover
            config.fabric.lost_secs = usual;
            change(config);
        });
        let started = started.await?;
        place(stage, &[(signer, cell)]).await?;
        Ok(started)
    }

    /// Starts a device of an owner's at a gateway, and waits until it is enrolled. It asks for nothing until it is let.
    pub(super) async fn device(
        &mut self,
        (keeper, broker): &Running,
        (name, owner): (&str, &Signer),
        lets: Vec<Letting>,
        wants: Vec<Want>,
    ) -> anyhow::Result<(Device, DeviceId)> {
        let context = keeper.context();
        let key = context.key.verifying_key().to_bytes();
        let plan = Plan {
            name: name.to_owned(),
            seed: secret(&format!("{name} of {}", owner.address())),
            provision: provision(&context.domains, *broker, key, owner)?,
            lets,
            wants,
            origin: self.story.set.origin,
            granted: true,
        };
        let (mut device, life) = Device::new(plan, self.told.clone());
        device.set_asking(false);
        self.lives.spawn("device", life.run(self.lives.stop_token()));
        let id = tokio::time::timeout(PATIENCE, device.enrolled()).await.ok().flatten();
        let id = id.with_context(|| format!("{name} was not enrolled"))?;
        self.names.insert(id, name.to_owned());
        self.devices = self.devices.saturating_add(1);
        Ok((device, id))
    }

    /// The next lease that a consumer is told of.
    pub(super) async fn leased(&mut self, consumer: DeviceId) -> anyhow::Result<LeaseNotice> {
        let next = async {
            loop {
                let at = self.early.iter().position(|notice| notice.consumer == consumer.0);
                if let Some(at) = at {
                    return Some(self.early.swap_remove(at));
                }
                self.early.push(self.notices.recv().await?);
            }
        };
        let notice = tokio::time::timeout(PATIENCE, next).await.ok().flatten();
        notice.with_context(|| format!("device {consumer} was told of no lease"))
    }

    /// Tells the audience how far a consumer is with a lease.
    pub(super) fn show(&self, name: &'static str, lease: LeaseId, counts: &Counts) {
        let (counts, told, stop) = (counts.clone(), self.told.clone(), self.lives.stop_token());
        self.lives.spawn("shown", async move {
            let mut shown = 0;
            while !stop.is_cancelled() {
                let now = counts.of(lease);
                if now > shown {
                    let saying = Saying::Used(lease, now.saturating_sub(shown), now);
                    // nobody listening is fine
                    let _ = told.send(Told { name: name.to_owned(), saying });
                    shown = now;
                }
                tokio::time::sleep(SHOWN).await;
            }
            Ok(())
        });
    }
}
