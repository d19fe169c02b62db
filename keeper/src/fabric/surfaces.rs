//! How each service looks at home.

use super::units::{memory, of};
use anyhow::Context as _;
use caplet_fabric::Service;
use caplet_fabric::kinds::jobs::JobSurface;
use caplet_fabric::kinds::sensor::{Compare, SensorSurface};
use caplet_fabric::kinds::tcp::TcpSurface;
use caplet_fabric::surface::Surface;
use caplet_fabric_enclave::{ENCLAVE, EnclaveSurface};
use caplet_fabric_fs::{Memory, StoreSurface};
use caplet_fabric_image::ImageUnit;
use caplet_fabric_net::{ProxySurface, TunPlan};
use caplet_fabric_oci::ContainerSurface;
use caplet_fabric_wasi::{ComputeSurface, Machine};
use caplet_protocol::wire::{Capability, LeaseNotice, detail::Of};
use caplet_protocol::wot::leased_thing;
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// What may be asked of how a lease is made local.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Wish {
    /// Folder on which a store is mounted.
    pub mount: Option<PathBuf>,
    /// Local port of a proxy or a TCP service; any that is free when absent.
    pub port: Option<u16>,
    /// Least milliseconds between the records of a sensor.
    pub interval_ms: u32,
    /// Seconds of readings of a sensor that are kept; the whole lease when 0.
    pub window_secs: u32,
    /// Name of a network interface (TUN) that leads to an uplink, beside its proxy.
    pub tun: Option<String>,
    /// What is routed into it, as `192.0.2.0/24`; the user routes when empty.
    pub routes: Vec<String>,
}

/// What results are checked with; by default nothing is.
#[derive(Default)]
pub(super) struct Checks {
    /// Runs programs again; none on a system that can't.
    pub(super) machine: Option<Machine>,
    /// What else is known of what a sensor measures.
    pub(super) compare: Option<Arc<dyn Compare>>,
    /// Whether anything is checked.
    pub(super) on: bool,
}

/// Between two challenges of a store, on average.
pub(super) const CHALLENGE: Duration = Duration::from_secs(30);
/// Pictures that are worked on again at a time.
const AGAIN: usize = 1;

/// What a surface is made of.
pub(super) struct Leased<'a> {
    pub(super) service: Service,
    pub(super) notice: &'a LeaseNotice,
    /// What the provider's profile says, if it could be had.
    pub(super) capability: Option<&'a Capability>,
    /// Base of local URLs.
    pub(super) base: &'a str,
    /// Of which the keys of stores are made.
    pub(super) secret: [u8; 32],
    /// What is remembered of stores.
    pub(super) memory: Arc<dyn Memory>,
    /// What is known of the provider's enclave, if the lease is of one.
    pub(super) enclave: Option<EnclaveSurface>,
    /// What is checked, and how.
    pub(super) checks: Checks,
}

/// The surface of a lease.
///
/// # Errors
/// If its service has none here, or the wish does not fit it.
pub(super) fn surface(leased: &Leased<'_>, wish: &Wish) -> anyhow::Result<Box<dyn Surface>> {
    let service = leased.service;
    anyhow::ensure!(
        wish.mount.is_none() || service == Service::STORE,
        "a lease of {service} is no store: attach it without a mount"
    );
    anyhow::ensure!(
        wish.tun.is_none() || service == Service::PROXY,
        "a lease of {service} is no uplink: attach it without an interface"
    );
    anyhow::ensure!(
        wish.routes.is_empty() || wish.tun.is_some(),
        "routes lead into an interface: name one (tun)"
    );
    anyhow::ensure!(
        wish.window_secs == 0 || service == Service::SENSOR,
        "a lease of {service} is no sensor: attach it without a window"
    );
    let port = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), wish.port.unwrap_or(0));
    let made: Box<dyn Surface> = match service {
        Service::SENSOR => Box::new(sensor(leased, wish)),
        Service::JOBS => Box::new(jobs(leased)),
        Service::WASM => Box::new(ComputeSurface {
            // without its profile it is not known what a run may have there
            again: leased.capability.and(leased.checks.machine.clone()),
            memory: leased.capability.map_or(0, memory),
        }),
        Service::OCI => Box::new(ContainerSurface),
        Service::STORE => {
            let (secret, folder) = (leased.secret, wish.mount.clone());
            let (memory, challenge) =
                (Arc::clone(&leased.memory), leased.checks.on.then_some(CHALLENGE));
            Box::new(StoreSurface { secret, memory, folder, challenge })
        }
        Service::PROXY => {
            let routes = wish.routes.clone();
            let tun = wish.tun.clone().map(|name| TunPlan { name, routes });
            Box::new(ProxySurface::new(port).with_tun(tun))
        }
        Service::TCP => Box::new(TcpSurface::new(port)),
        ENCLAVE => Box::new(leased.enclave.clone().context("no enclave is known")?),
        _ => return None.with_context(|| format!("no {service} is made local here")),
    };
    Ok(made)
}

/// What was asked for, or the lease from its start to its end.
fn window(notice: &LeaseNotice, wish: &Wish) -> Duration {
    let secs = match wish.window_secs {
        0 => notice.ends.saturating_sub(notice.starts),
        secs => secs.into(),
    };
    Duration::from_secs(secs)
}

fn jobs(leased: &Leased<'_>) -> JobSurface {
    let profile = leased.capability.and_then(|capability| {
        of(capability, |of| match of {
            Of::Hardware(hardware) => Some(hardware.clone()),
            _ => None,
        })
    });
    JobSurface { again: Some(Arc::new(ImageUnit::new(AGAIN))), profile }
}

fn sensor(leased: &Leased<'_>, wish: &Wish) -> SensorSurface {
    let thing =
        leased.capability.map(|capability| leased_thing(leased.notice, capability, leased.base));
    let range = leased.capability.and_then(|capability| {
        of(capability, |of| match of {
            Of::Sensor(sensor) if sensor.min_milli < sensor.max_milli => {
                Some(sensor.min_milli..=sensor.max_milli)
            }
            _ => None,
        })
    });
    SensorSurface {
        thing: thing.unwrap_or_default(),
        interval_ms: wish.interval_ms,
        window: window(leased.notice, wish),
        range,
        compare: leased.checks.compare.clone(),
    }
}
