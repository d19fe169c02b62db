//! What is said of money: outbox, books, leases, clearings, settlements.

use super::{count, count_by};
use crate::leases::Lease;
use crate::outbox::{Lane, OutboxError};
use caplet_api::escrow::ItemResult;
use caplet_api::event::EpochCleared;
use caplet_api::registry::DeviceStatus;
use caplet_chain::{SignedTx, TxResult};
use caplet_protocol::{DeviceId, LeaseId, MarketId};

// --- outbox ---

/// A transaction was signed and its bytes are on disk.
pub fn tx_signed(lane: Lane, tx: &SignedTx) {
    count("tx_signed");
    tracing::debug!(lane = lane.name(), hash = %tx.hash, sequence = tx.sequence, "transaction signed");
}

/// The mempool took a transaction.
pub fn tx_broadcast(lane: Lane, tx: &SignedTx) {
    count("tx_broadcast");
    tracing::debug!(lane = lane.name(), hash = %tx.hash, "transaction broadcast");
}

/// A transaction is in a block.
pub fn tx_included(lane: Lane, tx: &SignedTx, result: &TxResult) {
    count("tx_included");
    let (height, gas) = (result.height, result.gas_used);
    tracing::info!(lane = lane.name(), hash = %tx.hash, height, gas, "transaction included");
}

/// A submission ended without effect on the chain.
pub fn submission_failed(lane: Lane, error: &OutboxError) {
    count("submission_failed");
    tracing::warn!(lane = lane.name(), %error, "submission failed");
}

/// A transaction can no longer be included; its messages are signed anew.
pub fn tx_requeued(lane: Lane, tx: &SignedTx, why: &str) {
    count("tx_requeued");
    tracing::warn!(lane = lane.name(), hash = %tx.hash, sequence = tx.sequence, why, "transaction to be signed anew");
}

/// The chain could not be asked; the outbox tries again.
pub fn outbox_waits(cause: &str, wait_ms: u64) {
    count("outbox_waits");
    tracing::warn!(cause, wait_ms, "chain does not answer, outbox waits");
}

/// The disk is full: nothing is sent that could not be written down first.
pub fn outbox_has_no_room(error: &anyhow::Error) {
    count("outbox_has_no_room");
    tracing::error!(error = format!("{error:#}"), "disk full, nothing is sent until it has room");
}

/// Transactions of an earlier run were found and are being finished.
pub fn outbox_recovered(signed: u64, queued: u64) {
    let both = signed.saturating_add(queued);
    count_by("outbox_recovered", both);
    if both > 0 {
        tracing::info!(signed, queued, "finishing transactions of an earlier run");
    }
}

// --- book ---

/// Every market was read from state.
pub fn book_reconciled(markets: usize, height: u64) {
    count("book_reconciled");
    tracing::info!(markets, height, "books read from state");
}

/// The books could not follow the chain.
pub fn book_behind(cause: &str) {
    count("book_behind");
    tracing::warn!(cause, "books are behind, trying again");
}

// --- leases ---

/// A lease of a local device was read for the first time.
pub fn lease_seen(lease: &Lease) {
    count("lease_seen");
    let (consumer, provider) = (lease.consumer.0, lease.provider.0);
    tracing::info!(lease = %lease.id, consumer, provider, price = lease.price, lots = lease.lots.0, "lease");
}

/// A lease of a local device changed its state.
pub fn lease_moved(lease: &Lease) {
    count("lease_moved");
    tracing::info!(lease = %lease.id, state = ?lease.state, reason = ?lease.reason, redeemed = lease.redeemed(), "lease moved");
}

/// The contract does not know a lease that it knew before.
pub fn lease_unknown(lease: LeaseId, log: &str) {
    count("lease_unknown");
    tracing::error!(%lease, log, "the chain has forgotten a lease: was it set back?");
}

/// A pool's contract did not say who its members are; its leases are followed by what was known before.
pub fn pool_unread(contract: &str, log: &str) {
    count("pool_unread");
    tracing::warn!(contract, log, "a pool does not answer");
}

