//! The metering session, in one binary: every promise of the crate, under loss, repetition, reordering,
//! crashes and lies.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests count in small numbers, and a test that cannot go on may stop"
)]

#[path = "metering/batches.rs"]
mod batches;
#[path = "metering/disk.rs"]
mod disk;
#[path = "metering/kill.rs"]
mod kill;
#[path = "metering/lane.rs"]
mod lane;
#[path = "metering/model.rs"]
mod model;
#[path = "metering/payee.rs"]
mod payee;
#[path = "metering/payer.rs"]
mod payer;
#[path = "metering/process.rs"]
mod process;
#[path = "metering/rates.rs"]
mod rates;
#[path = "metering/store.rs"]
mod store;
#[path = "metering/wire.rs"]
mod wire;
#[path = "metering/world.rs"]
mod world;
