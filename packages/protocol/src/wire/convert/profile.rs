//! Profiles: raw bytes, and the statement by which a device stands by them.

use crate::{
    DeviceId, layout,
    wire::{self, Document, DocumentError, FieldError, Schema, Signed, field::In},
};
use alloc::vec::Vec;

/// Why a signed profile could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// The profile's bytes.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// A field of the signed message.
    #[error(transparent)]
    Field(#[from] FieldError),
}

macro_rules! signed_profile {
    ($($signed:ident of $profile:ident;)*) => {$(
        impl wire::$profile {
            /// The statement by which its device stands by `raw`, the bytes of this profile.
            #[must_use]
            pub fn statement(document: &Document<Self>) -> layout::ProfileStatement {
                layout::ProfileStatement {
                    device: DeviceId(document.view().device),
                    sequence: document.view().sequence,
                    not_after: document.view().not_after,
                    digest: document.digest(),
                }
            }
        }

        impl wire::$signed {
            /// The message for a profile and the signature over its statement.
            #[must_use]
            pub fn new(document: Document<wire::$profile>, signature: [u8; 64]) -> Self {
                #[allow(clippy::needless_update, reason = "one of the two has a further field")]
                Self {
                    profile: document.into_raw(),
                    signature: Vec::from(signature),
                    ..Self::default()
                }
            }

            /// The profile and the statement that the signature must be over; the signature is not
            /// checked yet.
            ///
            /// # Errors
            /// The profile is oversized or malformed, or the signature has not 64 bytes.
            pub fn open(
                &self,
            ) -> Result<(Document<wire::$profile>, Signed<layout::ProfileStatement>), ProfileError> {
                let document = Document::<wire::$profile>::decode(self.profile.clone())?;
                let layout = wire::$profile::statement(&document);
                let signature = In(Self::NAME).bytes("signature", &self.signature)?;
                Ok((document, Signed { layout, signature }))
            }
        }
    )*};
}

signed_profile! {
    SignedCapabilityProfile of CapabilityProfile;
    SignedDemandProfile of DemandProfile;
}
