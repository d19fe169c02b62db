//! The local broker, as surfaces publish on it.

use crate::bridge::Post;
use async_trait::async_trait;
use caplet_fabric::surface::Topics;

/// Publishes as the gateway.
pub(super) struct Local(pub(super) Post);

#[async_trait]
impl Topics for Local {
    async fn publish(&self, topic: &str, payload: &[u8], retain: bool) -> Result<(), String> {
        let sent = self.0.local(topic, payload.to_vec(), retain).await;
        sent.map_err(|error| format!("{error:#}"))
    }
}
