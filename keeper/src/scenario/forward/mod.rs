//! What is sold ahead and what is sold together, told beside the trade: one future is bought and exercised, and the
//! gateway of a member of a pool is killed in the middle of a lease.
//!
//! Both are told with gateways of their own (`scene`): two whose devices are members of the pool, and the consumer's.
//! Both leases are counted to their last unit, so nothing stays open; what was put up for them is withdrawn again
//! (`moved`).

mod application;
mod failover;
mod future;
mod moved;
mod part;
mod people;
mod pool;
mod scene;
mod story;

pub use failover::Failover;
pub use future::Exercised;
pub(super) use story::Setting;

use super::ledger::Names;
use moved::Moved;
use scene::Scene;
use serde::Serialize;
use story::Story;

/// What was seen of futures and pools.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Ahead {
    /// Leases that prepaid lots opened at their strike.
    pub futures_exercised: u32,
    /// How often a lease of a pool went on at another member.
    pub pool_failovers: u32,
    /// The lease of a prepaid lot; `None` as below.
    pub exercised: Option<Exercised>,
    /// The pool's lease; `None` where the deployment has no futures or no pool.
    pub failover: Option<Failover>,
    /// Names of the story's devices.
    #[serde(skip)]
    pub(super) names: Names,
    /// Those of them that are simulated.
    #[serde(skip)]
    pub(super) devices: usize,
    /// Gateways that were started for it.
    #[serde(skip)]
    pub(super) gateways: usize,
    /// Money that is no payer's.
    #[serde(skip)]
    pub(super) moved: Moved,
}

/// Tells it; nothing where the deployment has no futures or no pool.
///
/// # Errors
/// If the chain refuses anything, or something that must happen does not in time.
pub(super) async fn tell(set: Setting<'_>) -> anyhow::Result<Ahead> {
    let contracts = &set.stage.deployment.contracts;
    let (Some(futures), Some(pool)) = (&contracts.futures, contracts.pools.first()) else {
        return Ok(Ahead::default());
    };
    let story = Story { set };
    let mut moved = Moved::put_up(&story).await?;
    let mut ahead = Ahead::default();
    story.step("two devices at gateways of their own stand behind one pool, a third one reads");
    let mut scene = Scene::set(&story, pool).await?;
    let bought = future::buy(&mut scene, futures).await?;
    let lease = pool::tell(&mut scene, &mut ahead).await?;
    future::delivered(&mut scene, futures, &bought, &mut ahead).await?;
    ahead.names = scene.names();
    (ahead.devices, ahead.gateways) = (scene.people.devices, scene.gateways());
    moved.paid_out = part::tell(scene, lease).await?;
    moved.take_back(&story).await?;
    Ok(Ahead { moved, ..ahead })
}
