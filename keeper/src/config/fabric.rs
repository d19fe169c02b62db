//! Serving and using leases over links.

use caplet_fabric_oci::{RUNC, YOUKI};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::path::PathBuf;

/// The virtualization layer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FabricConfig {
    /// Whether leases are served and used over links. Needs the bridge role.
    pub on: bool,
    /// What links are made of.
    pub transport: Transport,
    /// UDP address on which links are taken. Port 0 takes any free one.
    pub listen: SocketAddr,
    /// `ip:port`s for the endpoint record; the listening address when empty.
    pub advertise: Vec<SocketAddr>,
    /// URL of a relay of one's own, for gateways that cannot be reached directly; iroh only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relay: Option<String>,
    /// Where leased capabilities are served over HTTP; keep it on loopback.
    pub desk: SocketAddr,
    /// Whether every lease of a device here is made local as soon as it begins.
    pub auto: bool,
    /// Folder below which leased stores are mounted; over HTTP only when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mounts: Option<PathBuf>,
    /// Steps in which a segment of a lease, an eighth, is paid with one signature of the device: links of a hash chain
    /// (`PROTOCOL.md` 1), 1 to 1024. Zero for a signature each half segment and no chain.
    pub links: u16,
    /// Share of results that are checked, basis points, by running programs and image jobs again here. With more than
    /// none stores are challenged for random blocks, and sensors are held against each other and against references.
    pub check_bps: u16,
    /// Local devices whose leases are canaries: used by this gateway with work whose result it can tell, and all checked.
    pub canaries: Vec<u32>,
    /// Failures in a row, or wrong results, after which a lease is given up.
    pub failures: u64,
    /// Seconds without its provider after which a lease is given up.
    pub lost_secs: u64,
    /// Where leased uplinks lead: `host:port`, `*.host:port`, `*:port`, with `*` for any port. None by
    /// default.
    pub uplink: Vec<String>,
    /// Whether uplinks lead to this machine and its own network too.
    pub uplink_private: bool,
    /// Program behind image units, as `caplet-image-unit` is one; in this process when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_unit: Option<PathBuf>,
    /// Command that shows what a camera of image units sees: JPEGs on its standard output, one after another (MJPEG).
    /// It runs in the keeper's folder while somebody looks. Units have no camera when this is empty.
    pub camera: Vec<String>,
    /// File with a JPEG or a PNG that is written anew for each picture of a camera, in place of a command.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub camera_file: Option<PathBuf>,
    /// `host:port` of the service behind TCP leases; none are served when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tcp: Option<String>,
    /// Root file system of leased containers; none are served when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container_root: Option<PathBuf>,
    /// Programs that make containers, names or paths below the keeper's folder: the first that is there and fit is taken.
    pub container_runtime: Vec<String>,
    /// Whether containers of capabilities with the tag `network` get out, where `uplink` leads: runs that ask for it.
    pub container_network: bool,
    /// Whether leased containers run in root file systems of their consumers, too.
    pub bundles: bool,
    /// Folder in which those are kept unpacked; of this keeper alone, and open to other users (`o+x`) all the way.
    pub bundle_folder: PathBuf,
    /// MiB that they may take up there.
    pub bundle_mib: u64,
    /// MiB of memory that WASI programs of all leases together may be given, each as much as one may have; half of what
    /// is free when the first is served when 0.
    pub program_mib: u64,
    /// Command of the enclave behind leases of `enclave` markets, as `caplet-enclave serve` is one; none are
    /// served when empty. It runs in the keeper's folder.
    pub enclave: Vec<String>,
}

/// What links are made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    /// iroh: finds a way through address translation, and by a relay if one is set.
    #[default]
    Iroh,
    /// Plain QUIC with raw keys.
    Quic,
}

impl Default for FabricConfig {
    fn default() -> Self {
        Self {
            on: true,
            transport: Transport::default(),
            listen: SocketAddr::from(([127, 0, 0, 1], 7082)),
            advertise: Vec::new(),
            relay: None,
            desk: SocketAddr::from(([127, 0, 0, 1], 7081)),
            auto: true,
            mounts: None,
            links: 16,
            check_bps: 500,
            canaries: Vec::new(),
            failures: 3,
            lost_secs: 60,
            uplink: Vec::new(),
            uplink_private: false,
            image_unit: None,
            camera: Vec::new(),
            camera_file: None,
            tcp: None,
            container_root: None,
            container_runtime: [YOUKI, RUNC].map(str::to_owned).to_vec(),
            container_network: false,
            bundles: true,
            bundle_folder: "bundles".into(),
            bundle_mib: 2_048,
            program_mib: 0,
            enclave: Vec::new(),
        }
    }
}
