//! A device's login at a broker.

use crate::{Domain, bytes::Writer, tag};
use sha2::{Digest, Sha256};

/// Names broker, client and end, so that a login seen elsewhere opens nothing (`PROTOCOL.md` 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Login {
    /// The broker's own ed25519 key.
    pub broker: [u8; 32],
    /// SHA-256 of the MQTT client id.
    pub client: [u8; 32],
    /// Unix seconds after which the login is void; at most 300 s ahead.
    pub expiry: u64,
}

impl Login {
    /// Bytes of the signed layout.
    pub const LEN: usize = 120;

    /// A login of `client_id` at `broker`.
    #[must_use]
    pub fn new(broker: [u8; 32], client_id: &str, expiry: u64) -> Self {
        Self { broker, client: Sha256::digest(client_id.as_bytes()).into(), expiry }
    }

    /// The bytes that the device key signs.
    #[must_use]
    pub fn preimage(&self, domain: &Domain) -> [u8; Self::LEN] {
        Writer::new()
            .put(&tag::LOGIN)
            .put(&domain.0)
            .put(&self.broker)
            .put(&self.client)
            .put(&self.expiry.to_be_bytes())
            .done()
    }
}
