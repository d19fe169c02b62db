//! A broker that somebody else runs. It must speak MQTT 5, so that messages wait in it while the
//! keeper restarts; who may say what there is its operator's to set up. Envelopes are checked all
//! the same: a lax broker lets strangers make noise, never act.

use super::link::{Incoming, Link, Login, Will};
use super::{Address, Broker, ExternalOptions};
use anyhow::Context as _;
use async_trait::async_trait;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use std::path::Path;
use tokio::sync::mpsc;

/// A broker by URL.
pub struct External {
    options: ExternalOptions,
    client_id: String,
    address: Address,
    ca: Option<Vec<u8>>,
}

impl External {
    /// Checks the options; nothing is dialled yet. `client_id` names this gateway at the broker and
    /// must be its alone: two clients of one name throw each other out.
    ///
    /// # Errors
    /// If the URL is none, or the authority's file cannot be read or holds no certificate.
    pub fn new(options: ExternalOptions, client_id: String) -> anyhow::Result<Self> {
        let address = address(&options.url)?;
        let ca = options.ca.as_deref().map(authority).transpose()?;
        Ok(Self { ca, options, client_id, address })
    }
}

/// The MQTT client would pass over a file without certificates and trust the public authorities instead.
fn authority(path: &Path) -> anyhow::Result<Vec<u8>> {
    let pem = std::fs::read(path)
        .with_context(|| format!("cannot read the broker's authority {}", path.display()))?;
    anyhow::ensure!(
        CertificateDer::pem_slice_iter(&pem).any(|found| found.is_ok()),
        "the broker's authority {} holds no certificate: mqtt.external.ca must name a PEM file with the certificate of \
         whoever signed the broker's",
        path.display()
    );
    Ok(pem)
}

fn address(url: &str) -> anyhow::Result<Address> {
    let found = match url.split_once("://") {
        Some(("mqtt", rest)) => Some((rest, false, 1883)),
        Some(("mqtts", rest)) => Some((rest, true, 8883)),
        _ => None,
    };
    let wrong = || {
        format!(
            "\"{url}\" is no broker address: write mqtt://host:port, or mqtts://host:port for TLS"
        )
    };
    let (rest, tls, port) = found.with_context(wrong)?;
    anyhow::ensure!(!rest.is_empty() && !rest.contains(['/', '@']), wrong());
    let host = if rest.contains(':') { rest.to_owned() } else { format!("{rest}:{port}") };
    let (name, port) = host.rsplit_once(':').with_context(wrong)?;
    anyhow::ensure!(!name.is_empty() && port.parse::<u16>().is_ok_and(|p| p != 0), wrong());
    Ok(Address { host, tls })
}

#[async_trait]
impl Broker for External {
    fn address(&self) -> Address {
        self.address.clone()
    }

    async fn connect(
        &self,
        will: Option<Will>,
    ) -> anyhow::Result<(Link, mpsc::Receiver<Incoming>)> {
        if self.address.tls {
            // A second installation fails, and then there is a provider already.
            let _ = rustls::crypto::ring::default_provider().install_default();
        }
        let user = self
            .options
            .user
            .clone()
            .map(|user| (user, self.options.password.clone().unwrap_or_default()));
        let scheme = if self.address.tls { "mqtts" } else { "mqtt" };
        let url = format!("{scheme}://{}", self.address.host);
        Link::connect(Login {
            url,
            client_id: self.client_id.clone(),
            user,
            ca: self.ca.clone(),
            will,
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broker_is_named_by_a_url_and_anything_else_is_told_how() {
        let plain = address("mqtt://broker.example").unwrap();
        assert_eq!(plain, Address { host: "broker.example:1883".into(), tls: false });
        let tls = address("mqtts://10.0.0.1:9000").unwrap();
        assert_eq!(tls, Address { host: "10.0.0.1:9000".into(), tls: true });
        for wrong in [
            "",
            "broker",
            "http://b:1",
            "mqtt://",
            "mqtt://u:p@b:1",
            "mqtt://b:x",
            "mqtt://b:0",
            "mqtt://:1",
            "mqtt://b/x",
        ] {
            let error = address(wrong).unwrap_err().to_string();
            assert!(error.contains("write mqtt://host:port"), "{wrong}: {error}");
        }
    }

    #[test]
    fn an_authority_that_cannot_be_read_is_named() {
        let options = ExternalOptions {
            url: "mqtts://b".into(),
            user: None,
            password: None,
            ca: Some("nowhere/ca.pem".into()),
        };
        let error = External::new(options, "gw".into()).err().unwrap().to_string();
        assert!(error.contains("nowhere/ca.pem"), "{error}");
    }

    #[test]
    fn an_authority_without_a_certificate_is_named_with_what_belongs_there() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ca.pem");
        std::fs::write(&file, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
            .unwrap();
        let options = ExternalOptions {
            url: "mqtts://b".into(),
            user: None,
            password: None,
            ca: Some(file.clone()),
        };
        let error = External::new(options, "gw".into()).err().unwrap().to_string();
        assert!(error.contains(file.to_str().unwrap()), "{error}");
        assert!(error.contains("holds no certificate: mqtt.external.ca must name"), "{error}");
    }
}
