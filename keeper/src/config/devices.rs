//! Where devices and other gateways connect, and what a provider here may be owed.

use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::path::PathBuf;

/// Where devices connect.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MqttConfig {
    /// Which of the two below is used.
    pub kind: BrokerKind,
    /// A broker inside this process.
    pub embedded: EmbeddedBroker,
    /// A broker somewhere else.
    pub external: ExternalBroker,
}

/// Which broker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BrokerKind {
    /// Inside this process.
    #[default]
    Embedded,
    /// Somewhere else.
    External,
}

/// A broker inside this process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmbeddedBroker {
    /// Where it listens without TLS; keep it on loopback. Port 0 takes any free one.
    pub listen: SocketAddr,
    /// Where it listens with TLS; needs certificate and key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_listen: Option<SocketAddr>,
    /// PEM file with the certificate chain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<PathBuf>,
    /// PEM file with its private key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub private_key: Option<PathBuf>,
}

impl Default for EmbeddedBroker {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 1883)),
            tls_listen: None,
            certificate: None,
            private_key: None,
        }
    }
}

/// A broker somewhere else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExternalBroker {
    /// `mqtt://host:port`, or `mqtts://host:port` for TLS.
    pub url: String,
    /// User name of the keeper there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// File with its password, so that none stands in this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_file: Option<PathBuf>,
    /// PEM file with the authorities that may sign the broker's certificate; the public ones
    /// when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca: Option<PathBuf>,
}

impl Default for ExternalBroker {
    fn default() -> Self {
        Self { url: "mqtt://127.0.0.1:1883".to_owned(), user: None, password_file: None, ca: None }
    }
}

/// Where other gateways connect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExchangeConfig {
    /// Where it listens. Port 0 takes any free one.
    pub listen: SocketAddr,
    /// `host:port` that goes into the signed endpoint record; the listening address when empty.
    pub advertise: Vec<String>,
    /// Seconds an endpoint record is valid; it is renewed at half of that.
    pub record_secs: u64,
    /// `host:port` of gateways to ask for addresses that this keeper has not heard of.
    pub peers: Vec<String>,
    /// Seconds between two rounds of measuring how far other gateways are; not 0.
    pub measure_secs: u64,
}

impl Default for ExchangeConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 7080)),
            advertise: Vec::new(),
            record_secs: 7 * 86_400,
            peers: Vec::new(),
            measure_secs: 600,
        }
    }
}

/// How much a provider here may be owed before it pauses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RiskConfig {
    /// Share of a lease's reserve that may be served and not yet vouched for, basis points; at
    /// least the price of one unit is always allowed.
    pub cap_bps: u16,
    /// Seconds after the last block in which the chain's view still counts as fresh.
    pub stale_secs: u64,
}

impl Default for RiskConfig {
    fn default() -> Self {
        Self { cap_bps: 1_250, stale_secs: 60 }
    }
}
