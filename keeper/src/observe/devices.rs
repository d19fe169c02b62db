//! What the rooms that face devices and other gateways say.

use super::count;
use crate::bridge::Refuse;
use caplet_api::escrow::{CloseReason, LeaseState};
use caplet_fabric_oci::{Lack, Runtime, Unfit};
use caplet_protocol::layout::Side;
use caplet_protocol::wire::{BodyKind, Pause};
use caplet_protocol::{Bps, DeviceId, LeaseId, MarketId, OrderId};
use mqtt5::{DisconnectReason, MqttError};
use std::fmt::Display;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};

// --- broker, bridge ---

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
    tracing::warn!(
        topic,
        "message dropped, the keeper is busy: devices repeat what is not acknowledged"
    );
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

/// A message came on a topic that is nobody's to speak on.
pub fn stray_topic(topic: &str) {
    count("stray_topic");
    tracing::warn!(
        topic,
        "message on a topic that no device speaks on: check the broker's access rules"
    );
}

/// A message was refused. Device 0 is one that has no number yet.
pub fn refused(device: DeviceId, kind: BodyKind, why: &Refuse) {
    count("refused");
    let (kind, code) = (kind.as_str_name(), why.code.as_str_name());
    tracing::info!(device = device.0, kind, code, what = why.what, "message refused");
}

/// A device's birth or death.
pub fn device_state(device: DeviceId, up: bool) {
    count(if up { "device_up" } else { "device_down" });
    tracing::info!(device = device.0, up, "device");
}

// --- registrar, placer ---

/// A device is registered and enrolled here.
pub fn device_enrolled(device: DeviceId) {
    count("device_enrolled");
    tracing::info!(device = device.0, "device enrolled");
}

/// A device has other keys.
pub fn device_rotated(device: DeviceId, epoch: u32) {
    count("device_rotated");
    tracing::info!(device = device.0, epoch, "device rotated its keys");
}

/// Another gateway serves a device now.
pub fn device_moved(device: DeviceId) {
    count("device_moved");
    tracing::info!(device = device.0, "device moved to another gateway");
}

/// The chain knows a profile.
pub fn profile_announced(device: DeviceId) {
    count("profile_announced");
    tracing::info!(device = device.0, "profile announced");
}

/// A device was asked whether it signs an order.
pub fn proposed(device: DeviceId, side: Side, market: MarketId) {
    count("proposed");
    tracing::debug!(device = device.0, ?side, market = market.0, "order proposed");
}

/// An order is on the chain.
pub fn order_placed(device: DeviceId, market: MarketId, side: Side, order: OrderId) {
    count("order_placed");
    tracing::info!(
        device = device.0,
        market = market.0,
        ?side,
        order = order.to_u64(),
        "order placed"
    );
}

/// A posted price was taken.
pub fn offer_taken(device: DeviceId, market: MarketId, offer: OrderId) {
    count("offer_taken");
    tracing::info!(
        device = device.0,
        market = market.0,
        offer = offer.to_u64(),
        "posted price taken"
    );
}

// --- exchange, session ---

/// The gateway's endpoint record is on the chain.
pub fn endpoint_published(addresses: &[String]) {
    count("endpoint_published");
    tracing::info!(?addresses, "endpoint record published");
}

/// Another gateway could not be asked, or its record not be believed.
pub fn peer_failed(peer: &str, error: &anyhow::Error) {
    count("peer_failed");
    tracing::warn!(peer, error = format!("{error:#}"), "gateway not usable");
}

/// A room could not do what was due; it tries again.
pub fn room_failed(room: &str, error: &anyhow::Error) {
    count("room_failed");
    tracing::warn!(room, error = format!("{error:#}"), "could not do what is due, trying again");
}

/// A device was told of a lease.
pub fn lease_told(lease: LeaseId, device: DeviceId, state: LeaseState) {
    count("lease_told");
    tracing::info!(lease = lease.0, device = device.0, ?state, "device told of lease");
}

