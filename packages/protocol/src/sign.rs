//! Signing and strict verification with ed25519, as devices do it.
//!
//! Keepers verify with the chain's own predicate (ZIP-215, `ed25519-zebra`); the registry admits
//! only canonical torsion-free keys, for which the two agree (`PROTOCOL.md` 5).

use ed25519_dalek::{Signer, SigningKey, VerifyingKey};

/// A signature over a layout.
pub type Signature = [u8; 64];

/// Signs the preimage of a layout. There is deliberately no function that signs a bare hash.
#[must_use]
pub fn sign<const N: usize>(key: &SigningKey, preimage: &[u8; N]) -> Signature {
    const { assert!(N > 32, "a layout has a tag and a domain: never sign 32 bytes or fewer") };
    key.sign(preimage).to_bytes()
}

/// Whether `signature` is `key`'s over the preimage, by the strict rule.
#[must_use]
pub fn verify<const N: usize>(key: &[u8; 32], preimage: &[u8; N], signature: &Signature) -> bool {
    VerifyingKey::from_bytes(key).is_ok_and(|key| {
        key.verify_strict(preimage, &ed25519_dalek::Signature::from_bytes(signature)).is_ok()
    })
}
