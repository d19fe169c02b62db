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
        let (secret, _) = pair(&self.sealing);
        let opened = open(&secret, place, op, Way::In, input)?;
        let (reply, text) =
            opened.split_first_chunk::<32>().ok_or(SessionError::Short { found: opened.len() })?;
        let sealed = seal(reply, place, op, Way::Out, &compute(text))?;
        let statement = statement(place, op, input, &sealed);
        let signature = sign::sign(&self.signing, &statement.preimage(&place.domain));
        Ok(Output { sealed, signature })
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
