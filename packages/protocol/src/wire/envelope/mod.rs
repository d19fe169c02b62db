//! The signed envelope around every MQTT payload.

mod error;
mod open;
#[cfg(feature = "sign")]
mod seal;

pub use error::{BodyError, EnvelopeError, KeyText};
pub use open::{Opened, Sender, Signer};
#[cfg(feature = "sign")]
pub use seal::Head;

use super::MAX_DOCUMENT;

/// The version of envelopes that this crate writes and reads.
pub const ENVELOPE_VERSION: u32 = 1;

/// Most bytes of an envelope: a document of any size taken fits into one.
pub const MAX_ENVELOPE: usize = MAX_DOCUMENT + 256;
