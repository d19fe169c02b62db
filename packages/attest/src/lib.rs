//! Enclave evidence (`PROTOCOL.md` 6): is there really an enclave behind a device, running the code it says, holding the
//! keys it says?
//!
//! A quote is a report of the processor about an enclave, signed by a chain that ends at Intel's root. [`Verifier`]
//! checks the signatures (`dcap-qvl`), then a stated [`Policy`], then that the report names this device, these keys and
//! this registration ([`caplet_protocol::layout::QuoteBinding`]). The attest contract runs the same code.
//!
//! A [`testroot`](crate::testroot) makes quotes that only a verifier of a network marked as test takes.
#![forbid(unsafe_code)]

mod collateral;
mod error;
#[cfg(feature = "fetch")]
pub mod fetch;
mod measurement;
mod policy;
#[cfg(feature = "produce")]
pub mod produce;
mod report;
#[cfg(feature = "seal")]
pub mod session;
#[cfg(feature = "test-root")]
pub mod testroot;
mod trust;
mod verify;

pub use collateral::{Collateral, MAX_COLLATERAL};
pub use error::AttestError;
pub use measurement::{Measurement, Tee};
pub use policy::{Policy, status_named};
pub use report::{MAX_QUOTE, QuoteFacts, read};
pub use trust::{Network, Trust};
pub use verify::{Verified, Verifier};
