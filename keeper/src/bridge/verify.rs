//! The chain's own rule for ed25519 (ZIP-215): what a keeper takes, a contract takes too, and what it
//! refuses would be refused there.

use caplet_protocol::{
    Domain,
    layout::{PublicKey, Scheme},
    wire::{Layout, Signed, Verifier},
};

/// ZIP-215, as `ed25519_verify` of a contract has it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ChainRule;

impl Verifier for ChainRule {
    fn verify(&self, key: &[u8; 32], preimage: &[u8], signature: &[u8; 64]) -> bool {
        ed25519_zebra::VerificationKey::try_from(*key).is_ok_and(|key| {
            key.verify(&ed25519_zebra::Signature::from(*signature), preimage).is_ok()
        })
    }
}

/// The 32 bytes of a key that signs by ed25519; `None` for another scheme.
pub(crate) fn ed25519(key: &PublicKey) -> Option<[u8; 32]> {
    if key.scheme() == Scheme::Ed25519 { key.key().try_into().ok() } else { None }
}

/// Whether `signed` is `key`'s under `domain`. Keys of wallets and secure elements sign nothing that a
/// gateway judges, yet.
pub(crate) fn is_signed<L: Layout>(signed: &Signed<L>, domain: &Domain, key: &PublicKey) -> bool {
    ed25519(key).is_some_and(|key| signed.verify(domain, &key, &ChainRule))
}
