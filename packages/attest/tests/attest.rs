//! Enclave evidence: one binary, a module a subject.
#![allow(missing_docs)]
#![allow(clippy::unwrap_used, clippy::panic, clippy::arithmetic_side_effects)] // a failure is the report
#![allow(clippy::indexing_slicing, clippy::cast_possible_truncation)]

#[path = "attest/bound.rs"]
mod bound;
#[path = "attest/caching.rs"]
mod caching;
#[path = "attest/genuine.rs"]
mod genuine;
#[path = "attest/policies.rs"]
mod policies;
#[path = "attest/producing.rs"]
mod producing;
#[path = "attest/provider.rs"]
mod provider;
#[path = "attest/samples.rs"]
mod samples;
#[path = "attest/stand.rs"]
mod stand;
#[path = "attest/tampering.rs"]
mod tampering;
