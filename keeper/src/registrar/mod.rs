//! Brings devices' registrations and profiles to the chain in batches.
//!
//! What devices send is checked and kept by `intake`; the passes here look at store and chain and do
//! what is due, so that any of them may fail or die and is simply run again.

mod announce;
mod device;
mod enrol;
mod enrolments;
mod grant;
mod intake;
pub(crate) mod profiles;
mod refresh;
mod rotate;
mod table;
mod welcome;

pub use device::{LocalDevice, device, devices};
pub(crate) use intake::bad_signature;
pub use table::TABLES;

use crate::bridge::{Clock, Post};
use crate::context::{Context, domain_of};
use crate::observe;
use caplet_protocol::Domain;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, watch};

/// How often keys are compared with the chain's and what failed is tried again.
const PERIOD: Duration = Duration::from_secs(1);

/// The registrar. Clones share it.
#[derive(Clone)]
pub struct Registrar {
    context: Context,
    post: Post,
    clock: Clock,
    domain: Domain,
    wake: Arc<Notify>,
    changed: Arc<watch::Sender<u64>>,
}

impl Registrar {
    /// A registrar whose passes run in a task of the context.
    ///
    /// # Errors
    /// If the registry's domain is none.
    pub(crate) fn start(context: &Context, post: Post, clock: Clock) -> anyhow::Result<Self> {
        let registrar = Self {
            domain: domain_of(&context.domains.registry)?,
            context: context.clone(),
            post,
            clock,
            wake: Arc::default(),
            changed: Arc::new(watch::Sender::new(0)),
        };
        let (runs, stop) = (registrar.clone(), context.tasks.stop_token());
        context.tasks.spawn("registrar", async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = runs.run() => {}
            }
            Ok(())
        });
        Ok(registrar)
    }

    /// Rises when a device is enrolled, has another key or another profile.
    pub(crate) fn changed(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    fn touch(&self) {
        self.changed.send_modify(|version| *version = version.wrapping_add(1));
    }

    async fn run(&self) {
        self.context.outbox.ready().await;
        loop {
            let pass = async {
                while self.enrol().await? {}
                while self.announce().await? {}
                self.refresh().await
            };
            if let Err(error) = pass.await {
                observe::room_failed("registrar", &error);
            }
            tokio::select! {
                () = self.wake.notified() => {}
                () = tokio::time::sleep(PERIOD) => {}
            }
        }
    }
}
