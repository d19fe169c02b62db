//! A lease on an attested device: the enclave answers the consumer's challenge, inputs are sealed to it, outputs come back
//! sealed to the consumer and signed by it. Whoever carries them in between sees ciphertext.

mod consumer;
mod enclave;
mod hpke;

pub use consumer::Consumer;
pub use enclave::{EnclaveKeys, Opened};
pub use hpke::Sealed;

use ::hpke::HpkeError;
use caplet_protocol::{DeviceId, Domain, LeaseId};
use thiserror::Error;

/// The public keys of an enclave, as the registry has them and its quote binds them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EnclavePublic {
    /// X25519: inputs are sealed to it.
    pub sealing: [u8; 32],
    /// ed25519: it signs challenges and outputs.
    pub signing: [u8; 32],
}

/// Which lease on which device, under the escrow's domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The escrow's domain.
    pub domain: Domain,
    /// The lease.
    pub lease: LeaseId,
    /// The providing device.
    pub device: DeviceId,
}

/// An output as it travels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// Sealed to the key that the input carried.
    pub sealed: Sealed,
    /// The enclave's signature over `layout::EnclaveOutput`.
    pub signature: [u8; 64],
}

/// Why a sealed exchange fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SessionError {
    /// The answer to a challenge does not hold.
    #[error(
        "the answer is not signed by the attested enclave: end the session, another machine serves it"
    )]
    Answer,
    /// An output does not hold.
    #[error(
        "the output is not signed by the attested enclave for this input: do not use it, end the session"
    )]
    Output,
    /// It cannot be opened.
    #[error(
        "what came does not open ({0}): it was sealed for another enclave, lease or operation, or was changed"
    )]
    Sealed(HpkeError),
    /// What was opened is too short to be an input.
    #[error(
        "an input of {found} bytes, the first 32 are the key for the answer: seal it with this library"
    )]
    Short {
        /// Bytes found.
        found: usize,
    },
    /// The system gives no randomness.
    #[error("the system gives no randomness: no key can be made")]
    Randomness,
}
