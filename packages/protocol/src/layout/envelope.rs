//! The header that an MQTT envelope's signature covers.

use crate::{DeviceId, Domain, bytes::Writer, tag};

/// Who says what kind of body when; the body enters by digest, computed over its raw bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EnvelopeHeader {
    /// The sending device; 0 before it is registered, when the key alone names it.
    pub device: DeviceId,
    /// Random number of this boot of the device.
    pub boot: u64,
    /// Rises by one a message within a boot; (device, boot, sequence) is never reused.
    pub sequence: u64,
    /// Device clock, Unix milliseconds; informative, no legal effect (`PROTOCOL.md` 4).
    pub time_ms: u64,
    /// Number of the body's kind (`wire::BodyKind`).
    pub kind: u16,
    /// SHA-256 of the raw body bytes.
    pub body: [u8; 32],
}

impl EnvelopeHeader {
    /// Bytes of the signed layout.
    pub const LEN: usize = 112;

    /// The bytes that the device key signs.
    #[must_use]
    pub fn preimage(&self, domain: &Domain) -> [u8; Self::LEN] {
        Writer::new()
            .put(&tag::ENVELOPE)
            .put(&domain.0)
            .put(&self.device.0.to_be_bytes())
            .put(&self.boot.to_be_bytes())
            .put(&self.sequence.to_be_bytes())
            .put(&self.time_ms.to_be_bytes())
            .put(&self.kind.to_be_bytes())
            .put(&[0; 2])
            .put(&self.body)
            .done()
    }
}
