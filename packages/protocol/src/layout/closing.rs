//! Small money statements: a payee's closing, a gateway's receipt.

use crate::{Domain, Lane, LeaseId, bytes::Writer, tag};

/// The payee's statement that a lease is finished; anyone may bring it (`PROTOCOL.md` 3, Finish).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closing {
    /// The lease.
    pub lease: LeaseId,
    /// Number of the close reason, as the escrow contract counts them.
    pub reason: u8,
}

impl Closing {
    /// Bytes of the signed layout.
    pub const LEN: usize = 64;

    /// The bytes that the payee's device key signs.
    #[must_use]
    pub fn preimage(&self, domain: &Domain) -> [u8; Self::LEN] {
        Writer::new()
            .put(&tag::CLOSING)
            .put(&domain.0)
            .put(&self.lease.0.to_be_bytes())
            .put(&[self.reason])
            .put(&[0; 7])
            .done()
    }
}

/// What a gateway tells a device it meters for: the voucher it holds, durably.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The lease.
    pub lease: LeaseId,
    /// The lane.
    pub lane: Lane,
    /// Cumulative base units vouched for.
    pub amount: u128,
    /// Cumulative units.
    pub units: u64,
}

impl Receipt {
    /// Bytes of the signed layout.
    pub const LEN: usize = 88;

    /// The bytes that the gateway key signs.
    #[must_use]
    pub fn preimage(&self, domain: &Domain) -> [u8; Self::LEN] {
        Writer::new()
            .put(&tag::RECEIPT)
            .put(&domain.0)
            .put(&self.lease.0.to_be_bytes())
            .put(&self.lane.0.to_be_bytes())
            .put(&[0; 6])
            .put(&self.amount.to_be_bytes())
            .put(&self.units.to_be_bytes())
            .done()
    }
}
