//! How each service looks at home.

use super::units::of;
use anyhow::Context as _;
use caplet_fabric::Service;
use caplet_fabric::kinds::jobs::JobSurface;
use caplet_fabric::kinds::programs::ProgramSurface;
use caplet_fabric::kinds::sensor::SensorSurface;
use caplet_fabric::kinds::tcp::TcpSurface;
use caplet_fabric::surface::Surface;
use caplet_fabric_enclave::{ENCLAVE, EnclaveSurface};
use caplet_fabric_fs::StoreSurface;
use caplet_fabric_net::ProxySurface;
use caplet_protocol::wire::{Capability, LeaseNotice, detail::Of};
use caplet_protocol::wot::leased_thing;
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

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
}

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
    /// What is known of the provider's enclave, if the lease is of one.
    pub(super) enclave: Option<EnclaveSurface>,
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
    let port = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), wish.port.unwrap_or(0));
    let made: Box<dyn Surface> = match service {
        Service::SENSOR => Box::new(sensor(leased, wish)),
        Service::JOBS => Box::new(JobSurface),
        Service::WASM => Box::new(ProgramSurface::wasm()),
        Service::OCI => Box::new(ProgramSurface::containers()),
        Service::STORE => {
            let (secret, folder) = (leased.secret, wish.mount.clone());
            Box::new(StoreSurface { secret, known: 0, folder })
        }
        Service::PROXY => Box::new(ProxySurface::new(port)),
        Service::TCP => Box::new(TcpSurface::new(port)),
        ENCLAVE => Box::new(leased.enclave.clone().context("no enclave is known")?),
        _ => return None.with_context(|| format!("no {service} is made local here")),
    };
    Ok(made)
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
    SensorSurface { thing: thing.unwrap_or_default(), interval_ms: wish.interval_ms, range }
}
