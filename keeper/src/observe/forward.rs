//! What is said of futures and pools.

use super::count;
use crate::outbox::OutboxError;
use caplet_protocol::{DeviceId, LeaseId};

/// Something was done in futures or a pool; `what` is the event's name.
pub fn forward_done(what: &'static str) {
    count(what);
    tracing::info!(what, "done ahead");
}

/// The chain refused it; what is due is computed anew.
pub fn forward_refused(what: &'static str, error: &OutboxError) {
    count("forward_refused");
    tracing::warn!(what, %error, "refused ahead");
}

/// A series lacks collateral that its owner does not have, or that the limit does not allow.
pub fn collateral_short(series: u32, seller: DeviceId, by: u64) {
    count("collateral_short");
    tracing::warn!(series, %seller, by, "collateral is short: it defaults in part unless it is topped up");
}

/// The session of a lease goes on at another device.
pub fn session_moved(lease: LeaseId, before: DeviceId, now: DeviceId) {
    count("session_moved");
    tracing::info!(%lease, %before, %now, "the session moves");
}

/// Another member of a pool serves a lease.
pub fn pool_failed_over(lease: u64, before: DeviceId, now: DeviceId) {
    count("pool_failed_over");
    tracing::info!(lease, %before, %now, "another member serves");
}
