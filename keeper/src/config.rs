//! What an operator may set: flags over `CAPLET_` environment over a TOML file over defaults.
//! A key that nobody knows is an error; every default is in `docs/caplet.example.toml`.

mod attest;
mod chain;
mod check;
mod devices;
mod fabric;
mod forward;
mod load;
mod money;
mod spare;
#[cfg(test)]
mod tests;

pub use attest::AttestConfig;
pub use chain::{ChainConfig, ChainKind, CosmosConfig, EmbeddedConfig};
pub use check::ConfigError;
pub use devices::{
    BrokerKind, EmbeddedBroker, ExchangeConfig, ExternalBroker, MqttConfig, RiskConfig,
};
pub use fabric::{FabricConfig, Transport};
pub use forward::{ForwardConfig, IssueConfig, JoinConfig, NeedConfig, OfferConfig};
pub use load::{Loaded, Origin, load, load_with};
pub use money::{MatcherConfig, OrdersConfig, OutboxConfig, SettleConfig};
pub use spare::SpareConfig;

use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Everything an operator may set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Folder that relative paths below start from; made if absent.
    pub data: PathBuf,
    /// Deployment file: where the contracts are.
    pub deployment: PathBuf,
    /// Key files.
    pub keys: KeysConfig,
    /// Store file.
    pub store: PathBuf,
    /// The chain.
    pub chain: ChainConfig,
    /// Where devices connect.
    pub mqtt: MqttConfig,
    /// Where other gateways connect.
    pub exchange: ExchangeConfig,
    /// Serving and using leases over links.
    pub fabric: FabricConfig,
    /// What this keeper does.
    pub roles: Roles,
    /// Bringing devices' orders.
    pub orders: OrdersConfig,
    /// Sending transactions.
    pub outbox: OutboxConfig,
    /// Redeeming vouchers.
    pub settle: SettleConfig,
    /// Clearing markets.
    pub matcher: MatcherConfig,
    /// Futures and pools.
    pub forward: ForwardConfig,
    /// Enclaves.
    pub attest: AttestConfig,
    /// How much may be owed to a provider here.
    pub risk: RiskConfig,
    /// Offers that follow the load.
    pub spare: Vec<SpareConfig>,
    /// What is logged.
    pub log: LogConfig,
}

/// Files with one private key each, 64 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeysConfig {
    /// secp256k1: the chain account that pays for transactions.
    pub account: PathBuf,
    /// ed25519: the gateway's endpoint and envelopes.
    pub gateway: PathBuf,
}

/// Roles of a keeper; any subset may be on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Roles {
    /// Serves devices: broker, intake, orders, leases, exchange with other gateways.
    pub bridge: bool,
    /// Clears markets.
    pub matcher: bool,
    /// Redeems vouchers and ends leases.
    pub settler: bool,
    /// Verifies enclaves and says so on chain: governance must have appointed its account.
    pub attester: bool,
}

/// What is logged, to standard error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogConfig {
    /// Shape of a line.
    pub format: LogFormat,
    /// Filter as of the `tracing-subscriber` crate, such as `info` or `info,caplet::settler=debug`.
    pub filter: String,
}

/// Shape of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For programs: one JSON object a line.
    Json,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data: "caplet-data".into(),
            deployment: "deployment.json".into(),
            keys: KeysConfig { account: "account.key".into(), gateway: "gateway.key".into() },
            store: "keeper.db".into(),
            chain: ChainConfig::default(),
            mqtt: MqttConfig::default(),
            exchange: ExchangeConfig::default(),
            fabric: FabricConfig::default(),
            roles: Roles { bridge: true, matcher: true, settler: true, attester: false },
            orders: OrdersConfig::default(),
            outbox: OutboxConfig::default(),
            settle: SettleConfig::default(),
            matcher: MatcherConfig::default(),
            forward: ForwardConfig::default(),
            attest: AttestConfig::default(),
            risk: RiskConfig::default(),
            spare: Vec::new(),
            log: LogConfig { format: LogFormat::Text, filter: "info".to_owned() },
        }
    }
}

impl Config {
    /// A path of this configuration: relative ones start from the data folder.
    #[must_use]
    pub fn path(&self, path: &Path) -> PathBuf {
        self.data.join(path)
    }
}
