//! Values that parse and still cannot be.

use super::Config;
use caplet_protocol::chain::MAX_LINKS;

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
    #[error("{0}: docs/caplet.example.toml has every key")]
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

impl Config {
    /// Passes if every value is within its range.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let range = |key, ok: bool, value: String, allowed| {
            if ok { Ok(()) } else { Err(ConfigError::Range { key, value, allowed }) }
        };
        let (outbox, settle, risk) = (&self.outbox, &self.settle, &self.risk);
        let block_ms = self.chain.embedded.block_ms;
        range("chain.embedded.block_ms", block_ms > 0, block_ms.to_string(), "1 and more")?;
        let in_flight = outbox.in_flight;
        range("outbox.in_flight", (1..=64).contains(&in_flight), in_flight.to_string(), "1 to 64")?;
        let blocks = outbox.timeout_blocks;
        range("outbox.timeout_blocks", blocks > 0, blocks.to_string(), "1 and more")?;
        let resend = outbox.resend_ms;
        range("outbox.resend_ms", resend > 0, resend.to_string(), "1 and more")?;
        let batch = settle.batch;
        range("settle.batch", (1..=5_000).contains(&batch), batch.to_string(), "1 to 5000")?;
        let bytes = settle.batch_bytes;
        let fits = (1_000..=700_000).contains(&bytes);
        range("settle.batch_bytes", fits, bytes.to_string(), "1000 to 700000")?;
        let recheck = self.attest.recheck_secs;
        range("attest.recheck_secs", recheck >= 60, recheck.to_string(), "60 and more")?;
        let measure = self.exchange.measure_secs;
        range("exchange.measure_secs", measure > 0, measure.to_string(), "1 and more")?;
        let (value, cap) = (settle.value_bps, risk.cap_bps);
        range("settle.value_bps", value <= 10_000, value.to_string(), "0 to 10000")?;
        range("risk.cap_bps", (1..=10_000).contains(&cap), cap.to_string(), "1 to 10000")?;
        let mib = self.fabric.bundle_mib;
        range("fabric.bundle_mib", mib > 0, mib.to_string(), "1 and more")?;
        let named = !self.fabric.container_runtime.is_empty();
        range("fabric.container_runtime", named, "empty".to_owned(), "a program or more")?;
        let check = self.fabric.check_bps;
        range("fabric.check_bps", check <= 10_000, check.to_string(), "0 to 10000")?;
        let fabric = &self.fabric;
        let file = fabric.camera_file.as_ref().map(|file| file.display().to_string());
        let one = fabric.camera.is_empty() || file.is_none();
        range("fabric.camera_file", one, file.unwrap_or_default(), "none beside fabric.camera")?;
        let leads = !fabric.container_network || !fabric.uplink.is_empty();
        let words = "a destination or more with fabric.container_network";
        range("fabric.uplink", leads, "empty".to_owned(), words)?;
        let links = self.fabric.links;
        range("fabric.links", links <= MAX_LINKS, links.to_string(), "0 to 1024")?;
        for spare in &self.spare {
            let ok = spare.least <= spare.most;
            range("spare.least", ok, spare.least.to_string(), "at most spare.most")?;
        }
        Ok(())
    }
}
