//! A broker that remembers what was published.

use async_trait::async_trait;
use caplet_fabric::surface::Topics;
use std::sync::{Mutex, PoisonError};

/// Everything published, in order.
#[derive(Default)]
pub struct Heard {
    all: Mutex<Vec<(String, Vec<u8>, bool)>>,
}

impl Heard {
    /// Payloads of a topic, in order.
    #[must_use]
    pub fn of(&self, topic: &str) -> Vec<Vec<u8>> {
        let all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().filter(|(t, _, _)| t == topic).map(|(_, payload, _)| payload.clone()).collect()
    }
}

#[async_trait]
impl Topics for Heard {
    async fn publish(&self, topic: &str, payload: &[u8], retain: bool) -> Result<(), String> {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.push((topic.to_owned(), payload.to_vec(), retain));
        Ok(())
    }
}
