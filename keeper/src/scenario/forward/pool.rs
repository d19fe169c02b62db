//! A device leases of the pool, and the gateway of the member that serves is killed in the middle of the lease.

use super::scene::Scene;
use super::{Ahead, failover};
use caplet_protocol::LeaseId;

/// Tells it; the lease.
///
/// # Errors
/// If a gateway or the chain fails, or what must happen does not in time.
pub(super) async fn tell(scene: &mut Scene<'_>, ahead: &mut Ahead) -> anyhow::Result<LeaseId> {
    let notice = scene.leased().await?;
    let (failover, failovers) = failover::kill(scene, &notice).await?;
    ahead.failover = Some(failover);
    ahead.pool_failovers = failovers;
    let (story, lease) = (scene.story, LeaseId(failover.lease));
    // the gateway that lives sees to that as well
    story
        .until("the pool's members to be credited", async || {
            Ok(scene.serves(lease).await?.is_none().then_some(()))
        })
        .await?;
    Ok(lease)
}
