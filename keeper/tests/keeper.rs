//! The keeper from outside: one binary, a module a subject.
#![allow(missing_docs, unreachable_pub)] // nobody is outside of a test binary
#![allow(clippy::unwrap_used, clippy::panic, clippy::arithmetic_side_effects)] // a failure is the report
#![allow(clippy::cast_possible_truncation)] // tests count in small numbers

#[path = "keeper/common/mod.rs"]
mod common;

#[path = "keeper/devices/mod.rs"]
mod devices;

#[path = "keeper/enclaves/mod.rs"]
mod enclaves;

#[path = "keeper/fire/mod.rs"]
mod fire;

#[path = "keeper/futures/mod.rs"]
mod futures;

#[path = "keeper/money/mod.rs"]
mod money;

#[path = "keeper/pools/mod.rs"]
mod pools;
