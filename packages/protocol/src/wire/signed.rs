//! A layout with its signature, as messages carry it.

use super::Verifier;
use crate::{Domain, layout};

/// A fixed layout of [`crate::layout`] that keys sign.
pub trait Layout {
    /// Its bytes, tag and domain first.
    type Preimage: AsRef<[u8]>;
    /// The bytes that are signed.
    fn preimage(&self, domain: &Domain) -> Self::Preimage;
    /// Signs them with an ed25519 key.
    #[cfg(feature = "sign")]
    fn sign(self, domain: &Domain, key: &ed25519_dalek::SigningKey) -> Signed<Self>
    where
        Self: Sized;
}

/// A layout and a signature that claims to be over it. The signature is not checked yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signed<L> {
    /// What is signed.
    pub layout: L,
    /// ed25519, or compact ECDSA where the registered key is a wallet's or a secure element's.
    pub signature: [u8; 64],
}

impl<L: Layout> Signed<L> {
    /// Whether `verifier` takes the signature for that of the ed25519 `key` under `domain`.
    #[must_use]
    pub fn verify(&self, domain: &Domain, key: &[u8; 32], verifier: &impl Verifier) -> bool {
        verifier.verify(key, self.layout.preimage(domain).as_ref(), &self.signature)
    }
}

macro_rules! layouts {
    ($($name:ident)*) => {$(
        impl Layout for layout::$name {
            type Preimage = [u8; layout::$name::LEN];

            fn preimage(&self, domain: &Domain) -> Self::Preimage {
                layout::$name::preimage(self, domain)
            }

            #[cfg(feature = "sign")]
            fn sign(self, domain: &Domain, key: &ed25519_dalek::SigningKey) -> Signed<Self> {
                let signature = crate::sign::sign(key, &layout::$name::preimage(&self, domain));
                Signed { layout: self, signature }
            }
        }
    )*};
}

layouts! {
    Offer Demand Cancel Voucher Receipt Closing Possession Rotation SealKey ProfileStatement Grant
    EndpointRecord EnvelopeHeader Login SessionHello VoucherList EnclaveStatement EnclaveHello
    EnclaveOutput
}
