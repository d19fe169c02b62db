//! The role of an attester: collateral is fetched, a device's quote verified, the registry told.
//!
//! An attester is one of several that governance appointed; what each says weighs little alone
//! (`docs/attestation.md`). The verification itself is `caplet_attest`'s, as in the attest contract.

mod submit;
mod verify;

pub use submit::submit;
pub use verify::{Evidence, Finding, verify};
