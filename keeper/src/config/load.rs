//! Reading the configuration from its four places.

use super::{Config, ConfigError};
use figment::providers::{Format as _, Serialized, Toml};
use figment::value::{Dict, Map, Value};
use figment::{Figment, Metadata, Profile, Provider, Source};
use std::path::Path;

/// Variables with this prefix set keys; two underscores stand for the dot: `CAPLET_LOG__FILTER`.
const ENV_PREFIX: &str = "CAPLET_";
/// Variables with the prefix that are no keys: the configuration file itself, and what scripts and tests of this house
/// read, which whoever develops has exported.
const NO_KEYS: [&str; 6] = [
    "CAPLET_CONFIG",
    "CAPLET_CACHE",
    "CAPLET_CONTAINER_RUNTIME",
    "CAPLET_LOCALNET",
    "CAPLET_PROGRAM",
    "CAPLET_REGENERATE",
];
/// How defaults are called where origins are shown.
const DEFAULT: &str = "default";

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Dotted key.
    pub key: String,
    /// The value, as TOML and JSON write it.
    pub value: String,
    /// `default`, `flag`, the variable, or the file.
    pub from: String,
}

/// A configuration and where its values came from.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// What is set.
    pub config: Config,
    figment: Figment,
}

/// Reads the configuration: `flags` (dotted key and value) over the environment over `file` over
/// the defaults.
///
/// # Errors
/// [`ConfigError`], naming the key and the place.
pub fn load(file: Option<&Path>, flags: &[(String, String)]) -> Result<Loaded, ConfigError> {
    load_with(file, std::env::vars(), flags)
}

/// As [`load`], with the environment given.
///
/// # Errors
/// As [`load`].
pub fn load_with(
    file: Option<&Path>,
    env: impl IntoIterator<Item = (String, String)>,
    flags: &[(String, String)],
) -> Result<Loaded, ConfigError> {
    let mut figment = Figment::from(Named(Serialized::defaults(Config::default())));
    if let Some(path) = file {
        if !path.is_file() {
            return Err(ConfigError::NoFile { path: path.display().to_string() });
        }
        figment = figment.merge(Toml::file_exact(path));
    }
    for (name, value) in env {
        let Some(key) = name.strip_prefix(ENV_PREFIX) else { continue };
        if !NO_KEYS.contains(&name.as_str()) {
            let key = key.to_lowercase().replace("__", ".");
            figment = figment.merge(Entry { from: name, key, value });
        }
    }
    for (key, value) in flags.iter().cloned() {
        figment = figment.merge(Entry { from: "flag".to_owned(), key, value });
    }
    let config: Config = figment.extract().map_err(|e| ConfigError::Bad(Box::new(e)))?;
    config.check()?;
    Ok(Loaded { config, figment })
}

impl Loaded {
    /// Every value with where it came from, by key.
    #[must_use]
    pub fn origins(&self) -> Vec<Origin> {
        let mut out = Vec::new();
        if let Ok(value) = Value::serialize(&self.config) {
            self.walk("", &value, &mut out);
        }
        out
    }

    fn walk(&self, key: &str, value: &Value, out: &mut Vec<Origin>) {
        if let Some(dict) = value.as_dict() {
            for (name, value) in dict {
                let key = if key.is_empty() { name.clone() } else { format!("{key}.{name}") };
                self.walk(&key, value, out);
            }
            return;
        }
        let from = self.figment.find_metadata(key).map_or_else(
            || DEFAULT.to_owned(),
            |metadata| match &metadata.source {
                Some(Source::File(path)) => path.display().to_string(),
                _ => metadata.name.to_string(),
            },
        );
        let value = serde_json::to_string(value).unwrap_or_default();
        out.push(Origin { key: key.to_owned(), value, from });
    }
}

/// The defaults, called so.
struct Named(Serialized<Config>);

impl Provider for Named {
    fn metadata(&self) -> Metadata {
        Metadata::named(DEFAULT)
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        self.0.data()
    }
}

/// One variable or flag as a source of its own, so that it shows as the origin.
struct Entry {
    from: String,
    key: String,
    value: String,
}

impl Provider for Entry {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.from.clone())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        // Numbers, lists, true and false as such; everything else is text.
        let value: Value = self.value.parse().unwrap_or_else(|never| match never {});
        let nested = figment::util::nest(&self.key, value);
        Ok(Map::from([(Profile::Default, nested.into_dict().unwrap_or_default())]))
    }
}
