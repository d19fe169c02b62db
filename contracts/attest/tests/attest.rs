//! The verifier beside a registry, through their entry points: one binary, a module a subject.
#![allow(missing_docs)]
#![allow(clippy::unwrap_used, clippy::panic, clippy::arithmetic_side_effects)] // a failure is the report

#[path = "attest/goldens.rs"]
mod goldens;
#[path = "attest/suite.rs"]
mod suite;
#[path = "attest/verifying.rs"]
mod verifying;
