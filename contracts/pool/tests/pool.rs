//! A pool through its entry points, beside a real registry and a real escrow: one binary, a module a subject.
#![allow(missing_docs)]
#![allow(clippy::unwrap_used, clippy::panic, clippy::arithmetic_side_effects)] // a failure is the report
#![allow(clippy::cast_possible_truncation)] // tests count in small numbers

#[path = "pool/adversary.rs"]
mod adversary;
#[path = "pool/auctioned.rs"]
mod auctioned;
#[path = "pool/docs.rs"]
mod docs;
#[path = "pool/futures.rs"]
mod futures;
#[path = "pool/goldens.rs"]
mod goldens;
#[path = "pool/joining.rs"]
mod joining;
#[path = "pool/life.rs"]
mod life;
#[path = "pool/market.rs"]
mod market;
#[path = "pool/migration.rs"]
mod migration;
#[path = "pool/permissions.rs"]
mod permissions;
#[path = "pool/properties.rs"]
mod properties;
#[path = "pool/serving.rs"]
mod serving;
#[path = "pool/suite.rs"]
mod suite;
