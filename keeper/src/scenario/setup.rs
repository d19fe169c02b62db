//! The gateways of the story, and the wires between which somebody listens.

use super::apps::MARK;
use super::faulty::{Faults, FaultyUnits};
use super::report::{Captured, Report};
use super::stage::Stage;
use super::tap::{Recorder, Tap};
use crate::config::{Config, Transport};
use crate::fabric::{LocalUnits, Seams};
use crate::keeper::{Keeper, Parts, ROOMS};
use crate::store::Store;
use crate::tasks::Group;
use anyhow::Context as _;
use caplet_chain::Signer;
use ed25519_dalek::SigningKey;
use sha2::{Digest as _, Sha256};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

/// A part of every reading in SenML, which carries no mark of its own.
const READING: &str = r#""u":"Cel""#;

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
    pub(super) index: usize,
    pub(super) signer: &'a Signer,
    /// Where its uplinks lead.
    pub(super) origin: SocketAddr,
}

impl Gateway<'_> {
    /// Starts its keeper, and says where its devices connect: everything passes a tap.
    pub(super) async fn start(
        &self,
        wires: &Wires,
        faults: &Faults,
        tasks: &Group,
    ) -> anyhow::Result<(Keeper, SocketAddr)> {
        let folder = self.stage.folder.join(format!("gateway-{}", self.index));
        std::fs::create_dir_all(&folder)?;
        let devices = Tap::tcp(&wires.mqtt, tasks).await?;
        let exchange = Tap::tcp(&wires.exchange, tasks).await?;
        let links = Tap::udp(&wires.links, tasks).await?;
        let config = self.config(&folder, exchange.address(), links.address());
        let usual = LocalUnits::new(config.fabric.clone(), folder.clone());
        let units = FaultyUnits { usual, faults: faults.clone() };
        let seams = Seams { units: Some(Arc::new(units)), ..Seams::default() };
        let key = secret(&format!("gateway {} {}", self.index, self.signer.address()));
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
            .with_context(|| format!("starting the keeper of gateway {}", self.index))?;
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

/// A secret for a part of the story, the same on every run over the same accounts.
pub(super) fn secret(name: &str) -> [u8; 32] {
    Sha256::digest(name.as_bytes()).into()
}
