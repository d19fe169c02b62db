//! Signature checks with the chain's own host functions.

use caplet_api::escrow::MAX_BATCH_SIGNATURES;
use caplet_protocol::layout::{PublicKey, Scheme};
use cosmwasm_std::Api;
use sha2::{Digest, Sha256};

/// One claim: this key signed these bytes.
pub struct Claim<'a> {
    /// The signed layout.
    pub message: &'a [u8],
    /// 64 bytes.
    pub signature: &'a [u8],
    /// The key.
    pub key: PublicKey,
}

/// Whether one claim holds. A malformed signature or key is a claim that does not hold, not an error.
#[must_use]
pub fn holds(api: &dyn Api, claim: &Claim<'_>) -> bool {
    let hash = || -> [u8; 32] { Sha256::digest(claim.message).into() };
    match claim.key.scheme() {
        Scheme::Ed25519 => api.ed25519_verify(claim.message, claim.signature, claim.key.key()),
        Scheme::Secp256k1 => api.secp256k1_verify(&hash(), claim.signature, claim.key.key()),
        Scheme::Secp256r1 => api.secp256r1_verify(&hash(), claim.signature, claim.key.key()),
    }
    .unwrap_or(false)
}

/// Which of the claims hold, in their order.
///
/// ed25519 claims go to the host in batches of 256; a batch that fails is verified singly, so that a
/// bad signature rejects only itself; whoever sent it pays for that (`PROTOCOL.md` 2).
#[must_use]
pub fn which_hold(api: &dyn Api, claims: &[Claim<'_>]) -> Vec<bool> {
    let mut held = vec![false; claims.len()];
    let mut batch = Vec::with_capacity(claims.len().min(MAX_BATCH_SIGNATURES));
    for (index, claim) in claims.iter().enumerate() {
        if claim.key.scheme() == Scheme::Ed25519 && claim.signature.len() == 64 {
            batch.push((index, claim));
            if batch.len() == MAX_BATCH_SIGNATURES {
                settle_batch(api, &batch, &mut held);
                batch.clear();
            }
        } else {
            set(&mut held, index, holds(api, claim));
        }
    }
    settle_batch(api, &batch, &mut held);
    held
}

fn set(held: &mut [bool], index: usize, value: bool) {
    if let Some(slot) = held.get_mut(index) {
        *slot = value;
    }
}

fn settle_batch(api: &dyn Api, batch: &[(usize, &Claim<'_>)], held: &mut [bool]) {
    if batch.is_empty() {
        return;
    }
    let messages: Vec<&[u8]> = batch.iter().map(|(_, claim)| claim.message).collect();
    let signatures: Vec<&[u8]> = batch.iter().map(|(_, claim)| claim.signature).collect();
    let keys: Vec<&[u8]> = batch.iter().map(|(_, claim)| claim.key.key()).collect();
    let all =
        batch.len() > 1 && api.ed25519_batch_verify(&messages, &signatures, &keys).unwrap_or(false);
    for (index, claim) in batch {
        set(held, *index, all || holds(api, claim));
    }
}
