//! What ties an enclave to a device, a quote to a registration, and a session to the enclave (`PROTOCOL.md` 6).

use crate::{DeviceId, Domain, LeaseId, bytes::Writer, tag};
use sha2::{Digest, Sha256};

/// A device names the enclave that works for it; signed by the device's key and by the enclave's own.
///
/// Each registration has a height and a block of its own, and a quote is good for one registration only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EnclaveStatement {
    /// The device.
    pub device: DeviceId,
    /// Rises with every enclave of the device.
    pub sequence: u64,
    /// The enclave's X25519 key: sealed inputs go to it.
    pub sealing: [u8; 32],
    /// The enclave's ed25519 key: it signs challenges and outputs.
    pub signing: [u8; 32],
}

impl EnclaveStatement {
    /// Bytes of the signed layout.
    pub const LEN: usize = 124;

    /// The bytes that both keys sign.
    #[must_use]
    pub fn preimage(&self, domain: &Domain) -> [u8; Self::LEN] {
        Writer::new()
            .put(&tag::ENCLAVE)
            .put(&domain.0)
            .put(&self.device.0.to_be_bytes())
            .put(&self.sequence.to_be_bytes())
            .put(&self.sealing)
            .put(&self.signing)
            .done()
    }
}

/// What a quote's report data say: which enclave, of which device, registered when, on which chain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QuoteBinding {
    /// The device.
    pub device: DeviceId,
    /// The enclave's X25519 key.
    pub sealing: [u8; 32],
    /// The enclave's ed25519 key.
    pub signing: [u8; 32],
    /// Height at which these keys were registered.
    pub height: u64,
    /// Hash of the block of that height: nobody could make the quote before.
    pub block: [u8; 32],
}

impl QuoteBinding {
    /// Bytes of the hashed layout.
    pub const LEN: usize = 156;

    /// The bytes that are hashed; no key signs them.
    #[must_use]
    pub fn preimage(&self, domain: &Domain) -> [u8; Self::LEN] {
        Writer::new()
            .put(&tag::QUOTE)
            .put(&domain.0)
            .put(&self.device.0.to_be_bytes())
            .put(&self.sealing)
            .put(&self.signing)
            .put(&self.height.to_be_bytes())
            .put(&self.block)
            .done()
    }

    /// The 64 bytes of report data: SHA-256 of the layout, then zeroes.
    #[must_use]
    pub fn report_data(&self, domain: &Domain) -> [u8; 64] {
        let hash: [u8; 32] = Sha256::digest(self.preimage(domain)).into();
        Writer::new().put(&hash).put(&[0; 32]).done()
    }
}

/// The enclave's answer to a consumer's challenge, once a lease: who is at the other end holds the attested key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EnclaveHello {
    /// The lease.
    pub lease: LeaseId,
    /// The providing device.
    pub device: DeviceId,
    /// The consumer's challenge.
    pub nonce: [u8; 32],
    /// Keying material exported from the connection (RFC 8446, 7.5); zero where there is none.
    pub exporter: [u8; 32],
}

impl EnclaveHello {
    /// Bytes of the signed layout.
    pub const LEN: usize = 124;

    /// The bytes that the enclave's key signs.
    #[must_use]
    pub fn preimage(&self, domain: &Domain) -> [u8; Self::LEN] {
        Writer::new()
            .put(&tag::ENCLAVE_HELLO)
            .put(&domain.0)
            .put(&self.lease.0.to_be_bytes())
            .put(&self.device.0.to_be_bytes())
            .put(&self.nonce)
            .put(&self.exporter)
            .done()
    }
}

/// An output of the enclave: it names the sealed input it came from, so that no other answer passes for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EnclaveOutput {
    /// The lease.
    pub lease: LeaseId,
    /// The operation within the lease.
    pub op: u64,
    /// SHA-256 of the sealed input as it was received.
    pub input: [u8; 32],
    /// SHA-256 of the sealed output as it is sent.
    pub output: [u8; 32],
}

impl EnclaveOutput {
    /// Bytes of the signed layout.
    pub const LEN: usize = 128;

    /// The bytes that the enclave's key signs.
    #[must_use]
    pub fn preimage(&self, domain: &Domain) -> [u8; Self::LEN] {
        Writer::new()
            .put(&tag::ENCLAVE_OUTPUT)
            .put(&domain.0)
            .put(&self.lease.0.to_be_bytes())
            .put(&self.op.to_be_bytes())
            .put(&self.input)
            .put(&self.output)
            .done()
    }
}
