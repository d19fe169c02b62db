//! Reading the configuration from its four places.

use super::Config;
use figment::providers::{Env, Format as _, Serialized, Toml};
use figment::{Figment, Profile, Source};
use std::path::Path;

/// Variables with this prefix set keys; two underscores stand for the dot: `CAPLET_LOG__FILTER`.
pub(crate) const ENV_PREFIX: &str = "CAPLET_";
/// Names the configuration file itself, and is no key of it.
pub(crate) const ENV_FILE: &str = "CAPLET_CONFIG";

/// A configuration that does not read.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// There is no such file.
    #[error(
        "no configuration file at {path}: check the path, or start from docs/caplet.example.toml"
    )]
    NoFile {
        /// Where it was looked for.
        path: String,
    },
    /// A key is unknown or has a value that does not fit.
    #[error("{0}: see docs/caplet.example.toml for every key")]
    Bad(Box<figment::Error>),
    /// A value is out of range.
    #[error("{key} is {value}, allowed is {allowed}: change it")]
    Range {
        /// Dotted key.
        key: &'static str,
        /// What it is.
        value: String,
        /// What it may be.
        allowed: &'static str,
    },
}

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Dotted key.
    pub key: String,
    /// The value as TOML shows it.
    pub value: String,
    /// `default`, `flag`, a variable, or a file.
    pub from: String,
}

/// A configuration and where its values came from.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// What is set.
    pub config: Config,
    figment: Figment,
}

/// Reads the configuration: `flags` (dotted key and TOML value) over the environment over `file`
/// over the defaults.
///
/// # Errors
/// [`ConfigError`], naming the key and the place.
pub fn load(file: Option<&Path>, flags: &[(String, String)]) -> Result<Loaded, ConfigError> {
    let mut figment = Figment::from(Serialized::defaults(Config::default()));
    if let Some(path) = file {
        if !path.is_file() {
            return Err(ConfigError::NoFile { path: path.display().to_string() });
        }
        figment = figment.merge(Toml::file_exact(path));
    }
    let file_key = ENV_FILE.trim_start_matches(ENV_PREFIX);
    figment = figment.merge(Env::prefixed(ENV_PREFIX).ignore(&[file_key]).split("__"));
    for (key, value) in flags {
        figment = figment.merge(Flag { key, value });
    }
    let config: Config = figment.extract().map_err(|e| ConfigError::Bad(Box::new(e)))?;
    check(&config)?;
    Ok(Loaded { config, figment })
}

impl Loaded {
    /// Every value with where it came from, by key.
    #[must_use]
    pub fn origins(&self) -> Vec<Origin> {
        let mut out = Vec::new();
        if let Ok(value) = figment::value::Value::serialize(&self.config) {
            self.walk("", &value, &mut out);
        }
        out
    }

    fn walk(&self, key: &str, value: &figment::value::Value, out: &mut Vec<Origin>) {
        if let Some(dict) = value.as_dict() {
            for (name, value) in dict {
                let key = if key.is_empty() { name.clone() } else { format!("{key}.{name}") };
                self.walk(&key, value, out);
            }
            return;
        }
        let from = self.figment.find_metadata(key).map_or_else(
            || "default".to_owned(),
            |metadata| match &metadata.source {
                Some(Source::File(path)) => path.display().to_string(),
                Some(Source::Code(_)) | None if metadata.name.contains("Config") => {
                    "default".to_owned()
                }
                _ if metadata.name.contains("environment") => env_name(key),
                _ => metadata.name.to_string(),
            },
        );
        let value = serde_json::to_string(value).unwrap_or_default();
        out.push(Origin { key: key.to_owned(), value, from });
    }
}

/// The variable that sets a key.
fn env_name(key: &str) -> String {
    format!("{ENV_PREFIX}{}", key.to_uppercase().replace('.', "__"))
}

/// One flag as a source of its own, so that it shows as the origin.
struct Flag<'a> {
    key: &'a str,
    value: &'a str,
}

impl figment::Provider for Flag<'_> {
    fn metadata(&self) -> figment::Metadata {
        figment::Metadata::named("flag")
    }

    fn data(&self) -> Result<figment::value::Map<Profile, figment::value::Dict>, figment::Error> {
        // The environment's reading of a text: numbers, lists and true/false as such.
        let value: figment::value::Value = self.value.parse().unwrap_or_else(|e| match e {});
        let nested = figment::util::nest(self.key, value);
        let dict = nested.into_dict().unwrap_or_default();
        Ok(figment::value::Map::from([(Profile::Default, dict)]))
    }
}

fn check(config: &Config) -> Result<(), ConfigError> {
    let range = |key, ok: bool, value: String, allowed| {
        if ok { Ok(()) } else { Err(ConfigError::Range { key, value, allowed }) }
    };
    let (outbox, settle, risk) = (&config.outbox, &config.settle, &config.risk);
    let block_ms = config.chain.embedded.block_ms;
    range("chain.embedded.block_ms", block_ms > 0, block_ms.to_string(), "1 and more")?;
    let in_flight = outbox.in_flight;
    range("outbox.in_flight", (1..=64).contains(&in_flight), in_flight.to_string(), "1 to 64")?;
    let blocks = outbox.timeout_blocks;
    range("outbox.timeout_blocks", blocks > 0, blocks.to_string(), "1 and more")?;
    range("outbox.resend_ms", outbox.resend_ms > 0, outbox.resend_ms.to_string(), "1 and more")?;
    let batch = settle.batch;
    range("settle.batch", (1..=5_000).contains(&batch), batch.to_string(), "1 to 5000")?;
    let (value, cap) = (settle.value_bps, risk.cap_bps);
    range("settle.value_bps", value <= 10_000, value.to_string(), "0 to 10000")?;
    range("risk.cap_bps", (1..=10_000).contains(&cap), cap.to_string(), "1 to 10000")
}
