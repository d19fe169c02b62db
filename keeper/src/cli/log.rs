//! Where log lines go: standard error, so that standard output is the command's own.

use super::exit::BadInput;
use crate::config::{LogConfig, LogFormat};
use tracing_subscriber::EnvFilter;

/// Turns logging on.
///
/// # Errors
/// If the filter does not parse.
pub(super) fn start(config: &LogConfig) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&config.filter).map_err(|error| {
        BadInput(format!(
            "log.filter is \"{}\": {error}; try `info` or `info,caplet=debug`",
            config.filter
        ))
    })?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match config.format {
        LogFormat::Text => lines.try_init(),
        LogFormat::Json => lines.json().try_init(),
    };
    started.map_err(|error| anyhow::anyhow!("logging was started twice: {error}"))
}

/// Errors only, and none of clients that lose a broker, unless `RUST_LOG` asks for more: the command
/// speaks for itself.
pub(super) fn quiet() {
    let filter =
        EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("error,mqtt5=off"));
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second start in one process keeps the first.
    let _ = lines.try_init();
}
