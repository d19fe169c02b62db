//! One keeper, wired: what `caplet run` and the demo start.

mod account;
mod options;
mod status;

use crate::book::Books;
use crate::bridge::Bridge;
use crate::config::{AttestConfig, Config};
use crate::context::{Context, Domains, domain_of};
use crate::deploy::Deployment;
use crate::forward::{self, ByPool};
use crate::leases::Leases;
use crate::outbox::Outbox;
use crate::store::{Store, Tables};
use crate::tasks::{Drained, Group};
use crate::{
    attester, bridge, exchange, fabric, leases, matcher, outbox, placer, registrar, session,
    settler, store,
};
use anyhow::Context as _;
use caplet_chain::{Chain, Signer};
use ed25519_dalek::SigningKey;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// Tables of every room, for [`Store::open`].
pub const ROOMS: &[Tables] = &[
    outbox::TABLES,
    leases::TABLES,
    settler::vouchers::TABLES,
    settler::closings::TABLES,
    registrar::TABLES,
    placer::TABLES,
    bridge::TABLES,
    exchange::TABLES,
    session::TABLES,
    fabric::TABLES,
    store::home::TABLES,
];

/// What a keeper is made of.
pub struct Parts {
    /// Policies and roles; nothing is read from its paths here but TLS files and passwords.
    pub config: Config,
    /// The chain.
    pub chain: Arc<dyn Chain>,
    /// Where the contracts are.
    pub deployment: Deployment,
    /// The chain account.
    pub signer: Signer,
    /// The gateway's key.
    pub key: SigningKey,
    /// Opened with [`ROOMS`].
    pub store: Store,
}

/// A running keeper.
pub struct Keeper {
    context: Context,
    books: Books,
    leases: Leases,
    wanted: Option<settler::Wanted>,
    bridge: Option<Bridge>,
    serving: Arc<ByPool>,
}

impl Keeper {
    /// Starts every role that the configuration turns on, and opens the keeper's account in the
    /// registry if it has none.
    ///
    /// # Errors
    /// If the chain cannot be asked, a contract is not there, or an address cannot be listened on.
    pub async fn start(parts: Parts) -> anyhow::Result<Self> {
        Self::start_with(parts, fabric::Seams::default()).await
    }

    /// As [`Keeper::start`], with something else in place of what stands behind its leases.
    ///
    /// # Errors
    /// As [`Keeper::start`].
    pub async fn start_with(parts: Parts, seams: fabric::Seams) -> anyhow::Result<Self> {
        let Parts { config, chain, deployment, signer, key, store } = parts;
        let tasks = Group::new("keeper");
        let started =
            Self::wire(&tasks, config, chain, deployment, signer, key, store, seams).await;
        if started.is_err() {
            // what did start must not outlive the keeper that did not
            tasks.drain(Duration::from_secs(5)).await;
        }
        started
    }

