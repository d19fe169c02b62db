//! The gateway's own envelopes.

use crate::broker::Will;
use crate::context::{Context, domain_of};
use caplet_protocol::wire::{self, Body, Envelope, Head};
use caplet_protocol::{DeviceId, Domain, topics};
use ed25519_dalek::SigningKey;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Signs as the gateway, under a boot number of its own.
pub(crate) struct Seal {
    key: Arc<SigningKey>,
    domain: Domain,
    boot: u64,
    sequence: AtomicU64,
    /// Name of the gateway in topics: its account number.
    pub(crate) gateway: String,
}

impl Seal {
    /// # Errors
    /// If the system gives no random bytes or the registry's domain is none.
    pub(crate) fn new(context: &Context) -> anyhow::Result<Self> {
        Ok(Self {
            key: Arc::clone(&context.key),
            domain: domain_of(&context.domains.registry)?,
            boot: u64::from_be_bytes(super::random()?),
            sequence: AtomicU64::new(0),
            gateway: context.account.to_string(),
        })
    }

    /// An envelope of this gateway.
    ///
    /// # Errors
    /// If no reader would take the body.
    pub(crate) fn envelope<B: Body>(&self, body: &B) -> anyhow::Result<Vec<u8>> {
        let head = Head {
            device: DeviceId(0),
            boot: self.boot,
            sequence: self.sequence.fetch_add(1, Ordering::Relaxed).saturating_add(1),
            time_ms: super::host::now_ms(),
        };
        Ok(Envelope::seal(&self.key, &self.domain, head, body)?)
    }

    /// What the broker says when this keeper is gone without a word.
    ///
    /// # Errors
    /// As [`Seal::envelope`].
    pub(crate) fn last_will(&self) -> anyhow::Result<Will> {
        Ok(Will { topic: topics::health(&self.gateway), payload: self.envelope(&health(false))? })
    }
}

/// The gateway's health as devices are told.
pub(crate) fn health(up: bool) -> wire::State {
    let software = format!("caplet {}", env!("CARGO_PKG_VERSION"));
    wire::State { up, software, ..wire::State::default() }
}
