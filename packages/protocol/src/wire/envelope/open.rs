//! Reading an envelope: size, shape, sender, signature, in this order.

use super::{BodyError, ENVELOPE_VERSION, EnvelopeError, KeyText, MAX_ENVELOPE};
use crate::{
    DeviceId, Domain, content,
    layout::EnvelopeHeader,
    wire::{Body, BodyKind, Document, Envelope, Problem, Schema, Verifier, field::In},
};
use alloc::vec::Vec;
use prost::Message;

/// Whose envelope is expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signer {
    /// A registered device, or with device 0 a gateway whose key is pinned.
    Known {
        /// The device.
        device: DeviceId,
        /// Its current signing key.
        key: [u8; 32],
    },
    /// A device that is not registered yet: it names itself 0, and the key it carries is the only
    /// thing the signature proves.
    Unregistered,
}

/// What a replay guard tells senders apart by: a device, or its key while it has no number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sender {
    /// A key without a device.
    Key([u8; 32]),
    /// A registered device.
    Device(DeviceId),
}

/// An envelope whose signature is good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// What was signed.
    pub header: EnvelopeHeader,
    /// The key that signed it.
    pub key: [u8; 32],
    /// Raw bytes of the body.
    pub body: Vec<u8>,
}

impl Envelope {
    /// Reads an envelope without looking at its signature, to learn which device it names.
    ///
    /// # Errors
    /// Oversized (before anything is decoded), malformed, or of another version.
    pub fn read_unverified(raw: &[u8]) -> Result<Self, EnvelopeError> {
        if raw.len() > MAX_ENVELOPE {
            return Err(EnvelopeError::Oversized { found: raw.len(), most: MAX_ENVELOPE });
        }
        let envelope = Self::decode(raw).map_err(EnvelopeError::Malformed)?;
        if envelope.version != ENVELOPE_VERSION {
            let known = ENVELOPE_VERSION;
            return Err(EnvelopeError::Version { found: envelope.version, known });
        }
        Ok(envelope)
    }

    /// Reads an envelope and checks that `signer` sent it under the registry's `domain`.
    ///
    /// # Errors
    /// [`EnvelopeError`]; nothing of a refused envelope may be used.
    pub fn open(
        raw: &[u8],
        domain: &Domain,
        signer: &Signer,
        verifier: &impl Verifier,
    ) -> Result<Opened, EnvelopeError> {
        Self::read_unverified(raw)?.verified(domain, signer, verifier)
    }

    /// [`Envelope::open`] for one that was read already.
    ///
    /// # Errors
    /// As [`Envelope::open`].
    pub fn verified(
        self,
        domain: &Domain,
        signer: &Signer,
        verifier: &impl Verifier,
    ) -> Result<Opened, EnvelopeError> {
        let at = In(Self::NAME);
        let key = at.bytes("key", &self.key)?;
        let signature = at.bytes("signature", &self.signature)?;
        let header = self.header()?;
        expected(signer, header.device, key)?;
        if !verifier.verify(&key, &header.preimage(domain), &signature) {
            return Err(EnvelopeError::BadSignature);
        }
        Ok(Opened { header, key, body: self.body })
    }

    fn header(&self) -> Result<EnvelopeHeader, EnvelopeError> {
        let unknown = Problem::Unknown { found: self.kind.into() };
        Ok(EnvelopeHeader {
            device: DeviceId(self.device),
            boot: self.boot,
            sequence: self.sequence,
            time_ms: self.time_ms,
            kind: u16::try_from(self.kind).map_err(|_| In(Self::NAME).fail("kind", unknown))?,
            body: content::digest(&self.body),
        })
    }
}

fn expected(signer: &Signer, found: DeviceId, carried: [u8; 32]) -> Result<(), EnvelopeError> {
    let (expected, key) = match *signer {
        Signer::Known { device, key } => (device, key),
        Signer::Unregistered => (DeviceId(0), carried),
    };
    if found != expected {
        return Err(EnvelopeError::WrongDevice { expected, found });
    }
    if carried != key {
        let (expected, found) = (KeyText(key), KeyText(carried));
        return Err(EnvelopeError::WrongKey { expected, found });
    }
    Ok(())
}

impl Opened {
    /// What the body is; `None` for a kind that this version does not know.
    #[must_use]
    pub fn kind(&self) -> Option<BodyKind> {
        BodyKind::try_from(i32::from(self.header.kind)).ok()
    }

    /// The body as the message `B`.
    ///
    /// # Errors
    /// [`BodyError`]: another kind of body, or bytes that are not this message.
    pub fn read<B: Body>(&self) -> Result<Document<B>, BodyError> {
        if i32::from(self.header.kind) != i32::from(B::KIND) {
            return Err(BodyError::Kind { found: self.header.kind, expected: B::KIND });
        }
        Ok(Document::decode(self.body.clone())?)
    }

    /// Whom a replay guard counts it for.
    #[must_use]
    pub const fn sender(&self) -> Sender {
        match self.header.device {
            DeviceId(0) => Sender::Key(self.key),
            device => Sender::Device(device),
        }
    }
}
