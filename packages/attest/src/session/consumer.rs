//! The consumer's side.

use super::enclave::{random, statement};
use super::hpke::{Sealed, Way, open, pair, seal};
use super::{EnclavePublic, Output, Place, SessionError};
use caplet_protocol::{layout::EnclaveHello, sign};

/// A consumer's end of a session with an attested enclave.
pub struct Consumer {
    place: Place,
    enclave: EnclavePublic,
    reply: [u8; 32],
    nonce: [u8; 32],
    exporter: [u8; 32],
}

impl Consumer {
    /// Begins a session: `enclave` are the keys that an accepted quote binds, `exporter` is the connection's (RFC 8446,
    /// 7.5), zero where there is none.
    ///
    /// # Errors
    /// If the system gives no randomness.
    pub fn begin(
        place: Place,
        enclave: EnclavePublic,
        exporter: [u8; 32],
    ) -> Result<Self, SessionError> {
        Ok(Self { place, enclave, reply: random()?, nonce: random()?, exporter })
    }

    /// The challenge that the enclave must answer first.
    #[must_use]
    pub fn challenge(&self) -> [u8; 32] {
        self.nonce
    }

    /// Passes if the answer is the enclave's to this very challenge on this very connection.
    ///
    /// # Errors
    /// If it is not.
    pub fn check(&self, answer: &[u8; 64]) -> Result<(), SessionError> {
        let Place { domain, lease, device } = self.place;
        let hello = EnclaveHello { lease, device, nonce: self.nonce, exporter: self.exporter };
        if sign::verify(&self.enclave.signing, &hello.preimage(&domain), answer) {
            return Ok(());
        }
        Err(SessionError::Answer)
    }

    /// Seals an input, with the key for the answer, to the enclave.
    ///
    /// # Errors
    /// If the enclave's key is none.
    pub fn seal(&self, op: u64, input: &[u8]) -> Result<Sealed, SessionError> {
        let (_, reply) = pair(&self.reply);
        let text = [reply.as_slice(), input].concat();
        seal(&self.enclave.sealing, &self.place, op, Way::In, &text)
    }

    /// Opens an output of the enclave to `input`.
    ///
    /// # Errors
    /// If the enclave did not sign it for this input, or it does not open.
    pub fn open(&self, op: u64, input: &Sealed, output: &Output) -> Result<Vec<u8>, SessionError> {
        let statement = statement(&self.place, op, input, &output.sealed);
        let preimage = statement.preimage(&self.place.domain);
        if !sign::verify(&self.enclave.signing, &preimage, &output.signature) {
            return Err(SessionError::Output);
        }
        let (secret, _) = pair(&self.reply);
        open(&secret, &self.place, op, Way::Out, &output.sealed)
    }
}
