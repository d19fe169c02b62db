//! Who signs and who checks.

use caplet_protocol::{
    layout::{SessionHello, Voucher},
    sign::{Signature, sign, verify},
};
use ed25519_dalek::SigningKey;
use ed25519_zebra::VerificationKey;

/// The payer's lane key. There is deliberately no function that signs just anything.
pub trait Sign {
    /// Signs a voucher's preimage.
    fn voucher(&self, preimage: &[u8; Voucher::LEN]) -> Signature;
    /// Signs the preimage of a session's hello.
    fn hello(&self, preimage: &[u8; SessionHello::LEN]) -> Signature;
    /// Whether this key, or one that it replaced, signed this voucher.
    fn signed(&self, preimage: &[u8; Voucher::LEN], signature: &Signature) -> bool;
}

impl Sign for SigningKey {
    fn voucher(&self, preimage: &[u8; Voucher::LEN]) -> Signature {
        sign(self, preimage)
    }

    fn hello(&self, preimage: &[u8; SessionHello::LEN]) -> Signature {
        sign(self, preimage)
    }

    fn signed(&self, preimage: &[u8; Voucher::LEN], signature: &Signature) -> bool {
        verify(&self.verifying_key().to_bytes(), preimage, signature)
    }
}

/// The keys that sign for a lane, as the registry has them: after a rotation the old one too, until
/// its settle window is over.
pub trait Keys {
    /// Whether one of them signed these bytes, by the chain's own predicate.
    fn signed(&self, preimage: &[u8], signature: &Signature) -> bool;
}

/// One ed25519 key, by the rule of ZIP-215 that the chain uses; decompressed once.
#[derive(Clone, Copy, Debug)]
pub struct Ed25519Key(pub(crate) VerificationKey);

impl Ed25519Key {
    /// The key in `bytes`; `None` if they are no point of the curve.
    #[must_use]
    pub fn new(bytes: &[u8; 32]) -> Option<Self> {
        VerificationKey::try_from(*bytes).ok().map(Self)
    }
}

impl Keys for Ed25519Key {
    fn signed(&self, preimage: &[u8], signature: &Signature) -> bool {
        self.0.verify(&ed25519_zebra::Signature::from_bytes(signature), preimage).is_ok()
    }
}
