//! One signature for many payees: a list of what a device owes on its lanes.

use crate::{DeviceId, Domain, bytes::Writer, tag};
use sha2::{Digest, Sha256};

/// A list of cumulative amounts, one for each of several lanes that the same device signs for; each
/// entry pays as a voucher without chain and evidence would. Whoever is owed something redeems the
/// whole list; entries that pay nothing more harm nobody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VoucherList {
    /// The device that signs.
    pub signer: DeviceId,
    /// Entries.
    pub count: u32,
    /// SHA-256 of the packed entries, byte for byte as they are sent.
    pub digest: [u8; 32],
}

impl VoucherList {
    /// Bytes of the signed layout.
    pub const LEN: usize = 88;

    /// The statement about these packed entries.
    #[must_use]
    pub fn of(signer: DeviceId, count: u32, entries: &[u8]) -> Self {
        Self { signer, count, digest: Sha256::digest(entries).into() }
    }

    /// The bytes that the device's key signs.
    #[must_use]
    pub fn preimage(&self, domain: &Domain) -> [u8; Self::LEN] {
        Writer::new()
            .put(&tag::LIST)
            .put(&domain.0)
            .put(&self.signer.0.to_be_bytes())
            .put(&self.count.to_be_bytes())
            .put(&self.digest)
            .done()
    }
}
