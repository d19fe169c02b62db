//! The registry through its entry points: one binary, a module a subject.
#![allow(missing_docs)]
#![allow(clippy::unwrap_used, clippy::panic, clippy::arithmetic_side_effects)] // a failure is the report

#[path = "registry/admission.rs"]
mod admission;
#[path = "registry/announcing.rs"]
mod announcing;
#[path = "registry/attesting.rs"]
mod attesting;
#[path = "registry/gateways.rs"]
mod gateways;
#[path = "registry/goldens.rs"]
mod goldens;
#[path = "registry/granting.rs"]
mod granting;
#[path = "registry/invariants.rs"]
mod invariants;
#[path = "registry/measuring.rs"]
mod measuring;
#[path = "registry/migration.rs"]
mod migration;
#[path = "registry/parties.rs"]
mod parties;
#[path = "registry/permissions.rs"]
mod permissions;
#[path = "registry/registering.rs"]
mod registering;
#[path = "registry/rotating.rs"]
mod rotating;
#[path = "registry/sequences.rs"]
mod sequences;
#[path = "registry/status.rs"]
mod status;
#[path = "registry/suite.rs"]
mod suite;
