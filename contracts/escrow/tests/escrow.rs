//! The escrow through its entry points, beside the real registry: one binary, a module a subject.
#![allow(missing_docs)]
#![allow(clippy::unwrap_used, clippy::panic, clippy::arithmetic_side_effects)] // a failure is the report
#![allow(clippy::cast_possible_truncation)] // tests count in small numbers

#[path = "escrow/life.rs"]
mod life;
#[path = "escrow/parties.rs"]
mod parties;
#[path = "escrow/suite.rs"]
mod suite;
#[path = "escrow/token.rs"]
mod token;
