//! Signing an envelope.

use super::{ENVELOPE_VERSION, EnvelopeError};
use crate::{
    DeviceId, Domain, content,
    layout::EnvelopeHeader,
    wire::{Body, BodyKind, Envelope, MAX_DOCUMENT, Problem, Schema, field::In},
};
use alloc::vec::Vec;
use ed25519_dalek::SigningKey;
use prost::Message;

/// Who sends, and which message of its own it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The sending device; 0 for a gateway, and before registration.
    pub device: DeviceId,
    /// Random number of this boot.
    pub boot: u64,
    /// Rises by one a message within the boot.
    pub sequence: u64,
    /// Unix milliseconds.
    pub time_ms: u64,
}

impl Envelope {
    /// Signs `body` and returns the bytes to publish.
    ///
    /// # Errors
    /// [`EnvelopeError::Oversized`] if no reader would take the body.
    pub fn seal<B: Body>(
        key: &SigningKey,
        domain: &Domain,
        head: Head,
        body: &B,
    ) -> Result<Vec<u8>, EnvelopeError> {
        fits(body.encoded_len())?;
        Self::seal_raw(key, domain, head, B::KIND, body.encode_to_vec())
    }

    /// [`Envelope::seal`] for raw bytes that must go out as they are, such as a document's.
    ///
    /// # Errors
    /// As [`Envelope::seal`].
    pub fn seal_raw(
        key: &SigningKey,
        domain: &Domain,
        head: Head,
        kind: BodyKind,
        body: Vec<u8>,
    ) -> Result<Vec<u8>, EnvelopeError> {
        fits(body.len())?;
        let unknown = Problem::Unknown { found: i32::from(kind).into() };
        let header = EnvelopeHeader {
            device: head.device,
            boot: head.boot,
            sequence: head.sequence,
            time_ms: head.time_ms,
            kind: u16::try_from(i32::from(kind))
                .map_err(|_| In(Self::NAME).fail("kind", unknown))?,
            body: content::digest(&body),
        };
        let envelope = Self {
            version: ENVELOPE_VERSION,
            key: key.verifying_key().to_bytes().into(),
            device: head.device.0,
            boot: head.boot,
            sequence: head.sequence,
            time_ms: head.time_ms,
            kind: kind.into(),
            body,
            signature: crate::sign::sign(key, &header.preimage(domain)).into(),
        };
        Ok(envelope.encode_to_vec())
    }
}

fn fits(found: usize) -> Result<(), EnvelopeError> {
    if found > MAX_DOCUMENT {
        return Err(EnvelopeError::Oversized { found, most: MAX_DOCUMENT });
    }
    Ok(())
}
