//! What tests and the embedded chain share: a CW20 token that links natively, and, for the suites of contracts, a
//! chain with the contracts that theirs leans on (feature `world`).
#![forbid(unsafe_code)]

#[cfg(feature = "world")]
#[allow(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "as in `world`")]
pub mod orders;
#[cfg(feature = "world")]
pub mod parties;
#[cfg(feature = "world")]
#[allow(clippy::arithmetic_side_effects, reason = "as in `world`")]
pub mod spot;
#[cfg(feature = "world")]
pub mod standings;
pub mod token;
#[cfg(feature = "world")]
#[allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    reason = "set-up of tests: what fails here is a test that fails"
)]
pub mod world;
