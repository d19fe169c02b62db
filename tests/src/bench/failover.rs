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
    let (mut seen, mut ended) = (Kills::default(), Ok(()));
    while seen.count() < kills && ended.is_ok() {
        ended = rig.kill(&mut seen).await;
    }
    // whatever went wrong, what was measured until then is said
    let leases = rig.leases().await;
    rig.stop().await;
    let (over, open) = leases?;
    seen.print(&over, open.len());
    open.iter().for_each(|words| eprintln!("{words}"));
    ended?;
    anyhow::ensure!(
        open.is_empty(),
        "{} leases did not close: they are not in the line",
        open.len()
    );
    Ok(())
}
