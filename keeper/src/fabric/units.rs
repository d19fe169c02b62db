//! What stands behind the leases of local devices: an adapter for each capability of a profile.

use super::sweep::root;
use crate::config::FabricConfig;
use crate::observe;
use anyhow::Context as _;
use async_trait::async_trait;
use caplet_fabric::Service;
use caplet_fabric::adapter::AnyAdapter;
use caplet_fabric::kinds::jobs::{Executor, FrameSource, JobAdapter, Lasting, Program};
use caplet_fabric::kinds::sensor::{Feed, SensorAdapter};
use caplet_fabric::kinds::tcp::TcpAdapter;
use caplet_fabric_enclave::{ENCLAVE, Enclave, EnclaveAdapter, Separate};
use caplet_fabric_fs::replica::Stores;
use caplet_fabric_image::{ImageUnit, LiveCamera, Origin};
use caplet_fabric_net::{Allow, Rule, System, Uplink, UplinkAdapter};
use caplet_fabric_oci::{
    BundleLimits, Bundles, CGROUPS, Limits as Room, NETWORK, OciAdapter, reachable, ready,
};
use caplet_fabric_wasi::{Limits, Machine, WasiAdapter};
use caplet_protocol::DeviceId;
use caplet_protocol::wire::{Capability, detail::Of};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::OnceCell;

/// Longest job of an image program.
const JOB: Duration = Duration::from_secs(60);

/// Bytes of a leased store whose profile does not say.
const STORE: u64 = 64 << 20;

/// A capability that is leased, and what it is served with.
pub struct Offered<'a> {
    /// The device that lets it out.
    pub device: DeviceId,
    /// As what it is served.
    pub service: Service,
    /// What its signed profile says.
    pub capability: &'a Capability,
    /// What the device measures, for sensors; asked of the device while somebody reads it.
    pub feed: Feed,
    /// What devices of this gateway store for others: replicated in pools.
    pub stores: &'a Stores,
    /// Folder of the device on this gateway.
    pub folder: &'a Path,
}

impl Offered<'_> {
    /// Consumers at a time: a lease is a lot.
    #[must_use]
    pub fn sessions(&self) -> usize {
        let lots = self.capability.capacity.as_ref().map_or(1, |capacity| capacity.lots);
        usize::try_from(lots).unwrap_or(usize::MAX).max(1)
    }
}

/// Makes adapters.
#[async_trait]
pub trait Units: Send + Sync + 'static {
    /// The adapter of a capability; `None` if nothing here serves it.
    ///
    /// # Errors
    /// If what stands behind it does not start.
    async fn adapter(&self, offered: &Offered<'_>) -> anyhow::Result<Option<Arc<dyn AnyAdapter>>>;
}

/// What a gateway serves by itself.
pub struct LocalUnits {
    config: FabricConfig,
    /// Folder that relative paths of the configuration start from.
    data: PathBuf,
    machine: OnceCell<Machine>,
    enclave: OnceCell<Arc<dyn Enclave>>,
    /// Root file systems of consumers; one place for all leases.
    bundles: OnceCell<Arc<Bundles>>,
    /// The camera; one for all who look.
    camera: OnceLock<Arc<dyn FrameSource>>,
}

impl LocalUnits {
    /// By an operator's configuration.
    #[must_use]
    pub fn new(config: FabricConfig, data: PathBuf) -> Self {
        let (machine, enclave, bundles, camera) = Default::default();
        Self { config, data, machine, enclave, bundles, camera }
    }

    /// What runs jobs of image units: a program if one is configured, else this process.
    ///
    /// # Errors
    /// If the program does not start.
    pub async fn executor(&self, parallel: usize) -> anyhow::Result<Arc<dyn Executor>> {
        let Some(program) = &self.config.image_unit else {
            return Ok(Arc::new(ImageUnit::new(parallel)));
        };
        let path = self.data.join(program);
        let command = path.clone();
        let start = move || tokio::process::Command::new(&command);
        let program = Lasting::start(start, JOB).await;
        Ok(Arc::new(program.with_context(|| format!("starting {}", path.display()))?))
    }

