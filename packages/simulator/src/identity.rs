//! A device's key, its boot and the order of its messages.

use anyhow::Context as _;
use caplet_protocol::seal::Secret;
use caplet_protocol::wire::{Body, Envelope, Head};
use caplet_protocol::{DeviceId, layout::Login, layout::PublicKey};
use ed25519_dalek::{Signer as _, SigningKey};
use sha2::{Digest, Sha256};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::Provision;

/// Seconds a login is good for; brokers take at most 300.
const LOGIN_SECS: u64 = 240;

/// Who a device is.
pub(crate) struct Identity {
    pub(crate) key: SigningKey,
    /// What is sealed to it opens with this.
    pub(crate) sealing: Secret,
    sealing_public: [u8; 32],
    boot: u64,
    sequence: u64,
}

/// Now, by the device's clock.
pub(crate) fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Unix seconds by the device's clock.
pub(crate) fn now_secs() -> u64 {
    now_ms().checked_div(1000).unwrap_or_default()
}

impl Identity {
    /// The identity of `seed`; the boot number is new each time, since a device that restarts must not
    /// reuse sequences.
    pub(crate) fn new(seed: &[u8; 32]) -> Self {
        let key = SigningKey::from_bytes(seed);
        let mut hash = Sha256::new();
        hash.update(seed);
        hash.update(now_ms().to_be_bytes());
        hash.update(std::process::id().to_be_bytes());
        let digest: [u8; 32] = hash.finalize().into();
        let boot = digest.iter().take(8).fold(0u64, |sum, byte| sum << 8 | u64::from(*byte));
        // of the same seed, so that a device that restarts opens what was sealed before
        let sealing_seed: [u8; 32] =
            Sha256::new_with_prefix(b"caplet sealing key").chain_update(seed).finalize().into();
        let (sealing, sealing_public) = Secret::derive(&sealing_seed);
        Self { key, sealing, sealing_public, boot, sequence: 0 }
    }

    pub(crate) fn public(&self) -> [u8; 32] {
        self.key.verifying_key().to_bytes()
    }

    /// The X25519 key that others seal to.
    pub(crate) const fn sealing_public(&self) -> [u8; 32] {
        self.sealing_public
    }

    pub(crate) fn registry_key(&self) -> PublicKey {
        PublicKey::ed25519(self.public())
    }

    /// Seals a body; returns the bytes and the sequence they carry.
    pub(crate) fn seal<B: Body>(
        &mut self,
        provision: &Provision,
        device: DeviceId,
        body: &B,
    ) -> anyhow::Result<(Vec<u8>, u64)> {
        self.sequence =
            self.sequence.checked_add(1).context("sequence is used up: restart the device")?;
        let head = Head { device, boot: self.boot, sequence: self.sequence, time_ms: now_ms() };
        let raw = Envelope::seal(&self.key, &provision.registry, head, body)?;
        Ok((raw, self.sequence))
    }

    /// The sequence of what was sealed last.
    pub(crate) const fn sequence(&self) -> u64 {
        self.sequence
    }

    /// The MQTT password for `client_id`: end and signature (`PROTOCOL.md` 5).
    pub(crate) fn password(&self, provision: &Provision, client_id: &str) -> String {
        let expiry = now_secs().saturating_add(LOGIN_SECS);
        let login = Login::new(provision.gateway, client_id, expiry);
        let signature = self.key.sign(&login.preimage(&provision.registry)).to_bytes();
        format!("{expiry}.{}", hex::encode(signature))
    }
}
