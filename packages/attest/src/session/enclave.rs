//! The enclave's side.

use super::hpke::{Sealed, Way, open, pair, seal};
use super::{EnclavePublic, Output, Place, SessionError};
use caplet_protocol::{
    DeviceId, Domain,
    layout::{EnclaveHello, EnclaveOutput, EnclaveStatement},
    sign,
};
use ed25519_dalek::SigningKey;
use rand_core::{OsRng, RngCore as _};
use sha2::{Digest, Sha256};

/// An enclave's own keys. They are made inside it and never leave it.
pub struct EnclaveKeys {
    sealing: [u8; 32],
    signing: SigningKey,
}

impl EnclaveKeys {
    /// New keys.
    ///
    /// # Errors
    /// If the system gives no randomness.
    pub fn generate() -> Result<Self, SessionError> {
        Ok(Self { sealing: random()?, signing: SigningKey::from_bytes(&random()?) })
    }

    /// Keys that were kept where only the enclave reads, as [`EnclaveKeys::to_bytes`] gave them.
    #[must_use]
    pub fn from_bytes(kept: &[u8; 64]) -> Self {
        let (mut sealing, mut signing) = ([0; 32], [0; 32]);
        for (to, from) in sealing.iter_mut().chain(&mut signing).zip(kept) {
            *to = *from;
        }
        Self { sealing, signing: SigningKey::from_bytes(&signing) }
    }

    /// The secret halves, sealing first, to be kept where only the enclave reads (Gramine's encrypted files).
    #[must_use]
    pub fn to_bytes(&self) -> [u8; 64] {
        let mut kept = [0; 64];
        let secrets = self.sealing.iter().chain(self.signing.as_bytes());
        for (to, from) in kept.iter_mut().zip(secrets) {
            *to = *from;
        }
        kept
    }

    /// The public halves.
    #[must_use]
    pub fn public(&self) -> EnclavePublic {
        let (_, sealing) = pair(&self.sealing);
        EnclavePublic { sealing, signing: self.signing.verifying_key().to_bytes() }
    }

    /// The enclave's consent to work for a device, under the registry's domain.
    #[must_use]
    pub fn consent(&self, device: DeviceId, sequence: u64, domain: &Domain) -> [u8; 64] {
        let EnclavePublic { sealing, signing } = self.public();
        let statement = EnclaveStatement { device, sequence, sealing, signing };
        sign::sign(&self.signing, &statement.preimage(domain))
    }

    /// The answer to a consumer's challenge.
    #[must_use]
    pub fn answer(&self, place: &Place, nonce: [u8; 32], exporter: [u8; 32]) -> [u8; 64] {
        let hello = EnclaveHello { lease: place.lease, device: place.device, nonce, exporter };
        sign::sign(&self.signing, &hello.preimage(&place.domain))
    }

    /// Opens an input, computes, seals the result to the key that came with it, and signs that it is of this input.
    ///
    /// # Errors
    /// If the input does not open here, for this lease and operation.
    pub fn serve(
        &self,
        place: &Place,
        op: u64,
        input: &Sealed,
        compute: impl FnOnce(&[u8]) -> Vec<u8>,
    ) -> Result<Output, SessionError> {
        let opened = self.open(place, op, input)?;
        self.seal(place, op, input, &opened, &compute(opened.text()))
    }

    /// Opens an input.
    ///
    /// # Errors
    /// If it does not open here, for this lease and operation.
    pub fn open(&self, place: &Place, op: u64, input: &Sealed) -> Result<Opened, SessionError> {
        let (secret, _) = pair(&self.sealing);
        let opened = open(&secret, place, op, Way::In, input)?;
        if opened.len() < 32 {
            return Err(SessionError::Short { found: opened.len() });
        }
        Ok(Opened(opened))
    }

    /// Seals what was computed from `input` to the key that came inside it, and signs that it is of this input.
    ///
    /// # Errors
    /// If that key is none.
    pub fn seal(
        &self,
        place: &Place,
        op: u64,
        input: &Sealed,
        opened: &Opened,
        result: &[u8],
    ) -> Result<Output, SessionError> {
        let reply = opened.0.first_chunk::<32>().ok_or(SessionError::Short { found: 0 })?;
        let sealed = seal(reply, place, op, Way::Out, result)?;
        let statement = statement(place, op, input, &sealed);
        let signature = sign::sign(&self.signing, &statement.preimage(&place.domain));
        Ok(Output { sealed, signature })
    }
}

/// An input as the enclave alone sees it.
pub struct Opened(Vec<u8>);

impl Opened {
    /// What the consumer sealed.
    #[must_use]
    pub fn text(&self) -> &[u8] {
        self.0.get(32..).unwrap_or_default()
    }
}

/// What the enclave signs of an output.
pub(super) fn statement(place: &Place, op: u64, input: &Sealed, output: &Sealed) -> EnclaveOutput {
    EnclaveOutput { lease: place.lease, op, input: digest(input), output: digest(output) }
}

fn digest(sealed: &Sealed) -> [u8; 32] {
    Sha256::new().chain_update(sealed.key).chain_update(&sealed.text).finalize().into()
}

/// 32 bytes of the system's randomness.
pub(super) fn random() -> Result<[u8; 32], SessionError> {
    let mut bytes = [0; 32];
    OsRng.try_fill_bytes(&mut bytes).map_err(|_| SessionError::Randomness)?;
    Ok(bytes)
}
