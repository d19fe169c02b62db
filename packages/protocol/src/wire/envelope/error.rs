//! Why an envelope is refused.

use crate::{
    DeviceId,
    wire::{BodyKind, DocumentError, FieldError},
};
use core::fmt;

/// Why an envelope could not be opened or sealed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// Too large; nothing of it was decoded.
    #[error("envelope has {found} bytes, at most {most} are taken: send a smaller body")]
    Oversized {
        /// Its size in bytes.
        found: usize,
        /// [`super::MAX_ENVELOPE`], or for a body [`crate::wire::MAX_DOCUMENT`].
        most: usize,
    },
    /// Not the protobuf message.
    #[error("not an envelope: {0}")]
    Malformed(prost::DecodeError),
    /// A field that does not fit.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// Another version.
    #[error("envelope version {found}, this side reads {known}: update the older side")]
    Version {
        /// Its version.
        found: u32,
        /// The version of this crate.
        known: u32,
    },
    /// The device it names is not the one expected.
    #[error("envelope of device {found} where device {expected} was expected")]
    WrongDevice {
        /// The device expected; 0 for one that is not registered.
        expected: DeviceId,
        /// The device it names.
        found: DeviceId,
    },
    /// Another key than the registered one.
    #[error("envelope of key {found}, key {expected} is registered: sign with that, or rotate")]
    WrongKey {
        /// The key expected.
        expected: KeyText,
        /// The key it carries.
        found: KeyText,
    },
    /// The signature does not verify.
    #[error(
        "signature does not verify: body or header changed, or signed for another chain or registry"
    )]
    BadSignature,
}

/// Why the body of a verified envelope could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// Another kind of body.
    #[error("body is of kind {found}, {} was expected", expected.as_str_name())]
    Kind {
        /// Number of its kind.
        found: u16,
        /// The kind expected.
        expected: BodyKind,
    },
    /// Not that message.
    #[error(transparent)]
    Document(#[from] DocumentError),
}

/// A key in an error message: its first eight bytes in hex tell two apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyText(pub [u8; 32]);

impl fmt::Display for KeyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().take(8).try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str("..")
    }
}