    #[allow(clippy::too_many_arguments)] // the parts of one keeper, each used once
    async fn wire(
        tasks: &Group,
        config: Config,
        chain: Arc<dyn Chain>,
        deployment: Deployment,
        signer: Signer,
        key: SigningKey,
        store: Store,
        seams: fabric::Seams,
    ) -> anyhow::Result<Self> {
        let domains = Domains::load(&*chain, &deployment)
            .await
            .context("asking the contracts of the deployment file for their domains")?;
        // before anything that an earlier run left to do is done
        store::home::check(&store, &domain_of(&domains.escrow)?.0)?;
        let outbox =
            Outbox::start(tasks, Arc::clone(&chain), signer.clone(), store.clone(), config.outbox)?;
        outbox.ready().await;
        let account = account::open(&*chain, &deployment, &signer, &outbox).await?;
        let context = Context {
            chain,
            deployment: Arc::new(deployment),
            domains: Arc::new(domains),
            signer,
            account,
            key: Arc::new(key),
            store,
            outbox,
            tasks: tasks.clone(),
        };
        let books = Books::start(&context).await?;
        let leases = Leases::start(&context).await?;
        if config.roles.matcher {
            matcher::start(&context, books.clone(), config.matcher);
        }
        let wanted = config.roles.settler.then(|| settler::start(&context, &leases, config.settle));
        forward::commit(&context, &leases, &config.forward)
            .await
            .context("asking the pools of forward.join for their markets")?;
        let serving = Arc::new(ByPool::new(leases.clone()));
        let bridge = if config.roles.bridge {
            let status = status::teller(&context, &books, &leases);
            let pools = || Arc::clone(&serving) as Arc<dyn fabric::Serving>;
            let seams = fabric::Seams { serving: seams.serving.or_else(|| Some(pools())), ..seams };
            let options = options::bridge(&config, seams)?;
            let asked = wanted.as_ref().map(settler::Wanted::subscribe);
            let (leases, books) = (leases.clone(), books.clone());
            Some(Bridge::start(&context, options, leases, books, status, asked).await?)
        } else {
            None
        };
        if config.roles.attester {
            let directory = match &bridge {
                Some(bridge) => bridge.exchange().directory.clone(),
                None => exchange::directory(&context, config.exchange.peers.clone())?,
            };
            let judge = attester::judge(&config, context.chain.chain_id())?;
            let quotes = config.path(&config.attest.quotes);
            let set = AttestConfig { quotes, ..config.attest.clone() };
            attester::start(&context, set, judge, directory);
        }
        let exchange = bridge.as_ref().map(Bridge::exchange);
        let silence = bridge.as_ref().map(Bridge::silence).cloned().unwrap_or_default();
        forward::start(&context, &leases, exchange, &silence, &config.forward, config.settle);
        Ok(Self { context, books, leases, wanted, bridge, serving })
    }

    /// What its roles hold.
    #[must_use]
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// Where devices connect, with the port really bound.
    ///
    /// # Errors
    /// If the bridge role is off, or the broker is known by a name rather than an address.
    pub fn broker(&self) -> anyhow::Result<SocketAddr> {
        let bridge =
            self.bridge.as_ref().context("this keeper has no broker: turn on roles.bridge")?;
        let host = bridge.broker().address().host;
        host.parse().with_context(|| format!("the broker {host} is not given as address and port"))
    }

    /// Where other gateways connect; `None` if the bridge role is off.
    #[must_use]
    pub fn exchange(&self) -> Option<SocketAddr> {
        self.bridge.as_ref().map(|bridge| bridge.exchange().address())
    }

    /// Its rooms for devices and other gateways; `None` if the bridge role is off.
    #[must_use]
    pub fn bridge(&self) -> Option<&Bridge> {
        self.bridge.as_ref()
    }

    /// The virtualization layer; `None` if it is off.
    #[must_use]
    pub fn fabric(&self) -> Option<&fabric::Fabric> {
        self.bridge.as_ref().and_then(Bridge::fabric)
    }

    /// Who serves leases: the member that a pool names, or the provider.
    #[must_use]
    pub fn serving(&self) -> &Arc<ByPool> {
        &self.serving
    }

    /// Its books.
    #[must_use]
    pub fn books(&self) -> &Books {
        &self.books
    }

    /// Its leases.
    #[must_use]
    pub fn leases(&self) -> &Leases {
        &self.leases
    }

    /// What its settler asks of consumers; `None` if the settler role is off.
    #[must_use]
    pub fn wanted(&self) -> Option<&settler::Wanted> {
        self.wanted.as_ref()
    }

    /// Resolves when a role died; a keeper that lost one of its parts must not look alive.
    pub async fn died(&self) {
        self.context.tasks.stop_token().cancelled().await;
    }

    /// Stops accepting, lets every role end, finishes what the outbox holds; at most `deadline`.
    pub async fn stop(self, deadline: Duration) -> Drained {
        if let Some(bridge) = &self.bridge {
            bridge.close().await;
        }
        self.context.tasks.drain(deadline).await
    }
}
