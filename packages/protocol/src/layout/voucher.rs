//! The voucher: a consumer's cumulative statement of what it owes on a lane of a lease.

use crate::{
    Domain, Lane, LeaseId,
    bytes::Writer,
    chain::{Link, Salt},
    tag,
};

/// A cumulative voucher (`PROTOCOL.md` 1). `amount` alone orders and pays; `units` is for rating
/// and audit. A signed voucher is final: there is no nonce and no expiry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Voucher {
    /// The lease.
    pub lease: LeaseId,
    /// The lane of the lease.
    pub lane: Lane,
    /// Links in the chain, 0..=1024; 0 iff anchor, `link_units` and `link_amount` are zero.
    pub links: u16,
    /// Units one link is worth.
    pub link_units: u32,
    /// Cumulative base units owed, before any link.
    pub amount: u128,
    /// Cumulative units served.
    pub units: u64,
    /// Base units one link is worth.
    pub link_amount: u64,
    /// Anchor `x_0` of the hash chain.
    pub anchor: Link,
    /// SHA-256 of the QoS report or storage root in a lease's last voucher; zero otherwise.
    pub evidence: [u8; 32],
}

impl Voucher {
    /// Bytes of the signed layout.
    pub const LEN: usize = 160;

    /// The bytes that the lane key signs.
    #[must_use]
    pub fn preimage(&self, domain: &Domain) -> [u8; Self::LEN] {
        Writer::new()
            .put(&tag::VOUCHER)
            .put(&domain.0)
            .put(&self.lease.0.to_be_bytes())
            .put(&self.lane.0.to_be_bytes())
            .put(&self.links.to_be_bytes())
            .put(&self.link_units.to_be_bytes())
            .put(&self.amount.to_be_bytes())
            .put(&self.units.to_be_bytes())
            .put(&self.link_amount.to_be_bytes())
            .put(&self.anchor)
            .put(&self.evidence)
            .done()
    }

    /// The salt of the chain this voucher carries.
    #[must_use]
    pub fn salt(&self, domain: &Domain) -> Salt {
        Salt::of(domain, self.lease, self.lane, self.links, self.amount, self.link_amount)
    }

    /// Whether the chain fields agree: all zero, or 1..=1024 links worth at least one base unit each.
    #[must_use]
    pub fn is_well_formed(&self) -> bool {
        if self.links == 0 {
            self.link_units == 0 && self.link_amount == 0 && self.anchor == [0; 32]
        } else {
            self.links <= crate::chain::MAX_LINKS && self.link_amount >= 1
        }
    }

    /// Whether `link` is link `k` of this voucher's chain: `k` steps from it reach the anchor.
    #[must_use]
    pub fn proves(&self, domain: &Domain, k: u16, link: &Link) -> bool {
        k <= self.links && self.links != 0 && self.salt(domain).walk(link, k) == self.anchor
    }

    /// What the voucher with `k` revealed links is worth, cumulative; saturates far above any reserve.
    #[must_use]
    pub fn worth(&self, k: u16) -> u128 {
        self.amount.saturating_add(u128::from(self.link_amount).saturating_mul(u128::from(k)))
    }
}
