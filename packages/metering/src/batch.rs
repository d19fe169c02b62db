//! Many vouchers verified at once.
//!
//! Batch verification of ed25519 by ZIP-215 agrees with single verification in every case
//! (<https://zips.z.cash/zip-0215>), so a batch that holds needs no second look; one that does not is
//! verified singly, and a bad signature rejects only itself.

use crate::{Ed25519Key, Keys as _};
use caplet_protocol::{layout::Voucher, sign::Signature};
use ed25519_zebra::{VerificationKeyBytes, batch};
use rand_core::OsRng;

/// Most signatures of a batch: as many as the chain takes in a call.
pub const MOST: usize = 256;

/// This key signed this voucher, somebody says.
#[derive(Clone, Copy, Debug)]
pub struct Claim {
    /// The lane key.
    pub key: Ed25519Key,
    /// The voucher's bytes.
    pub preimage: [u8; Voucher::LEN],
    /// The signature.
    pub signature: Signature,
}

impl Claim {
    fn holds(&self) -> bool {
        self.key.signed(&self.preimage, &self.signature)
    }
}

/// Which claims hold, in their order.
#[must_use]
pub fn which_hold(claims: &[Claim]) -> Vec<bool> {
    let mut held = Vec::with_capacity(claims.len());
    for batch in claims.chunks(MOST) {
        if all_hold(batch) {
            held.resize(held.len().saturating_add(batch.len()), true);
        } else {
            held.extend(batch.iter().map(Claim::holds));
        }
    }
    held
}

fn all_hold(claims: &[Claim]) -> bool {
    if let [claim] = claims {
        return claim.holds();
    }
    let mut verifier = batch::Verifier::new();
    for claim in claims {
        let key = VerificationKeyBytes::from(claim.key.0);
        let signature = ed25519_zebra::Signature::from_bytes(&claim.signature);
        verifier.queue((key, signature, &claim.preimage));
    }
    verifier.verify(OsRng).is_ok()
}
