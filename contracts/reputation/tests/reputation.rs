//! The reputation contract through its entry points: one binary, a module a subject.
#![allow(missing_docs)]
#![allow(clippy::unwrap_used, clippy::panic, clippy::arithmetic_side_effects)] // a failure is the report

#[path = "reputation/complaints.rs"]
mod complaints;
#[path = "reputation/evidence.rs"]
mod evidence;
#[path = "reputation/goldens.rs"]
mod goldens;
#[path = "reputation/invariants.rs"]
mod invariants;
#[path = "reputation/lies.rs"]
mod lies;
#[path = "reputation/migration.rs"]
mod migration;
#[path = "reputation/peers.rs"]
mod peers;
#[path = "reputation/permissions.rs"]
mod permissions;
#[path = "reputation/rating.rs"]
mod rating;
#[path = "reputation/sequences.rs"]
mod sequences;
#[path = "reputation/stakes.rs"]
mod stakes;
#[path = "reputation/suite.rs"]
mod suite;
#[path = "reputation/suspending.rs"]
mod suspending;
