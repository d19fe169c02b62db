//! What a consumer knows of a provider's enclave, and what it accepts.

use async_trait::async_trait;
use caplet_attest::Measurement;
use caplet_attest::session::EnclavePublic;
use caplet_protocol::DeviceId;

/// An enclave that is attested now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attested {
    /// Its keys.
    pub keys: EnclavePublic,
    /// What it runs.
    pub measurement: Measurement,
}

/// Where attestations are read: the registry, as the consumer's own gateway sees it.
#[async_trait]
pub trait Attestations: Send + Sync + 'static {
    /// The enclave of a device, if it is attested now. Asked before every operation: who must ask a chain
    /// far away keeps answers for a while.
    ///
    /// # Errors
    /// Why it is not, in words.
    async fn attested(&self, device: DeviceId) -> Result<Attested, String>;
}

/// Code that a consumer gives its secrets to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// Whatever is attested.
    Any,
    /// These measurements, as the demand named them.
    These(Vec<Measurement>),
}

impl Accepted {
    /// Whether it is among them.
    #[must_use]
    pub fn has(&self, measurement: &Measurement) -> bool {
        match self {
            Self::Any => true,
            Self::These(these) => these.contains(measurement),
        }
    }
}