    /// An image unit, with the camera if one is configured.
    async fn unit(&self, sessions: usize) -> anyhow::Result<JobAdapter> {
        let unit = JobAdapter::new(self.executor(sessions).await?, sessions);
        let Some(origin) = self.origin() else { return Ok(unit) };
        let camera = self.camera.get_or_init(|| Arc::new(LiveCamera::new(origin)));
        Ok(unit.with_source(Arc::clone(camera)))
    }

    /// Where the camera's pictures come from.
    fn origin(&self) -> Option<Origin> {
        let Some((program, args)) = self.config.camera.split_first() else {
            return self.config.camera_file.as_ref().map(|file| Origin::File(self.data.join(file)));
        };
        let (program, args) = (self.program(program), args.to_vec());
        Some(Origin::Program { program, args, folder: self.data.clone() })
    }

    /// The first word of a command: a path below the keeper's folder, or found as any command is.
    fn program(&self, word: &str) -> PathBuf {
        if Path::new(word).components().count() < 2 {
            return word.into();
        }
        let path = self.data.join(word);
        // it runs in that folder, from where a relative path leads elsewhere
        std::path::absolute(&path).unwrap_or(path)
    }

    /// Where uplinks lead.
    ///
    /// # Errors
    /// If a rule is none.
    fn allow(&self) -> anyhow::Result<Allow> {
        let rules = self.config.uplink.iter().map(|rule| rule.parse::<Rule>());
        let allow = Allow::new(rules.collect::<Result<Vec<_>, _>>()?);
        Ok(if self.config.uplink_private { allow.with_private() } else { allow })
    }

    /// The enclave, in its program; one for all leases.
    async fn enclave(&self) -> anyhow::Result<Option<Arc<dyn Enclave>>> {
        let Some((program, args)) = self.config.enclave.split_first() else { return Ok(None) };
        let start = || async {
            let path = self.program(program);
            let mut command = tokio::process::Command::new(&path);
            command.args(args).current_dir(&self.data);
            let started = Program::start(command, JOB).await;
            let started = started.with_context(|| format!("starting {}", path.display()))?;
            let separate = Separate::new(started).map_err(anyhow::Error::msg)?;
            anyhow::Ok(Arc::new(separate) as Arc<dyn Enclave>)
        };
        Ok(Some(Arc::clone(self.enclave.get_or_try_init(start).await?)))
    }

    /// What runs containers; nothing does where no root file system is configured.
    async fn containers(&self, offered: &Offered<'_>) -> anyhow::Result<Option<OciAdapter>> {
        let Some(root) = &self.config.container_root else { return Ok(None) };
        let root = self.data.join(root);
        reachable(&root)?;
        let runtimes: Vec<PathBuf> =
            self.config.container_runtime.iter().map(|word| self.program(word)).collect();
        let able = move || ready(&runtimes, Path::new(CGROUPS));
        let (runtime, unfit) = tokio::task::spawn_blocking(able).await??;
        observe::containers_by(&runtime, &unfit);
        let mut adapter = OciAdapter::new(root, Room::default()).with_runtime(runtime);
        let promised = offered.capability.tags.iter().any(|tag| tag == NETWORK);
        match (promised, self.config.container_network) {
            (true, true) => {
                adapter = adapter.with_uplink(Uplink::new(self.allow()?, Arc::new(System)));
            }
            (true, false) => tracing::warn!(
                device = %offered.device,
                "its profile promises containers with a network, which fabric.container_network does not allow: set it, or \
                 take the tag away"
            ),
            (false, _) => {}
        }
        if !self.config.bundles {
            return Ok(Some(adapter));
        }
        let open = || async {
            let (folder, mib) =
                (self.data.join(&self.config.bundle_folder), self.config.bundle_mib);
            let limits = BundleLimits { kept: mib.saturating_mul(1 << 20), ..Default::default() };
            // what an earlier run left there is removed first
            let opened = tokio::task::spawn_blocking(move || Bundles::open(folder, limits)).await?;
            anyhow::Ok(Arc::new(opened?))
        };
        let bundles = Arc::clone(self.bundles.get_or_try_init(open).await?);
        Ok(Some(adapter.with_bundles(bundles)))
    }

