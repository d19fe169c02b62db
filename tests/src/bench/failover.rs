//! How long a consumer of a pool goes without units when the serving member's keeper is killed, and what is lost.
//!
//! Two members at keepers of their own, a consumer at a third, the rules of a local network. Time runs from the kill,
//! which lets the keeper say nothing, to the first reading of the other member that the consumer's gateway counts.
//! A unit is lost if it was counted and not paid for, or paid for and not counted, over all leases. Pay does not follow
//! quality here: what kills lower would look like units that nobody paid.

mod kills;
mod rig;

use kills::Kills;
use rig::Rig;

/// Kills.
const KILLS: usize = 100;

/// Measures and prints. `CAPLET_KILLS` makes it fewer.
///
/// # Errors
/// If the chain or a keeper fails, or nobody takes over.
pub async fn failover() -> anyhow::Result<()> {
    let kills = match std::env::var("CAPLET_KILLS") {
        Ok(text) => text.parse()?,
        Err(_) => KILLS,
    };
    let folder = tempfile::tempdir()?;
    let mut rig = Rig::set(folder.path()).await?;
    let mut seen = Kills::default();
    while seen.count() < kills {
        rig.kill(&mut seen).await?;
    }
    let over = rig.leases().await?;
    rig.stop().await;
    seen.print(&over);
    Ok(())
}
