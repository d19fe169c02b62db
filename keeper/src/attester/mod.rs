//! The role of an attester: enclaves that are registered and not attested, or not for long, are found on
//! chain; their quotes are had from their gateways, collateral from where it is published; what holds under
//! the policy is said to the registry, and brought to the attest contract if there is one.
//!
//! An attester is one of several that governance appointed; what each says weighs little alone
//! (`docs/attestation.md`). The verification itself is `caplet_attest`'s, as in the attest contract.

mod due;
mod duty;
mod judge;
mod quotes;
mod submit;
mod verify;
mod watch;

pub use judge::{Judge, judge};
pub(crate) use quotes::Quotes;
pub use submit::{bring, submit, word};
pub use verify::{Evidence, Finding, verify};

use crate::config::AttestConfig;
use crate::context::Context;
use crate::exchange::Directory;
use crate::reconcile;
use tokio::sync::watch as signal;

/// Starts the role in `context.tasks`; `directory` finds the gateways that have quotes.
pub(crate) fn start(context: &Context, config: AttestConfig, judge: Judge, directory: Directory) {
    let quotes = Quotes::new(config.quotes.clone());
    let duty = duty::Duty::new(context.clone(), config, judge, quotes, directory);
    // nothing wakes it but blocks; the sender is kept so that waiting for it never fails
    let (wakes, woken) = signal::channel(0);
    reconcile::start(context, watch::Watch::new(duty, wakes), woken);
}
