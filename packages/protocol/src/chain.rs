//! The hash chain that pays between signatures (PayWord, Rivest and Shamir 1996).
//!
//! Link `k` proves `k * link_amount` more than the voucher that carries the anchor; revealing one
//! costs the payer a SHA-256 and the payee another. The salt binds the chain to lease, lane and
//! amount, so a link is worth nothing anywhere else, and a payer restored from a backup makes the
//! same chain only for the same amount (`PROTOCOL.md` 1).

mod revealer;

pub use revealer::{CHECKPOINTS, Revealer};

use crate::{Domain, Lane, LeaseId, tag};
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

/// Most links a voucher may carry, hence the most steps a redemption walks.
pub const MAX_LINKS: u16 = 1024;

/// One link of a chain.
pub type Link = [u8; 32];

/// What a chain is bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Salt([u8; 32]);

impl Salt {
    /// `SHA-256(tag tick | domain | lease | lane | N | amount | link_amount)`, integers big-endian.
    #[must_use]
    pub fn of(
        domain: &Domain,
        lease: LeaseId,
        lane: Lane,
        links: u16,
        amount: u128,
        link_amount: u64,
    ) -> Self {
        let mut hash = Sha256::new();
        hash.update(tag::TICK);
        hash.update(domain.0);
        hash.update(lease.0.to_be_bytes());
        hash.update(lane.0.to_be_bytes());
        hash.update(links.to_be_bytes());
        hash.update(amount.to_be_bytes());
        hash.update(link_amount.to_be_bytes());
        Self(hash.finalize().into())
    }

    /// The last link `x_N = HMAC-SHA256(secret, salt)`; the payer derives all others from it.
    #[must_use]
    pub fn last_link(&self, secret: &[u8; 32]) -> Link {
        match Hmac::<Sha256>::new_from_slice(secret) {
            Ok(mut mac) => {
                mac.update(&self.0);
                mac.finalize().into_bytes().into()
            }
            // HMAC takes keys of any length (RFC 2104), so this arm is never reached.
            Err(_) => [0; 32],
        }
    }

    /// One step towards the anchor: `x_{i-1} = SHA-256("cpltick" | salt[0..16] | x_i)`.
    ///
    /// 55 bytes, so that it is exactly one compression.
    #[must_use]
    pub fn step(&self, link: &Link) -> Link {
        self.walk(link, 1)
    }

    /// `steps` steps from `link` towards the anchor.
    ///
    /// What is hashed lies in one piece that only the link changes in: hashed in parts, a step costs an escrow
    /// contract half as much again.
    #[must_use]
    pub fn walk(&self, link: &Link, steps: u16) -> Link {
        let (mut hashed, mut at) = ([0; 55], *link);
        hashed[..7].copy_from_slice(b"cpltick");
        hashed[7..23].copy_from_slice(&self.0[..16]);
        for _ in 0..steps {
            hashed[23..].copy_from_slice(&at);
            at = Sha256::digest(hashed).into();
        }
        at
    }

    /// Link `k` of a chain of `links`: `x_0` is the anchor. `None` if `k > links`.
    #[must_use]
    pub fn link(&self, secret: &[u8; 32], links: u16, k: u16) -> Option<Link> {
        Some(self.walk(&self.last_link(secret), links.checked_sub(k)?))
    }
}
