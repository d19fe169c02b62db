//! How a call reaches the device that serves it. MQTT is one way; the links of the virtualization layer
//! take its place kind by kind.

use crate::bridge::Refuse;
use async_trait::async_trait;
use caplet_protocol::{DeviceId, wire::ServiceResult};

/// A served call.
#[derive(Clone, Debug, PartialEq)]
pub struct Served {
    /// What the provider says of it.
    pub result: ServiceResult,
    /// The envelope it came in, signed by the provider.
    pub envelope: Vec<u8>,
}

/// A way to providers.
#[async_trait]
pub trait Service: Send + Sync + 'static {
    /// Has `provider` serve the call in `envelope`, which its consumer signed, and waits for the
    /// result.
    ///
    /// # Errors
    /// [`Refuse`] if the provider does not answer in time, or the call is on its way already.
    async fn call(
        &self,
        provider: DeviceId,
        call: (u64, u64),
        envelope: Vec<u8>,
    ) -> Result<Served, Refuse>;
}
