//! The escrow through its entry points, beside the real registry: one binary, a module a subject.
#![allow(missing_docs)]
#![allow(clippy::unwrap_used, clippy::panic, clippy::arithmetic_side_effects)] // a failure is the report
#![allow(clippy::cast_possible_truncation)] // tests count in small numbers

#[path = "escrow/allowances.rs"]
mod allowances;
#[path = "escrow/chains.rs"]
mod chains;
#[path = "escrow/docs.rs"]
mod docs;
#[path = "escrow/errors.rs"]
mod errors;
#[path = "escrow/goldens.rs"]
mod goldens;
#[path = "escrow/governance.rs"]
mod governance;
#[path = "escrow/keys.rs"]
mod keys;
#[path = "escrow/lanes.rs"]
mod lanes;
#[path = "escrow/life.rs"]
mod life;
#[path = "escrow/lists.rs"]
mod lists;
#[path = "escrow/migration.rs"]
mod migration;
#[path = "escrow/orders.rs"]
mod orders;
#[path = "escrow/pages.rs"]
mod pages;
#[path = "escrow/parties.rs"]
mod parties;
#[path = "escrow/payments.rs"]
mod payments;
#[path = "escrow/properties.rs"]
mod properties;
#[path = "escrow/queries.rs"]
mod queries;
#[path = "escrow/settling.rs"]
mod settling;
#[path = "escrow/standings.rs"]
mod standings;
#[path = "escrow/states.rs"]
mod states;
#[path = "escrow/suite.rs"]
mod suite;
#[path = "escrow/token.rs"]
mod token;
#[path = "escrow/typed.rs"]
mod typed;
