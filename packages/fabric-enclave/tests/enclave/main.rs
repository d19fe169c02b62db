//! A compute provider under the test root, end to end over real sessions: keys made in the enclave, a quote
//! that binds them, the verdict, a lease, the enclave's own answer, sealed inputs, signed outputs, money.
#![allow(clippy::unwrap_used, clippy::panic, clippy::arithmetic_side_effects)]

mod programs;
mod secrecy;
mod stand;
mod trust;
