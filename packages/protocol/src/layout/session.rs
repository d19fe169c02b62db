//! The hello of a metering session.

use super::Voucher;
use crate::{Domain, Lane, LeaseId, bytes::Writer, chain::Link, tag};
use sha2::{Digest, Sha256};

/// What a payer signs when it connects (`PROTOCOL.md` 4): it names the lane, both ends of this very
/// connection and the best voucher that the payer knows of, so that a hello seen elsewhere opens
/// nothing and a payee learns what its own store may have lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SessionHello {
    /// The lease.
    pub lease: LeaseId,
    /// The lane: one live session each.
    pub lane: Lane,
    /// Session epoch of the lane; the larger one wins.
    pub epoch: u64,
    /// Endpoint key of the payer's end of the connection.
    pub payer: [u8; 32],
    /// Endpoint key of the payee's end.
    pub payee: [u8; 32],
    /// The payee's challenge.
    pub nonce: [u8; 32],
    /// Keying material exported from the connection (RFC 8446, 7.5); zero where there is none.
    pub exporter: [u8; 32],
    /// [`SessionHello::digest`] of the best voucher; zero if there is none.
    pub voucher: [u8; 32],
    /// Units that the payer has counted, cumulative.
    pub counted: u64,
    /// Links of that voucher's chain that the payer has revealed.
    pub k: u16,
    /// Link `k`; zero if none is revealed.
    pub link: Link,
}

impl SessionHello {
    /// Bytes of the signed layout.
    pub const LEN: usize = 272;

    /// The digest of a voucher and its signature: SHA-256 of the voucher's preimage and the signature.
    #[must_use]
    pub fn digest(voucher: &Voucher, domain: &Domain, signature: &[u8; 64]) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(voucher.preimage(domain));
        hash.update(signature);
        hash.finalize().into()
    }

    /// The bytes that the lane key signs.
    #[must_use]
    pub fn preimage(&self, domain: &Domain) -> [u8; Self::LEN] {
        Writer::new()
            .put(&tag::SESSION)
            .put(&domain.0)
            .put(&self.lease.0.to_be_bytes())
            .put(&self.lane.0.to_be_bytes())
            .put(&[0; 4])
            .put(&self.k.to_be_bytes())
            .put(&self.epoch.to_be_bytes())
            .put(&self.counted.to_be_bytes())
            .put(&self.payer)
            .put(&self.payee)
            .put(&self.nonce)
            .put(&self.exporter)
            .put(&self.voucher)
            .put(&self.link)
            .done()
    }
}