/// A call was served.
pub fn served(lease: LeaseId, units: u64) {
    count("served");
    tracing::debug!(lease = lease.0, units, "call served");
}

/// Service waits.
pub fn paused(lease: LeaseId, pause: &Pause) {
    count("paused");
    tracing::info!(lease = lease.0, words = pause.words, "service paused");
}

/// The next segment of a lease is signed for at another rate.
pub fn repriced(lease: LeaseId, from: u64, rate: Bps) {
    count("repriced");
    tracing::info!(lease = lease.0, from, bps = rate.0, "paid by quality from here on");
}

/// A provider does not agree to a rate: it will pause.
pub fn not_agreed(lease: LeaseId, rate: Bps) {
    count("not_agreed");
    tracing::warn!(lease = lease.0, bps = rate.0, "the provider does not agree to the rate");
}

/// A local device's gateway does not agree to what a consumer signs for: service pauses, and ends if that lasts.
pub fn rate_disputed(lease: LeaseId, rate: Bps) {
    count("rate_disputed");
    tracing::warn!(lease = lease.0, bps = rate.0, "a consumer's rate is not what was measured");
}

/// A consumer's last report was held against what was measured here.
pub fn reports_compared(lease: LeaseId, differences: &[&str]) {
    if differences.is_empty() {
        count("reports_agree");
        tracing::debug!(lease = lease.0, "the consumer reports what was measured here");
    } else {
        count("reports_differ");
        let what = differences.join(", ");
        tracing::warn!(lease = lease.0, what, "the consumer reports other than was measured here");
    }
}

/// A voucher is on disk.
pub fn vouched(lease: LeaseId, worth: u128, differs: bool) {
    count("vouched");
    if differs {
        count("count_mismatch");
    }
    tracing::debug!(lease = lease.0, worth, differs, "voucher kept");
}

/// A device asked to close a lease.
pub fn closing_asked(lease: LeaseId, reason: CloseReason) {
    count("closing_asked");
    tracing::info!(lease = lease.0, ?reason, "closing asked for");
}

/// A capability of a local device is served over links.
pub fn offered(device: DeviceId, service: &str) {
    count("offered");
    tracing::info!(device = device.0, service, "served over links");
}

/// What runs leased containers; `None` before the first lease of containers is looked at.
static RUNTIME: Mutex<Option<String>> = Mutex::new(None);

/// A runtime of containers was chosen; said once, until it is another.
pub fn containers_by(runtime: &Runtime, passed_over: &[Unfit]) {
    let named = runtime.to_string();
    let before = RUNTIME.lock().unwrap_or_else(PoisonError::into_inner).replace(named.clone());
    if before.as_ref() == Some(&named) {
        return;
    }
    count("containers_by");
    for unfit in passed_over {
        // not to have one is usual, to have one that is no good is not
        match &unfit.lack {
            Lack::Runs(why) if why.kind() == std::io::ErrorKind::NotFound => {
                tracing::info!(%unfit, "a runtime of containers is not there");
            }
            _ => tracing::warn!(%unfit, "a runtime of containers is passed over"),
        }
    }
    tracing::info!(runtime = named, "leased containers are run by it");
}

/// What [`containers_by`] said last.
#[must_use]
pub fn container_runtime() -> Option<String> {
    RUNTIME.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// A lease is local.
pub fn attached(lease: LeaseId, service: &str, address: &str) {
    count("attached");
    tracing::info!(lease = lease.0, service, address, "a lease is local");
}

/// A store over several leases is local.
pub fn spread_attached(name: &str, address: &str) {
    count("spread_attached");
    tracing::info!(name, address, "a store over several leases is local");
}

/// A lease is local no more.
pub fn detached(lease: LeaseId, why: &str) {
    count("detached");
    tracing::info!(lease = lease.0, why, "a lease is local no more");
}
