//! Calls over MQTT that no broker and no gateway reads (`PROTOCOL.md` 5): the input is sealed to the
//! providing device's X25519 key by HPKE in base mode (RFC 9180: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256,
//! ChaCha20-Poly1305), the output comes back under a key that the same context exports, as in RFC 9458,
//! section 4.4. Both are bound to one call of one lease. Who asks, and who answers, is proved by the
//! envelopes around them.

use crate::{Domain, LeaseId};
use alloc::vec::Vec;
use chacha20poly1305::{ChaCha20Poly1305, KeyInit as _, aead::Aead as _};
use hmac::{Hmac, Mac as _};
use hpke::{
    Deserializable as _, Kem as _, OpModeR, OpModeS, Serializable as _,
    aead::ChaCha20Poly1305 as Sealing, kdf::HkdfSha256, kem::X25519HkdfSha256, setup_receiver,
    setup_sender,
};
use sha2::Sha256;

type Kem = X25519HkdfSha256;

/// Opens every `info` of these contexts.
const LABEL: &[u8] = b"caplet call v1";
/// Under which the key of the output is exported.
const REPLY: &[u8] = b"caplet call v1 reply";
/// Bytes of the output's nonce, before its ciphertext.
const NONCE: usize = 12;

/// What is sealed is none, or of another key, lease, call or domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "it does not open with this key for this call: seal it to the registered sealing key, for this call of this lease"
)]
pub struct SealError;

/// A device's sealing key.
#[derive(Clone)]
pub struct Secret(<Kem as hpke::Kem>::PrivateKey);

impl Secret {
    /// The key of 32 secret bytes, and its public half (RFC 9180, 7.1.3).
    #[must_use]
    pub fn derive(seed: &[u8; 32]) -> (Self, [u8; 32]) {
        let (secret, public) = Kem::derive_keypair(seed);
        (Self(secret), public.to_bytes().into())
    }
}

/// The call that something is sealed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The escrow's domain.
    pub domain: Domain,
    /// The lease.
    pub lease: LeaseId,
    /// The call within it.
    pub call: u64,
}

impl Place {
    fn info(&self) -> Vec<u8> {
        let (lease, call) = (self.lease.0.to_be_bytes(), self.call.to_be_bytes());
        [LABEL, &self.domain.0, &lease, &call].concat()
    }
}

/// An input as it travels, and what its output will be opened with.
pub struct Asked {
    /// The encapsulated key.
    pub key: [u8; 32],
    /// Ciphertext with its tag.
    pub text: Vec<u8>,
    /// Opens the output.
    pub reply: Reply,
}

/// Seals an input to the device whose sealing key is `to`.
///
/// # Errors
/// [`SealError`] if `to` is no key.
pub fn ask(to: &[u8; 32], place: &Place, input: &[u8]) -> Result<Asked, SealError> {
    let to = <Kem as hpke::Kem>::PublicKey::from_bytes(to).map_err(|_| SealError)?;
    let made = setup_sender::<Sealing, HkdfSha256, Kem>(&OpModeS::Base, &to, &place.info());
    let (key, mut context) = made.map_err(|_| SealError)?;
    let text = context.seal(input, &[]).map_err(|_| SealError)?;
    let mut reply = [0; 32];
    context.export(REPLY, &mut reply).map_err(|_| SealError)?;
    Ok(Asked { key: key.to_bytes().into(), text, reply: Reply(reply) })
}

/// Opens an input, and gives what its output is sealed with.
///
/// # Errors
/// [`SealError`].
pub fn hear(
    with: &Secret,
    place: &Place,
    key: &[u8],
    text: &[u8],
) -> Result<(Vec<u8>, Reply), SealError> {
    let key = <Kem as hpke::Kem>::EncappedKey::from_bytes(key).map_err(|_| SealError)?;
    let made =
        setup_receiver::<Sealing, HkdfSha256, Kem>(&OpModeR::Base, &with.0, &key, &place.info());
    let mut context = made.map_err(|_| SealError)?;
    let input = context.open(text, &[]).map_err(|_| SealError)?;
    let mut reply = [0; 32];
    context.export(REPLY, &mut reply).map_err(|_| SealError)?;
    Ok((input, Reply(reply)))
}

/// The key of one call's output.
#[derive(Clone)]
pub struct Reply([u8; 32]);

impl Reply {
    /// Seals the output.
    ///
    /// The nonce is of the output itself and the secret key (as synthetic nonces are, RFC 8452): a device
    /// that restarts and serves the call again never seals two outputs under one nonce, and needs no
    /// randomness.
    #[must_use]
    pub fn seal(&self, output: &[u8]) -> Vec<u8> {
        let nonce = self.nonce(output);
        let sealed = ChaCha20Poly1305::new(&self.0.into()).encrypt(&nonce.into(), output);
        // fails only for an output of more than 256 GiB
        let sealed = sealed.unwrap_or_default();
        [nonce.as_slice(), &sealed].concat()
    }

    /// Opens the output.
    ///
    /// # Errors
    /// [`SealError`].
    pub fn open(&self, text: &[u8]) -> Result<Vec<u8>, SealError> {
        let (nonce, sealed) = text.split_first_chunk::<NONCE>().ok_or(SealError)?;
        let opened = ChaCha20Poly1305::new(&self.0.into()).decrypt(&(*nonce).into(), sealed);
        opened.map_err(|_| SealError)
    }

    fn nonce(&self, output: &[u8]) -> [u8; NONCE] {
        let mut nonce = [0; NONCE];
        // HMAC takes keys of any length
        if let Ok(mut mac) = <Hmac<Sha256> as hmac::Mac>::new_from_slice(&self.0) {
            mac.update(output);
            let tag = mac.finalize().into_bytes();
            nonce.iter_mut().zip(tag).for_each(|(to, from)| *to = from);
        }
        nonce
    }
}
