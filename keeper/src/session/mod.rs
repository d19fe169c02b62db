//! Serving and using leases: admission, counting, vouchers, risk cap.
//!
//! Consumer side (`pass_on`): what a local consumer says on a lease goes to the provider's gateway, one
//! queue a lease, so that a slow provider holds up nobody else. Provider side (`frame`): what comes for
//! a local provider is verified, admitted, served through [`Service`], counted and paid for by
//! vouchers, which are on disk before service goes on. Both sides are told of their leases (`notify`).

mod admit;
mod answer;
mod call;
mod closing;
mod count;
mod frame;
mod measure;
mod meter;
mod mqtt;
mod notice;
mod notify;
mod pass_on;
mod queues;
mod results;
mod risk;
mod service;
mod silence;
mod table;
mod told;
mod turns;
mod voucher;

pub use risk::Risk;
pub use service::{Served, Service};
pub use silence::Silence;
pub use table::TABLES;

use crate::book::Books;
use crate::bridge::{Clock, Post};
use crate::context::{Context, domain_of};
use crate::exchange::Exchange;
use crate::latencies::Latencies;
use crate::leases::Leases;
use crate::placer::Placer;
use crate::settler::Asked;
use caplet_protocol::{DeviceId, Domain};
use measure::Measures;
use meter::Meters;
use mqtt::OverMqtt;
use queues::Queues;
use results::Results;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use tokio::sync::{Notify, watch};
use turns::Turns;

/// What the session is made of.
pub(crate) struct Parts {
    pub(crate) post: Post,
    pub(crate) clock: Clock,
    pub(crate) books: Books,
    pub(crate) leases: Leases,
    pub(crate) placer: Placer,
    pub(crate) exchange: Exchange,
    pub(crate) risk: Risk,
    /// What latency is good, as devices of this gateway have it.
    pub(crate) latencies: Latencies,
    /// What the settler asks of consumers; nothing where it is off.
    pub(crate) wanted: Option<watch::Receiver<Asked>>,
}

/// The session. Clones share it.
#[derive(Clone)]
pub struct Session {
    context: Context,
    parts: Arc<Parts>,
    registry: Domain,
    escrow: Domain,
    service: Arc<dyn Service>,
    mqtt: Arc<OverMqtt>,
    queues: Arc<Queues>,
    results: Arc<Results>,
    turns: Arc<Turns>,
    meters: Arc<Meters>,
    measures: Arc<Measures>,
    reborn: Arc<Mutex<BTreeSet<DeviceId>>>,
    wake: Arc<Notify>,
}

impl Session {
    /// A session whose leases are told of in a task of the context.
    ///
    /// # Errors
    /// If a domain is none.
    pub(crate) fn start(context: &Context, parts: Parts) -> anyhow::Result<Self> {
        let mqtt = Arc::new(OverMqtt::new(parts.post.clone()));
        let session = Self {
            registry: domain_of(&context.domains.registry)?,
            escrow: domain_of(&context.domains.escrow)?,
            context: context.clone(),
            parts: Arc::new(parts),
            service: mqtt.clone(),
            mqtt,
            queues: Arc::default(),
            results: Arc::default(),
            turns: Arc::default(),
            meters: Arc::default(),
            measures: Arc::default(),
            reborn: Arc::default(),
            wake: Arc::default(),
        };
        session.clone().spawn_notify();
        Ok(session)
    }

    /// The way to devices of this gateway.
    pub(crate) fn service(&self) -> Arc<dyn Service> {
        Arc::clone(&self.service)
    }

    /// Which devices of this gateway answer nothing.
    pub(crate) fn silence(&self) -> Silence {
        self.mqtt.silence.clone()
    }
}
