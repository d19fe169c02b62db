//! A program beside the consuming device that knows nothing of pools: it has made one request for a stream of
//! readings, and reads what comes on it.

use crate::tasks::Group;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// How each reading of a stream begins; what is said of the sensor's health has no number.
const EVENT: &str = "id:";

/// The program.
pub(super) struct Application(Arc<AtomicU64>);

impl Application {
    /// Makes its request to the gateway's `desk`, and reads in a task until the stream ends.
    ///
    /// # Errors
    /// If the request is refused.
    pub(super) async fn start(
        desk: SocketAddr,
        alias: &str,
        tasks: &Group,
    ) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder().no_proxy().build()?;
        let url = format!("http://{desk}/v1/caps/{alias}/events");
        let mut events = http.get(url).send().await?.error_for_status()?;
        let heard = Arc::<AtomicU64>::default();
        let (hears, stop) = (Arc::clone(&heard), tasks.stop_token());
        tasks.spawn("application", async move {
            loop {
                let chunk = tokio::select! {
                    () = stop.cancelled() => return Ok(()),
                    chunk = events.chunk() => chunk,
                };
                // it ends with the lease, one way or the other
                let Ok(Some(bytes)) = chunk else { return Ok(()) };
                let came = String::from_utf8_lossy(&bytes).matches(EVENT).count();
                hears.fetch_add(u64::try_from(came)?, Ordering::Relaxed);
            }
        });
        Ok(Self(heard))
    }

    /// Readings that came on its request.
    pub(super) fn heard(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
