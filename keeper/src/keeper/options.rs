//! From the operator's configuration to the options of the rooms that face devices and gateways.

use crate::config::{BrokerKind, Config};
use crate::{bridge, broker, exchange, fabric, placer, session};
use anyhow::Context as _;

/// Options of the bridge.
///
/// # Errors
/// If TLS is half set up or a password file cannot be read.
pub(super) fn bridge(config: &Config, seams: fabric::Seams) -> anyhow::Result<bridge::Options> {
    let broker = match config.mqtt.kind {
        BrokerKind::Embedded => broker::Options::Embedded(embedded(config)?),
        BrokerKind::External => broker::Options::External(external(config)?),
    };
    let exchange = exchange::Options {
        listen: config.exchange.listen,
        advertise: config.exchange.advertise.clone(),
        record_secs: config.exchange.record_secs,
        peers: config.exchange.peers.clone(),
        measure_secs: config.exchange.measure_secs,
        quotes: config.path(&config.attest.quotes),
    };
    let risk = session::Risk { cap_bps: config.risk.cap_bps, stale_secs: config.risk.stale_secs };
    let fabric = config.fabric.on.then(|| fabric::Options {
        config: config.fabric.clone(),
        data: config.data.clone(),
        cap_bps: config.risk.cap_bps,
        seams,
    });
    let (spare, relay_ticks) = (config.spare.clone(), config.orders.relay_ticks);
    let placer = placer::Options { spare, relay_ticks };
    Ok(bridge::Options { broker, exchange, risk, fabric, placer })
}

fn embedded(config: &Config) -> anyhow::Result<broker::EmbeddedOptions> {
    let set = &config.mqtt.embedded;
    let tls = match (&set.tls_listen, &set.certificate, &set.private_key) {
        (None, None, None) => None,
        (Some(listen), Some(certificate), Some(key)) => Some(broker::TlsFiles {
            listen: *listen,
            certificate: config.path(certificate),
            key: config.path(key),
        }),
        _ => anyhow::bail!(
            "mqtt.embedded: tls_listen, certificate and private_key go together: set all three or none"
        ),
    };
    Ok(broker::EmbeddedOptions { listen: set.listen, tls, ..broker::EmbeddedOptions::default() })
}

fn external(config: &Config) -> anyhow::Result<broker::ExternalOptions> {
    let set = &config.mqtt.external;
    let password = match &set.password_file {
        None => None,
        Some(file) => {
            let path = config.path(file);
            let text = std::fs::read_to_string(&path).with_context(|| {
                format!("cannot read the broker password file {}", path.display())
            })?;
            Some(text.trim_end_matches(['\r', '\n']).to_owned())
        }
    };
    Ok(broker::ExternalOptions {
        url: set.url.clone(),
        user: set.user.clone(),
        password,
        ca: set.ca.as_ref().map(|ca| config.path(ca)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_tls_setup_is_refused() {
        let mut config = Config::default();
        assert!(bridge(&config, fabric::Seams::default()).is_ok());
        config.mqtt.embedded.certificate = Some("cert.pem".into());
        let error = bridge(&config, fabric::Seams::default()).err().unwrap().to_string();
        assert!(error.contains("set all three or none"), "{error}");
    }

    #[test]
    fn a_password_file_that_is_missing_is_named() {
        let mut config = Config::default();
        config.mqtt.kind = BrokerKind::External;
        config.mqtt.external.password_file = Some("no-such-file".into());
        assert!(
            bridge(&config, fabric::Seams::default())
                .err()
                .unwrap()
                .to_string()
                .contains("no-such-file")
        );
    }
}
