//! What the attester says.

use super::count;
use caplet_attest::AttestError;
use caplet_protocol::DeviceId;

/// This keeper's word of an enclave is on chain; `until` is Unix seconds.
pub fn enclave_attested(device: DeviceId, until: u64) {
    count("enclave_attested");
    tracing::info!(%device, until, "enclave attested");
}

/// A quote was brought to the attest contract.
pub fn quote_brought(device: DeviceId) {
    count("quote_brought");
    tracing::info!(%device, "quote brought to the attest contract");
}

/// An enclave's evidence does not hold.
pub fn enclave_refused(device: DeviceId, why: &AttestError) {
    count("enclave_refused");
    tracing::warn!(%device, %why, "enclave refused");
}

/// An enclave could not be judged: it is tried again later.
pub fn enclave_not_judged(device: DeviceId, error: &anyhow::Error) {
    count("enclave_not_judged");
    tracing::info!(%device, error = format!("{error:#}"), "enclave not judged yet");
}

/// What this keeper said of an enclave holds no more, and was taken back.
pub fn attestation_taken_back(device: DeviceId) {
    count("attestation_taken_back");
    tracing::error!(%device, "attestation taken back");
}