    async fn machine(&self) -> anyhow::Result<Machine> {
        let open = || async {
            let room = match self.config.program_mib {
                0 => free().await,
                mib => mib.saturating_mul(1 << 20),
            };
            // one at a time there is always room for
            let one = u64::try_from(Limits::default().memory).unwrap_or(u64::MAX);
            anyhow::Ok(Machine::new()?.with_room(room.max(one)))
        };
        Ok(self.machine.get_or_try_init(open).await?.clone())
    }
}

#[async_trait]
impl Units for LocalUnits {
    async fn adapter(&self, offered: &Offered<'_>) -> anyhow::Result<Option<Arc<dyn AnyAdapter>>> {
        let sessions = offered.sessions();
        let made: Arc<dyn AnyAdapter> = match offered.service {
            Service::SENSOR => {
                let interval = Duration::from_millis(period(offered.capability).into());
                Arc::new(SensorAdapter::new(offered.feed.clone(), interval, sessions))
            }
            Service::JOBS => Arc::new(self.unit(sessions).await?),
            Service::WASM => {
                let limits = Limits::default().with_memory(memory(offered.capability));
                Arc::new(WasiAdapter::new(self.machine().await?, limits))
            }
            Service::STORE => {
                let (root, quota) = (root(offered.folder), bytes(offered.capability));
                Arc::new(offered.stores.adapter(offered.device, root, quota, sessions))
            }
            Service::PROXY => {
                Arc::new(UplinkAdapter::new(self.allow()?, Arc::new(System), sessions))
            }
            Service::TCP => match &self.config.tcp {
                Some(target) => Arc::new(TcpAdapter::new(target.clone())),
                None => return Ok(None),
            },
            Service::OCI => match self.containers(offered).await? {
                Some(adapter) => Arc::new(adapter),
                None => return Ok(None),
            },
            ENCLAVE => match self.enclave().await? {
                Some(enclave) => Arc::new(EnclaveAdapter::new(enclave, sessions)),
                None => return Ok(None),
            },
            _ => return Ok(None),
        };
        Ok(Some(made))
    }
}

/// Half of the memory that is free on this system; all there may be where it does not say.
async fn free() -> u64 {
    let said = tokio::fs::read_to_string("/proc/meminfo").await.unwrap_or_default();
    let line = said.lines().find_map(|line| line.strip_prefix("MemAvailable:"));
    let kib = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
    kib.map_or(u64::MAX, |kib| kib.saturating_mul(512))
}

/// Milliseconds between readings, of a sensor's profile.
pub(super) fn period(capability: &Capability) -> u32 {
    of(capability, |of| match of {
        Of::Sensor(sensor) => Some(sensor.period_ms),
        _ => None,
    })
    .unwrap_or(0)
}

/// Bytes of memory that a run may have, of a compute unit's profile; 0 where it does not say.
pub(super) fn memory(capability: &Capability) -> u64 {
    of(capability, |of| match of {
        Of::Compute(compute) => Some(compute.memory),
        _ => None,
    })
    .unwrap_or(0)
}

fn bytes(capability: &Capability) -> u64 {
    let kept = of(capability, |of| match of {
        Of::Storage(storage) => Some(storage.bytes),
        _ => None,
    });
    kept.filter(|bytes| *bytes > 0).unwrap_or(STORE)
}

/// What one of a capability's details says.
pub(super) fn of<T>(capability: &Capability, says: impl Fn(&Of) -> Option<T>) -> Option<T> {
    capability.details.iter().filter_map(|detail| detail.of.as_ref()).find_map(says)
}
