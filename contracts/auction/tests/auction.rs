//! The auction through its entry points, beside a real registry and a real escrow: one binary, a module a subject.
#![allow(missing_docs)]
#![allow(clippy::unwrap_used, clippy::panic, clippy::arithmetic_side_effects)] // a failure is the report
#![allow(clippy::cast_possible_truncation)] // tests count in small numbers

#[path = "auction/adversary.rs"]
mod adversary;
#[path = "auction/attesting.rs"]
mod attesting;
#[path = "auction/bonds.rs"]
mod bonds;
#[path = "auction/cancelling.rs"]
mod cancelling;
#[path = "auction/capacity.rs"]
mod capacity;
#[path = "auction/clearing.rs"]
mod clearing;
#[path = "auction/controller.rs"]
mod controller;
#[path = "auction/docs.rs"]
mod docs;
#[path = "auction/epochs.rs"]
mod epochs;
#[path = "auction/errors.rs"]
mod errors;
#[path = "auction/expiring.rs"]
mod expiring;
#[path = "auction/explaining.rs"]
mod explaining;
#[path = "auction/goldens.rs"]
mod goldens;
#[path = "auction/markets.rs"]
mod markets;
#[path = "auction/migration.rs"]
mod migration;
#[path = "auction/parties.rs"]
mod parties;
#[path = "auction/permissions.rs"]
mod permissions;
#[path = "auction/placing.rs"]
mod placing;
#[path = "auction/properties.rs"]
mod properties;
#[path = "auction/proximity.rs"]
mod proximity;
#[path = "auction/queries.rs"]
mod queries;
#[path = "auction/reclassing.rs"]
mod reclassing;
#[path = "auction/reducing.rs"]
mod reducing;
#[path = "auction/relaying.rs"]
mod relaying;
#[path = "auction/renewing.rs"]
mod renewing;
#[path = "auction/scanning.rs"]
mod scanning;
#[path = "auction/seed.rs"]
mod seed;
#[path = "auction/solver.rs"]
mod solver;
#[path = "auction/standings.rs"]
mod standings;
#[path = "auction/suite.rs"]
mod suite;
#[path = "auction/taking.rs"]
mod taking;
