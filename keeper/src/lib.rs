//! The keeper: a daemon on a gateway that bridges devices over MQTT, clears the market off chain,
//! carries leases between gateways and settles what was served.
//!
//! Rooms: `cli` is the door. `context` is what every role holds. `broker`, `bridge`, `registrar`,
//! `placer` face the devices; `exchange` faces other gateways, `proximity` measures how far they
//! are; `session` serves leases and counts; `book`, `matcher` clear; `leases`, `settler`, `outbox`
//! handle money, `audit` compares it; `attester` verifies enclaves; `forward` deals in
//! futures and pools. Everything durable goes
//! through `store`; everything said goes through `observe`; every task lives in `tasks`.
#![forbid(unsafe_code)]
// an overflow in a test is a failed test
#![cfg_attr(test, allow(clippy::arithmetic_side_effects))]

pub mod attester;
pub mod audit;
pub mod book;
pub mod bridge;
pub mod broker;
pub mod cli;
pub mod config;
pub mod context;
pub mod demo;
pub mod deploy;
pub mod exchange;
pub mod fabric;
mod follow;
pub mod forward;
pub mod keeper;
mod latencies;
pub mod leases;
pub mod matcher;
pub mod observe;
pub mod outbox;
mod owners;
pub mod placer;
mod proximity;
mod reconcile;
pub mod registrar;
mod rendezvous;
pub mod scenario;
pub mod session;
pub mod settler;
mod signal;
pub mod store;
pub mod tasks;
