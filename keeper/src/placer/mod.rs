//! Brings devices' signed orders to the chain in batches.
//!
//! The gateway proposes: an offer for whatever capacity is free, a demand for every demand profile.
//! The device signs what it likes, and any order of its own; what is signed is checked (`rules`), kept,
//! and relayed. One pass does all that is due, from store, book and chain state.

mod capacity;
mod choose;
mod demands;
mod express;
mod intake;
mod market;
mod orders;
mod outcome;
mod price;
mod propose;
mod proposed;
mod relay;
mod renew;
mod round;
mod rules;
mod sheets;
pub mod spare;
mod table;
mod take;
mod tiers;

pub use table::TABLES;

use crate::book::Books;
use crate::bridge::{Clock, Post};
use crate::config::SpareConfig;
use crate::context::{Context, domain_of};
use crate::leases::{Lease, Leases};
use crate::observe;
use crate::registrar::Registrar;
use caplet_protocol::{DeviceId, Domain, layout::Demand};
use proposed::Proposals;
use sheets::Sheets;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

/// A pass at least this often: expiry and what is to be said again are nobody's event.
const PERIOD: Duration = Duration::from_millis(500);

/// Passes at most this often, however fast books change.
const REST: Duration = Duration::from_millis(20);

/// The placer. Clones share it.
#[derive(Clone)]
pub struct Placer {
    context: Context,
    post: Post,
    clock: Clock,
    books: Books,
    leases: Leases,
    registry: Domain,
    auction: Domain,
    wake: Arc<Notify>,
    proposals: Arc<Proposals>,
    sheets: Arc<Sheets>,
    renewals: Arc<renew::Renewals>,
    chooser: Arc<choose::Chooser>,
    spare: Arc<[SpareConfig]>,
    relay_ticks: u32,
}

/// What an operator decides about the orders of devices.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Offers that follow the load.
    pub spare: Vec<SpareConfig>,
    /// Relay fee of an order, in ticks of its market.
    pub relay_ticks: u32,
}

impl Placer {
    /// A placer whose passes run in tasks of the context.
    ///
    /// # Errors
    /// If a domain is none.
    pub(crate) fn start(
        context: &Context,
        post: Post,
        clock: Clock,
        books: Books,
        leases: Leases,
        options: Options,
        registrar: &Registrar,
    ) -> anyhow::Result<Self> {
        let placer = Self {
            registry: domain_of(&context.domains.registry)?,
            auction: domain_of(&context.domains.auction)?,
            context: context.clone(),
            post,
            clock,
            books,
            leases,
            wake: Arc::default(),
            proposals: Arc::default(),
            sheets: Arc::default(),
            renewals: Arc::default(),
            chooser: Arc::default(),
            spare: options.spare.into(),
            relay_ticks: options.relay_ticks,
        };
        placer.clone().spawn("placer", registrar);
        Ok(placer)
    }

    /// A device came back: what it was proposed is proposed again.
    pub(crate) fn reborn(&self, device: DeviceId) {
        self.proposals.forget(device);
        self.wake.notify_one();
    }

    /// The demand profile that a lease fills, as its device named it; 0 if unknown.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub(crate) fn demand_of(&self, lease: &Lease) -> anyhow::Result<u64> {
        let store = &self.context.store;
        let found = match lease.demand {
            Some(order) => orders::demand_behind(store, lease.terms.market, order)?,
            None => orders::taken_by(store, lease.id)?,
        };
        Ok(found.unwrap_or(0))
    }

    /// The demand that a lease fills, as its device signed it; `None` if it was not signed here.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub(crate) fn signed_for(&self, lease: &Lease) -> anyhow::Result<Option<Demand>> {
        let store = &self.context.store;
        if let Some(order) = lease.demand {
            return orders::demand_numbered(store, lease.terms.market, order);
        }
        match orders::taken_by(store, lease.id)? {
            Some(profile) => orders::demand_for(store, lease.consumer, profile),
            None => Ok(None),
        }
    }

    /// What an order pays this gateway for bringing it to a market, base units.
    fn relay_fee(&self, market: &market::Market) -> u64 {
        market.config.tick_size.u64().saturating_mul(self.relay_ticks.into())
    }

    fn spawn(self, name: &'static str, registrar: &Registrar) {
        let stop = self.context.tasks.stop_token();
        let (mut books, mut leases) = (self.books.changed(), self.leases.changed());
        let mut devices = registrar.changed();
        let tasks = self.context.tasks.clone();
        tasks.spawn(name, async move {
            let run = async {
                self.context.outbox.ready().await;
                self.recover_or_log().await;
                loop {
                    self.pass().await;
                    tokio::select! {
                        () = self.wake.notified() => {}
                        _ = books.changed() => {}
                        _ = leases.changed() => {}
                        _ = devices.changed() => {}
                        () = tokio::time::sleep(PERIOD) => {}
                    }
                    tokio::time::sleep(REST).await;
                }
            };
            tokio::select! {
                () = stop.cancelled() => {}
                () = run => {}
            }
            Ok(())
        });
    }

    async fn recover_or_log(&self) {
        while let Err(error) = self.recover().await {
            observe::room_failed("placer", &error);
            tokio::time::sleep(PERIOD).await;
        }
    }

    async fn pass(&self) {
        let pass = async {
            self.publish_sheets().await;
            self.propose().await?;
            self.renew().await?;
            self.place().await
        };
        if let Err(error) = pass.await {
            observe::room_failed("placer", &error);
        }
    }
}
