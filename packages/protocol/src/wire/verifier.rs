//! Who decides whether a signature is good.

/// An ed25519 verification rule. Keepers use the chain's (ZIP-215), devices the strict one; the
/// registry admits only keys for which the two agree (`PROTOCOL.md` 5).
pub trait Verifier {
    /// Whether `signature` is `key`'s over `preimage`.
    fn verify(&self, key: &[u8; 32], preimage: &[u8], signature: &[u8; 64]) -> bool;
}

impl<F: Fn(&[u8; 32], &[u8], &[u8; 64]) -> bool> Verifier for F {
    fn verify(&self, key: &[u8; 32], preimage: &[u8], signature: &[u8; 64]) -> bool {
        self(key, preimage, signature)
    }
}

/// The strict rule: refuses keys of small order and signatures that are not canonical.
#[cfg(feature = "sign")]
#[derive(Clone, Copy, Debug, Default)]
pub struct Strict;

#[cfg(feature = "sign")]
impl Verifier for Strict {
    fn verify(&self, key: &[u8; 32], preimage: &[u8], signature: &[u8; 64]) -> bool {
        ed25519_dalek::VerifyingKey::from_bytes(key).is_ok_and(|key| {
            key.verify_strict(preimage, &ed25519_dalek::Signature::from_bytes(signature)).is_ok()
        })
    }
}
