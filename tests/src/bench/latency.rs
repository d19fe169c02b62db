//! How long it takes from a demand to a lease.
//!
//! Two keepers, sensors on one gateway, consumers on the other, half of them in each lane. The clock of
//! a sample starts when a device is told to ask, at most 20 ms before it publishes its demand profile,
//! and stops when the device has read its lease notice.

mod asking;
mod rig;
mod sample;

use crate::stage::localnet_stage;
use caplet::demo;
use caplet::scenario::Stage;
use rig::Rig;
pub(in crate::bench) use rig::provision;

/// Measures and prints, on the embedded chain and on the one at `CAPLET_LOCALNET`.
///
/// # Errors
/// If a chain or a keeper fails, or a demand gets no lease at all.
pub async fn latency() -> anyhow::Result<()> {
    let home = super::localnet()?;
    let folder = tempfile::tempdir()?;
    on("embedded", demo::stage(folder.path().to_owned()).await?).await?;
    let folder = tempfile::tempdir()?;
    on("wasmd", localnet_stage(&home, folder.path()).await?).await
}

async fn on(chain: &'static str, stage: Stage) -> anyhow::Result<()> {
    let mut rig = Rig::set(stage).await?;
    let before = rig.head().await?;
    let samples = asking::rounds(&mut rig).await;
    let after = rig.head().await?;
    rig.stop().await;
    sample::print(chain, &samples?, before, after)
}
