//! How much memory a keeper takes: `caplet run` on the embedded chain, its devices in this process.

mod process;

use super::devices::{letting, plan};
use super::latency::provision;
use anyhow::Context as _;
use caplet::context::Domains;
use caplet::tasks::Group;
use caplet_api::auction::{MarketResponse, QueryMsg as AskAuction};
use caplet_chain::ChainExt as _;
use caplet_protocol::MarketId;
use caplet_simulator::{Device, Saying, Told};
use process::KeeperProcess;
use serde_json::json;
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::timeout;

/// Connected devices at which memory is read.
const STEPS: [usize; 2] = [100, 1_000];
/// Between two devices that connect.
const APART: Duration = Duration::from_millis(5);
/// Time for enrolment and first offers before memory is read.
const REST: Duration = Duration::from_secs(30);
const PATIENCE: Duration = Duration::from_secs(300);

/// Measures and prints.
///
/// # Errors
/// If the keeper does not start, or devices do not get through to it.
pub async fn memory() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let keeper = KeeperProcess::start(folder.path()).await?;
    tokio::time::sleep(REST).await;
    let idle = keeper.resident()?;
    print(0, &keeper, idle)?;
    let tasks = Group::new("bench");
    let read = connect(&tasks, &keeper, idle).await;
    tasks.drain(Duration::from_secs(5)).await;
    keeper.stop().await?;
    read
}

/// Connects devices step by step and reads the keeper's memory after each.
async fn connect(tasks: &Group, keeper: &KeeperProcess, idle: u64) -> anyhow::Result<()> {
    let (chain, deployment) = keeper.chain().await?;
    let domains = Domains::load(&chain, &deployment).await?;
    let ask = AskAuction::Market { market: MarketId(1) };
    let market: MarketResponse = chain.query(&deployment.contracts.auction, &ask).await?;
    let (told, mut hears) = mpsc::unbounded_channel();
    let (mut count, mut online) = (0usize, BTreeSet::new());
    for step in STEPS {
        while count < step {
            let provision = provision(keeper.broker, &keeper.key, &domains, &keeper.account)?;
            let lets = vec![letting(&market, 1)];
            let plan = plan(format!("sensor {count}"), provision, lets, Vec::new());
            let (_, life) = Device::new(plan, told.clone());
            tasks.spawn("device", life.run(tasks.stop_token()));
            count = count.saturating_add(1);
            tokio::time::sleep(APART).await;
        }
        while online.len() < step {
            let told = timeout(PATIENCE, hears.recv()).await.ok().flatten();
            let told: Told =
                told.with_context(|| format!("{} of {step} devices came through", online.len()))?;
            if matches!(told.saying, Saying::Online) {
                online.insert(told.name);
            }
        }
        tokio::time::sleep(REST).await;
        print(step, keeper, idle)?;
    }
    Ok(())
}

fn print(devices: usize, keeper: &KeeperProcess, idle: u64) -> anyhow::Result<()> {
    let resident = keeper.resident()?;
    let each = resident.saturating_sub(idle).checked_div(u64::try_from(devices)?);
    println!(
        "{}",
        json!({
            "bench": "memory", "devices": devices, "rss_kib": resident, "peak_kib": keeper.peak()?,
            "each_kib": each,
        })
    );
    Ok(())
}
