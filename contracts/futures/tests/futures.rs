//! Futures through their entry points, beside a real registry, a real escrow and a cw20 token: one binary, a module a subject.
#![allow(missing_docs)]
#![allow(clippy::unwrap_used, clippy::panic, clippy::arithmetic_side_effects)] // a failure is the report
#![allow(clippy::cast_possible_truncation)] // tests count in small numbers

#[path = "futures/adversary.rs"]
mod adversary;
#[path = "futures/auctioned.rs"]
mod auctioned;
#[path = "futures/auctions.rs"]
mod auctions;
#[path = "futures/backing.rs"]
mod backing;
#[path = "futures/defaults.rs"]
mod defaults;
#[path = "futures/docs.rs"]
mod docs;
#[path = "futures/errors.rs"]
mod errors;
#[path = "futures/exercising.rs"]
mod exercising;
#[path = "futures/goldens.rs"]
mod goldens;
#[path = "futures/issuing.rs"]
mod issuing;
#[path = "futures/market.rs"]
mod market;
#[path = "futures/migration.rs"]
mod migration;
#[path = "futures/permissions.rs"]
mod permissions;
#[path = "futures/properties.rs"]
mod properties;
#[path = "futures/suite.rs"]
mod suite;
#[path = "futures/together.rs"]
mod together;
#[path = "futures/trading.rs"]
mod trading;
