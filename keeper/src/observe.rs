//! Everything that is logged and measured, a function per domain event; nobody else names a metric.
//!
//! A function logs one line and counts under the event's name; `GET /status` shows the counts.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

static COUNTS: Mutex<BTreeMap<&'static str, u64>> = Mutex::new(BTreeMap::new());

/// Counts an event once.
fn count(event: &'static str) {
    count_by(event, 1);
}

/// Counts an event that stands for several.
fn count_by(event: &'static str, by: u64) {
    let mut counts = COUNTS.lock().unwrap_or_else(PoisonError::into_inner);
    let sum = counts.entry(event).or_default();
    *sum = sum.saturating_add(by);
}

/// How often each event happened in this process.
#[must_use]
pub fn counts() -> BTreeMap<&'static str, u64> {
    COUNTS.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

// --- outbox ---

use crate::outbox::{Lane, OutboxError};
use caplet_chain::{SignedTx, TxResult};

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

/// Transactions of an earlier run were found and are being finished.
pub fn outbox_recovered(signed: usize, queued: usize) {
    count_by("outbox_recovered", u64::try_from(signed.saturating_add(queued)).unwrap_or(u64::MAX));
    if signed.saturating_add(queued) > 0 {
        tracing::info!(signed, queued, "finishing transactions of an earlier run");
    }
}

// --- devices: broker, bridge ---

use mqtt5::{DisconnectReason, MqttError};
use std::fmt::Display;
use std::net::SocketAddr;

/// The broker could not read the keys it checks logins against.
pub fn broker_keys_unreadable(error: &anyhow::Error) {
    count("broker_keys_unreadable");
    tracing::error!(error = format!("{error:#}"), "keys of devices cannot be read, login refused");
}

/// Somebody was not let in.
pub fn login_refused(client_id: &str, from: SocketAddr, why: &dyn Display) {
    count("login_refused");
    tracing::info!(client_id, %from, %why, "MQTT login refused");
}

/// The connection to the broker is gone.
pub fn broker_lost(url: &str, reason: &DisconnectReason) {
    count("broker_lost");
    tracing::warn!(url, ?reason, "MQTT broker lost, connecting again");
}

/// Another attempt to reach the broker.
pub fn broker_retried(url: &str, attempt: u32) {
    count("broker_retried");
    tracing::warn!(url, attempt, "MQTT broker not reached yet");
}

/// Saying good-bye to the broker failed.
pub fn broker_left(error: &MqttError) {
    count("broker_left");
    tracing::debug!(%error, "MQTT broker left without good-bye");
}

/// A message without delivery promise came while the keeper was busy.
pub fn message_dropped(topic: &str) {
    count("message_dropped");
    tracing::warn!(topic, "message dropped, the keeper is busy: devices repeat what is not acknowledged");
}

/// A message could not be sent.
pub fn not_sent(topic: &str, error: &anyhow::Error) {
    count("not_sent");
    tracing::warn!(topic, error = format!("{error:#}"), "message not sent");
}

/// A device's message failed here, not by its own fault.
pub fn intake_failed(error: &anyhow::Error) {
    count("intake_failed");
    tracing::error!(error = format!("{error:#}"), "a device's message could not be taken");
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