/// All leases on the chain were gone through.
pub fn leases_listed(ours: usize) {
    count("leases_listed");
    tracing::debug!(ours, "leases read from state");
}

/// The leases could not follow the chain.
pub fn leases_behind(cause: &str) {
    count("leases_behind");
    tracing::warn!(cause, "leases are behind, trying again");
}

// --- matcher ---

/// A frozen book was solved and is submitted.
pub fn epoch_solved(market: MarketId, epoch: u32, offers: usize, demands: usize, fills: usize) {
    count("epoch_solved");
    tracing::info!(%market, epoch, offers, demands, fills, "book solved");
}

/// A clearing of this keeper was accepted.
pub fn epoch_cleared(cleared: &EpochCleared) {
    count("epoch_cleared");
    let EpochCleared { market, epoch, fills, lots, welfare, skipped, .. } = cleared;
    tracing::info!(market, epoch, fills, lots, welfare, skipped, "epoch cleared");
}

/// Another keeper cleared first.
pub fn race_lost(market: MarketId, epoch: u32) {
    count("race_lost");
    tracing::info!(%market, epoch, "cleared by another keeper");
}

/// The contract or the certificate refused a clearing.
pub fn clearing_refused(market: MarketId, epoch: u32, log: &str) {
    count("clearing_refused");
    tracing::error!(%market, epoch, log, "clearing refused, reading the book anew");
}

/// Orders past their end were cleared away.
pub fn orders_expired(market: MarketId, orders: usize) {
    count("orders_expired");
    tracing::debug!(%market, orders, "orders past their end cleared away");
}

/// Orders past their end were not cleared away: another keeper did it, or the book is behind.
pub fn expiry_refused(market: MarketId, log: &str) {
    count("expiry_refused");
    tracing::info!(%market, log, "orders not cleared away, trying again in some blocks");
}

/// Orders were brought in line with what is known of their devices: those of the suspended ended, offers moved to their class.
pub fn orders_reclassed(market: MarketId, orders: usize) {
    count("orders_reclassed");
    tracing::info!(%market, orders, "orders of devices with another standing brought in line");
}

/// Orders were not brought in line: another keeper did it, or the book is behind.
pub fn reclass_refused(market: MarketId, log: &str) {
    count("reclass_refused");
    tracing::info!(%market, log, "orders not brought in line, trying again in some blocks");
}

/// Lots of a clearing whose provider failed their consumer lately or is of the same owner, and that are not kept apart.
pub fn pairs_kept(market: MarketId, lots: u64) {
    count("pairs_kept");
    tracing::info!(%market, lots, "no other partner in their class for some that are to be kept apart");
}

// --- settler ---

/// A voucher was redeemed.
pub fn voucher_paid(lease: LeaseId, paid: u64) {
    count("voucher_paid");
    tracing::info!(%lease, paid, "voucher redeemed");
}

/// The contract judged a voucher and paid nothing.
pub fn voucher_unpaid(lease: LeaseId, result: ItemResult) {
    count("voucher_unpaid");
    tracing::warn!(%lease, ?result, "voucher not paid");
}

/// A device of a running lease is frozen or retired: what was served may be all that is ever paid.
/// `at_risk` is what the lease still reserves, base units.
pub fn counterparty_frozen(lease: LeaseId, device: DeviceId, status: DeviceStatus, at_risk: u64) {
    count("counterparty_frozen");
    tracing::error!(%lease, %device, ?status, at_risk, "a counterparty can trade no more");
}

/// A message about leases went through.
pub fn leases_done(verb: &'static str, leases: usize) {
    count_by(verb, u64::try_from(leases).unwrap_or(u64::MAX));
    tracing::info!(verb, leases, "leases");
}

/// A message about leases was refused; its leases are tried alone, later.
pub fn leases_refused(verb: &'static str, leases: usize, error: &OutboxError) {
    count("leases_refused");
    tracing::info!(verb, leases, %error, "refused, another keeper may have been faster");
}
