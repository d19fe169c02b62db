//! The pool's gateways stop, and its members leave with their stakes and what they earned.

use super::scene::Scene;
use caplet_api::auction;
use caplet_api::pool::{ConfigResponse, ExecuteMsg, MoneyResponse, QueryMsg};
use caplet_protocol::LeaseId;

/// Everybody goes; base units that the pool has paid.
///
/// # Errors
/// If the chain refuses anything: a stake is withheld, a promise stands.
pub(super) async fn tell(scene: Scene<'_>, lease: LeaseId) -> anyhow::Result<u128> {
    let (story, pool, owners) = (scene.story, scene.pool, scene.owners());
    // from here on the accounts are the story's own
    scene.stop().await;
    let (stage, over) = (story.set.stage, story.lease(lease).await?);
    // it ended before its slot: nothing is promised any more, so everybody may leave
    if story.now().await? < over.terms.end.u64() {
        let (market, leases) = (over.terms.market, vec![over.lease]);
        let back = auction::ExecuteMsg::Return { market, leases };
        story.tell(&stage.admin, &stage.deployment.contracts.auction, &back).await?;
    }
    for (device, owner) in &owners {
        story.tell(owner, pool, &ExecuteMsg::Leave { device: *device }).await?;
    }
    let config: ConfigResponse = story.ask(pool, &QueryMsg::Config {}).await?;
    story.pass(config.rules.epoch_secs).await?;
    for (device, owner) in &owners {
        story.tell(owner, pool, &ExecuteMsg::Depart { device: *device }).await?;
    }
    let money: MoneyResponse = story.ask(pool, &QueryMsg::Money {}).await?;
    Ok(money.paid.u64().into())
}
