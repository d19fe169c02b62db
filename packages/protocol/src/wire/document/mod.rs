//! A message together with the bytes it came in.
//!
//! Protobuf is not canonical, and signatures and digests are over bytes: a document that is passed on
//! goes out as it came, unknown fields included.

mod merge;
mod scan;

use super::Schema;
use crate::content;
use alloc::vec::Vec;

/// Most bytes of a document. Larger ones are refused before they are decoded.
pub const MAX_DOCUMENT: usize = 64 * 1024;

/// Why bytes are not a document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// Too large.
    #[error("{name} has {found} bytes, at most {most} are taken: send less")]
    Oversized {
        /// Name of the message.
        name: &'static str,
        /// Its size in bytes.
        found: usize,
        /// [`MAX_DOCUMENT`].
        most: usize,
    },
    /// Too many top-level fields.
    #[error("more than {most} top-level fields: send less")]
    TooManyFields {
        /// Most that are taken.
        most: usize,
    },
    /// Not a sequence of protobuf fields.
    #[error("no whole protobuf field at byte {offset}: send one protobuf message, uncut")]
    Cut {
        /// Where the field that could not be read begins.
        offset: usize,
    },
    /// Protobuf fields, but not of this message.
    #[error("not a {name}: {reason}")]
    Malformed {
        /// Name of the message.
        name: &'static str,
        /// What the decoder said.
        reason: prost::DecodeError,
    },
}

/// A message and its raw bytes, always in step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document<T> {
    raw: Vec<u8>,
    view: T,
}

impl<T: Schema> Document<T> {
    /// Reads a message and keeps its bytes.
    ///
    /// # Errors
    /// [`DocumentError`]: too large, cut short, or not of this message.
    pub fn decode(raw: Vec<u8>) -> Result<Self, DocumentError> {
        sized::<T>(raw.len())?;
        scan::records(&raw)?;
        let view = T::decode(raw.as_slice())
            .map_err(|reason| DocumentError::Malformed { name: T::NAME, reason })?;
        Ok(Self { raw, view })
    }

    /// Makes a document of a message.
    ///
    /// # Errors
    /// [`DocumentError`] if it would be too large for a reader.
    pub fn new(view: T) -> Result<Self, DocumentError> {
        sized::<T>(view.encoded_len())?;
        let raw = view.encode_to_vec();
        scan::records(&raw)?;
        Ok(Self { raw, view })
    }

    /// The bytes as they came.
    #[must_use]
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// The bytes as they came.
    #[must_use]
    pub fn into_raw(self) -> Vec<u8> {
        self.raw
    }

    /// The message.
    #[must_use]
    pub const fn view(&self) -> &T {
        &self.view
    }

    /// The message, without its bytes.
    #[must_use]
    pub fn into_view(self) -> T {
        self.view
    }

    /// SHA-256 of the bytes: what the chain keeps and what is fetched by.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        content::digest(&self.raw)
    }
}

impl<T: Schema + Clone + PartialEq> Document<T> {
    /// A changed copy. Top-level fields that this version does not know stay, and so do unknown
    /// fields inside every element that `change` does not touch.
    ///
    /// # Errors
    /// [`DocumentError`] if the result would be too large.
    pub fn edit(&self, change: impl FnOnce(&mut T)) -> Result<Self, DocumentError> {
        let mut view = self.view.clone();
        change(&mut view);
        sized::<T>(view.encoded_len())?;
        let after = view.encode_to_vec();
        let merged =
            |known, before: &[u8]| Self::decode(merge::merged(known, &self.raw, before, &after)?);
        let edited = merged(T::FIELDS, &self.view.encode_to_vec())?;
        if edited.view == view {
            return Ok(edited);
        }
        // A message that came with a field set twice can read otherwise once its fields are put in
        // order: then its known fields are written anew, as if none had been there before.
        merged(T::FIELDS, &[])
    }
}

fn sized<T: Schema>(found: usize) -> Result<(), DocumentError> {
    if found > MAX_DOCUMENT {
        return Err(DocumentError::Oversized { name: T::NAME, found, most: MAX_DOCUMENT });
    }
    Ok(())
}
