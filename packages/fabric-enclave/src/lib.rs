//! Compute leases on attested enclaves (`PROTOCOL.md` 6).
//!
//! The consumer knows from the registry which keys an attested enclave of the providing device has, and what it
//! runs. On every connection the enclave's key signs the consumer's challenge, bound to that connection; each
//! input is sealed to the enclave, each output comes sealed back and signed for this input. The provider's
//! gateway carries ciphertext both ways: [`EnclaveAdapter`] never sees anything else. What an operation cost
//! is said by the enclave inside its sealed output, so that not even the gateway's count has to be believed.
//!
//! [`Inside`] is the part that runs in the enclave, with a [`Job`] of its own or with [`Programs`] that consumers bring;
//! [`Separate`] and [`Within`] are the two ends of an enclave that is a program of its own. `docs/attestation.md` has a
//! worked example.
#![forbid(unsafe_code)]

mod client;
mod host;
mod inside;
mod known;
mod program;
mod separate;
mod surface;
mod wire;

pub use client::{EnclaveError, SealedClient};
pub use host::{Enclave, EnclaveAdapter, Served};
pub use inside::{Inside, Job};
pub use known::{Accepted, Attestations, Attested};
pub use program::{Programs, asking, done};
pub use separate::{Separate, Within};
pub use surface::EnclaveSurface;

/// What the fuzz targets of `packages/fuzzing` run; no part of the interface.
#[doc(hidden)]
pub mod fuzz {
    pub use crate::wire::{open_output, open_sealed, output, sealed};
}

use caplet_attest::session::Place;
use caplet_fabric::Service;
use caplet_fabric::lease::LeaseView;

/// The service, as links agree on it.
pub const ENCLAVE: Service = Service::named("enclave");

/// Label under which a connection's keying material is exported for the enclave's answer.
const LABEL: &[u8] = b"EXPORTER-caplet-enclave";

/// Bytes of a sealed input or output.
pub const MAX_SEALED: usize = 16 << 20;

/// Operation in which the enclave answers a challenge: the arguments are the nonce, the answer the signature.
const HELLO: &str = "hello";
/// Operation that is sealed: the arguments are its number, the body the sealed input, the answer the output.
const CALL: &str = "call";

/// What sealing is bound to in this lease.
fn place(lease: &LeaseView) -> Place {
    Place { domain: lease.escrow, lease: lease.lease, device: lease.provider.device }
}
