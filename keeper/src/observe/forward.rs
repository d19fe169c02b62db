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

/// A device is to join a pool and its owner has too little for the stake.
pub fn stake_short(device: DeviceId, by: u64) {
    count("stake_short");
    tracing::warn!(%device, by, "too little is free in escrow for the stake: deposit it, or commit fewer lots");
}

/// The configuration names a pool that the deployment has not.
pub fn pool_unknown(pool: &str) {
    count("pool_unknown");
    tracing::warn!(
        pool,
        "no pool of the deployment: forward.join and forward.offer name its contract"
    );
}

/// A device is to be sold ahead with another's collateral behind it, and no pool of this account sells as it.
pub fn pool_not_managed(device: DeviceId) {
    count("pool_not_managed");
    tracing::warn!(
        %device,
        "no pool that this account manages sells as it in that market: forward.issue names a pool's device where it \
         names a backer"
    );
}

/// The session of a lease goes on at another device.
pub fn session_moved(lease: LeaseId, before: DeviceId, now: DeviceId) {
    count("session_moved");
    tracing::info!(%lease, %before, %now, "the session moves");
}

/// A pool's member here answers nothing of what its gateway asks it: its lease is handed on.
pub fn member_silent(lease: u64, device: DeviceId, secs: u64) {
    count("member_silent");
    tracing::warn!(lease, %device, secs, "the device answers nothing: another member is to serve");
}

/// Another member of a pool serves a lease.
pub fn pool_failed_over(lease: u64, before: DeviceId, now: DeviceId) {
    count("pool_failed_over");
    tracing::info!(lease, %before, %now, "another member serves");
}

// --- stores of pools ---

/// Whoever stands by for a store has everything, up to this manifest.
pub fn store_in_step(lease: LeaseId, at: DeviceId, sequence: u64) {
    count("store_in_step");
    tracing::info!(%lease, %at, sequence, "the store is kept twice");
}

/// A store is kept here alone though somebody is to stand by.
pub fn store_alone(lease: LeaseId, why: &str) {
    count("store_alone");
    tracing::warn!(%lease, why, "the store is kept here alone: a takeover would lose what comes from now on");
}

/// What was written was acknowledged though it is on one disk only.
pub fn acknowledged_alone(lease: LeaseId, sequence: u64) {
    count("store_acknowledged_alone");
    tracing::debug!(%lease, sequence, "a manifest is on one disk only");
}

/// Whoever stands by has not what it said it had.
pub fn standby_lied(lease: LeaseId, at: DeviceId) {
    count("standby_lied");
    tracing::warn!(%lease, %at, "who stands by has lost what it had taken: it is brought again");
}

/// Somebody was not let bring a replica.
pub fn replica_refused(lease: LeaseId, peer: &str, why: &str) {
    count("replica_refused");
    tracing::info!(%lease, peer, why, "replica refused");
}

/// What was stored for a lease is deleted: it is over.
pub fn store_swept(device: DeviceId, lease: LeaseId) {
    count("store_swept");
    tracing::info!(%device, %lease, "what was stored is deleted, the lease is over");
}
