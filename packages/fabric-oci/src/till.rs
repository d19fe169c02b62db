//! What a run costs, whoever finds out.

use async_trait::async_trait;
use caplet_fabric::Stop;
use caplet_fabric::host::Charger;
use caplet_fabric_net::Toll;
use std::sync::Arc;
use tokio::sync::Mutex;

/// Bytes of a unit.
const MIB: usize = 1 << 20;

/// Charges for one run, one after another: processor time and connections are counted beside each other, and together
/// must not come to more than was allowed.
pub(crate) struct Till {
    charger: Arc<Charger>,
    /// Bytes that are paid for and not yet passed on.
    ahead: Mutex<usize>,
}

impl Till {
    pub(crate) fn new(charger: Arc<Charger>) -> Self {
        Self { charger, ahead: Mutex::default() }
    }

    /// Waits while the run may not be served.
    pub(crate) async fn charge(&self, units: u64) -> Result<(), Stop> {
        let _turn = self.ahead.lock().await;
        self.charger.charge(units).await
    }

    pub(crate) fn used(&self) -> u64 {
        self.charger.used()
    }
}

#[async_trait]
impl Toll for Till {
    async fn pay(&self, bytes: usize) -> Result<(), Stop> {
        let mut ahead = self.ahead.lock().await;
        while *ahead < bytes {
            self.charger.charge(1).await?;
            *ahead = ahead.saturating_add(MIB);
        }
        *ahead = ahead.saturating_sub(bytes);
        Ok(())
    }
}
