//! Protobuf messages and what is done with their bytes.
//!
//! The messages are made from `proto/caplet/v1/*.proto` by `tests/protocol/generate.rs` and
//! committed, so that an ordinary build needs no protobuf compiler; the test fails when they differ.
//! A message is a *view*: what was signed or hashed are raw bytes, kept in a [`Document`].

mod body;
mod check;
mod convert;
mod document;
mod envelope;
mod field;
#[cfg(feature = "serde")]
mod json;
mod replay;
mod signed;
mod verifier;
mod generated {
    include!("caplet.v1.rs");
}

pub use body::Body;
pub use convert::ProfileError;
pub use document::{Document, DocumentError, MAX_DOCUMENT};
#[cfg(feature = "sign")]
pub use envelope::Head;
pub use envelope::{
    BodyError, ENVELOPE_VERSION, EnvelopeError, KeyText, MAX_ENVELOPE, Opened, Sender, Signer,
};
pub use field::{FieldError, Problem, amount_bytes, amount_of};
pub use generated::*;
pub use replay::{REPLAY_BOOTS, REPLAY_WINDOW, Replay, Seen};
pub use signed::{Layout, Signed};
#[cfg(feature = "sign")]
pub use verifier::Strict;
pub use verifier::Verifier;

/// A message of `proto/caplet/v1`, with what the generator knows of its schema.
pub trait Schema: prost::Message + Default {
    /// Full name, such as `caplet.v1.Voucher`.
    const NAME: &'static str;
    /// Numbers of its fields, ascending, members of oneofs included.
    const FIELDS: &'static [u32];
}
