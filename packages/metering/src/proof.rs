//! The best that a payer has said: a voucher and how far its chain was revealed.

use crate::{Refusal, Terms};
use caplet_protocol::{
    Domain, Lane, LeaseId,
    chain::Link,
    layout::{SessionHello, Voucher},
    sign::Signature,
};

/// What a settlement takes: a signed voucher with its best link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The voucher.
    pub voucher: Voucher,
    /// The lane key's signature over it.
    pub signature: Signature,
    /// Links revealed; 0 for none.
    pub k: u16,
    /// Link `k`; zero if none is revealed.
    pub link: Link,
}

impl Proof {
    /// A voucher of which no link is revealed.
    #[must_use]
    pub const fn new(voucher: Voucher, signature: Signature) -> Self {
        Self { voucher, signature, k: 0, link: [0; 32] }
    }

    /// Base units it is worth, cumulative, revealed links included.
    #[must_use]
    pub fn worth(&self) -> u128 {
        self.voucher.worth(self.k)
    }

    /// Units that the payer had counted when it said so, cumulative.
    #[must_use]
    pub fn units(&self) -> u64 {
        let links = u64::from(self.voucher.link_units).saturating_mul(self.k.into());
        self.voucher.units.saturating_add(links)
    }

    /// Whether it replaces `other`: it is worth more; or as much, and is a lease's last with evidence,
    /// or has no chain, which is cheaper to settle.
    #[must_use]
    pub fn beats(&self, other: &Self) -> bool {
        let rank = |proof: &Self| {
            (proof.worth(), proof.voucher.evidence != [0; 32], proof.voucher.links == 0)
        };
        rank(self) > rank(other)
    }

    /// What a [`SessionHello`] carries of it.
    #[must_use]
    pub fn digest(&self, domain: &Domain) -> [u8; 32] {
        SessionHello::digest(&self.voucher, domain, &self.signature)
    }

    /// Whether it belongs to the lane and its chain fields agree.
    pub(crate) fn check_form(&self, terms: &Terms) -> Result<(), Refusal> {
        is_lane(terms, self.voucher.lease, self.voucher.lane)?;
        let revealed = self.k <= self.voucher.links && (self.k != 0 || self.link == [0; 32]);
        if self.voucher.is_well_formed() && revealed { Ok(()) } else { Err(Refusal::Malformed) }
    }

    /// Whether its link leads to the anchor; at most 1,024 steps.
    pub(crate) fn check_link(&self, domain: &Domain) -> Result<(), Refusal> {
        if self.k == 0 || self.voucher.proves(domain, self.k, &self.link) {
            Ok(())
        } else {
            Err(Refusal::BadLink { k: self.k })
        }
    }
}

/// Whether a message is for the session's lane.
pub(crate) fn is_lane(terms: &Terms, lease: LeaseId, lane: Lane) -> Result<(), Refusal> {
    if (lease, lane) == (terms.lease, terms.lane) {
        return Ok(());
    }
    Err(Refusal::OtherLane { lease, lane, own_lease: terms.lease, own_lane: terms.lane })
}
