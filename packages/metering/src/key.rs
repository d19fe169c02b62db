//! Who signs and who checks.

use caplet_protocol::{
    Domain,
    layout::{SessionHello, Voucher},
    sign::{Signature, sign, verify},
};
use ed25519_dalek::SigningKey;
use ed25519_zebra::VerificationKey;

/// The payer's lane key. There is deliberately no function that signs just anything.
///
/// The key may be somewhere else, such as on a device that its gateway pays for: then nothing is
/// returned until it has signed, and the payer asks again for the very same bytes.
pub trait Sign {
    /// Signs a voucher; `None` while the key has not signed it yet.
    fn voucher(&self, voucher: &Voucher, domain: &Domain) -> Option<Signature>;
    /// Signs a session's hello; `None` while the key has not signed it yet.
    fn hello(&self, hello: &SessionHello, domain: &Domain) -> Option<Signature>;
    /// Whether this key, or one that it replaced, signed this voucher.
    fn signed(&self, preimage: &[u8; Voucher::LEN], signature: &Signature) -> bool;
}

impl Sign for SigningKey {
    fn voucher(&self, voucher: &Voucher, domain: &Domain) -> Option<Signature> {
        Some(sign(self, &voucher.preimage(domain)))
    }

    fn hello(&self, hello: &SessionHello, domain: &Domain) -> Option<Signature> {
        Some(sign(self, &hello.preimage(domain)))
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
