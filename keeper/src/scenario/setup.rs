//! The gateways of the story, and the wires between which somebody listens.

use super::apps::MARK;
use super::faulty::{Faults, FaultyUnits};
use super::report::{Captured, Report};
use super::stage::Stage;
use super::tap::{Recorder, Tap};
use crate::config::{Config, Transport};
use crate::context::{Domains, domain_of};
use crate::fabric::{LocalUnits, Seams};
use crate::keeper::{Keeper, Parts, ROOMS};
use crate::store::Store;
use crate::tasks::Group;
use anyhow::Context as _;
use caplet_api::registry::{ExecuteMsg, GatewayResponse, QueryMsg};
use caplet_chain::{ChainExt as _, Msg, Signer};
use caplet_protocol::CellId;
use caplet_simulator::Provision;
use ed25519_dalek::SigningKey;
use sha2::{Digest as _, Sha256};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// A part of every reading in SenML, which carries no mark of its own.
const READING: &str = r#""u":"Cel""#;

/// How long a gateway may take to publish where it is dialled.
const PUBLISHED: Duration = Duration::from_secs(180);
/// Between looks whether it has.
const LOOK: Duration = Duration::from_millis(100);

/// What passes between devices and brokers, and between gateways.
pub(super) struct Wires {
    mqtt: Recorder,
    exchange: Recorder,
    links: Recorder,
}

impl Wires {
    pub(super) fn new() -> Self {
        let mqtt = Recorder::new([MARK.as_bytes().to_vec(), READING.as_bytes().to_vec()]);
        Self { exchange: mqtt.fresh(), links: mqtt.fresh(), mqtt }
    }

    /// Says what was seen.
    pub(super) fn tell(&self, report: &mut Report) {
        let all = [&self.mqtt, &self.exchange, &self.links];
        report.plaintext_seen = all.iter().fold(0, |sum, one| sum.saturating_add(one.seen()));
        report.captured = Captured {
            mqtt_bytes: self.mqtt.bytes(),
            exchange_bytes: self.exchange.bytes(),
            link_bytes: self.links.bytes(),
        };
    }
}

/// Whether stores can be mounted here.
fn mounts() -> bool {
    std::fs::OpenOptions::new().read(true).write(true).open("/dev/fuse").is_ok()
}

/// A gateway to be started.
pub(super) struct Gateway<'a> {
    pub(super) stage: &'a Stage,
    /// What it is called among the others.
    pub(super) name: String,
    pub(super) signer: &'a Signer,
    /// Where its uplinks lead.
    pub(super) origin: SocketAddr,
}

impl Gateway<'_> {
    /// Starts its keeper with a `change` to how they are set up here, and says where its devices connect: everything
    /// passes a tap.
    pub(super) async fn start(
        &self,
        wires: &Wires,
        faults: &Faults,
        tasks: &Group,
        change: impl FnOnce(&mut Config),
    ) -> anyhow::Result<(Keeper, SocketAddr)> {
        let folder = self.stage.folder.join(format!("gateway-{}", self.name));
        std::fs::create_dir_all(&folder)?;
        let devices = Tap::tcp(&wires.mqtt, tasks).await?;
        let exchange = Tap::tcp(&wires.exchange, tasks).await?;
        let links = Tap::udp(&wires.links, tasks).await?;
        let mut config = self.config(&folder, exchange.address(), links.address());
        change(&mut config);
        let usual = LocalUnits::new(config.fabric.clone(), folder.clone());
        let units = FaultyUnits { usual, faults: faults.clone() };
        let seams = Seams { units: Some(Arc::new(units)), ..Seams::default() };
        let key = secret(&format!("gateway {} {}", self.name, self.signer.address()));
        let parts = Parts {
            store: Store::open(&folder.join("keeper.db"), ROOMS)?,
            config,
            chain: Arc::clone(&self.stage.chain),
            deployment: self.stage.deployment.clone(),
            signer: self.signer.clone(),
            key: SigningKey::from_bytes(&key),
        };
        let keeper = Keeper::start_with(parts, seams)
            .await
            .with_context(|| format!("starting the keeper of gateway {}", self.name))?;
        devices.lead_to(keeper.broker()?);
        exchange.lead_to(keeper.exchange().context("a keeper without exchange")?);
        let fabric = keeper.fabric().context("a keeper without links")?;
        links.lead_to(*fabric.links().first().context("a keeper without link address")?);
        Ok((keeper, devices.address()))
    }

    fn config(&self, folder: &std::path::Path, exchange: SocketAddr, links: SocketAddr) -> Config {
        let free = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let mut config = Config { data: folder.to_owned(), ..Config::default() };
        config.mqtt.embedded.listen = free;
        config.exchange.listen = free;
        config.exchange.advertise = vec![exchange.to_string()];
        config.settle.min_value = 1;
        config.settle.max_age_secs = 3;
        config.settle.before_end_secs = 3;
        let fabric = &mut config.fabric;
        // plain QUIC keeps to the address it was given, so all of it passes the tap
        fabric.transport = Transport::Quic;
        fabric.listen = free;
        fabric.advertise = vec![links];
        fabric.desk = free;
        fabric.lost_secs = 5;
        fabric.uplink = vec![self.origin.to_string()];
        fabric.uplink_private = true;
        fabric.mounts = mounts().then(|| "caps".into());
        config
    }
}

/// Waits until gateways have published where they are dialled, then governance puts each into its network region.
pub(super) async fn place(stage: &Stage, gateways: &[(&Signer, CellId)]) -> anyhow::Result<()> {
    let registry = &stage.deployment.contracts.registry;
    let deadline = Instant::now().checked_add(PUBLISHED).context("clock overflow")?;
    let mut msgs = Vec::new();
    for (signer, cell) in gateways {
        let gateway = signer.address().to_owned();
        let ask = QueryMsg::Gateway { address: gateway.clone() };
        while let Err(error) = stage.chain.query::<_, GatewayResponse>(registry, &ask).await {
            let waits = Instant::now() < deadline;
            anyhow::ensure!(waits, "gateway {gateway} never registered: {error}");
            tokio::time::sleep(LOOK).await;
        }
        msgs.push(Msg::execute(registry, &ExecuteMsg::AssignCell { gateway, cell: *cell })?);
    }
    stage.send(&stage.admin, msgs).await?;
    Ok(())
}

/// Where a device belongs, and whose it is.
pub(super) fn provision(
    domains: &Domains,
    broker: SocketAddr,
    gateway: [u8; 32],
    owner: &Signer,
) -> anyhow::Result<Provision> {
    Ok(Provision {
        broker: broker.to_string(),
        gateway,
        registry: domain_of(&domains.registry)?,
        auction: domain_of(&domains.auction)?,
        escrow: domain_of(&domains.escrow)?,
        owner: owner.address().to_owned(),
    })
}

/// A secret for a part of the story, the same on every run over the same accounts.
pub(super) fn secret(name: &str) -> [u8; 32] {
    Sha256::digest(name.as_bytes()).into()
}
