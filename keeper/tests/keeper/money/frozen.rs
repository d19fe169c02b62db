//! Counterparties that can trade no more.

use super::lives::Deal;
use super::stage::{PAYER, until};
use caplet::observe;
use caplet_api::escrow::{CloseReason, LeaseState};
use caplet_api::registry::{DeviceStatus, ExecuteMsg as Registry};

fn alarms() -> u64 {
    observe::counts().get("counterparty_frozen").copied().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_counterparty_raises_an_alarm_and_a_retired_one_ends_its_leases() {
    let deal = Deal::new().await;
    let [lease] = deal.leases(1).await.try_into().unwrap();
    let registry = &deal.stage.deployment.contracts.registry;
    let before = alarms();
    let set = |status| Registry::SetStatus { device: deal.buyer.id, status };
    deal.stage.execute(PAYER, registry, &set(DeviceStatus::Frozen)).await;
    until("the alarm", async || (alarms() > before).then_some(())).await;
    assert!(deal.serving.leases().get(lease.id).unwrap().is_live(), "an alarm ends nothing");
    deal.stage.execute(PAYER, registry, &set(DeviceStatus::Retired)).await;
    let table = deal.serving.leases().clone();
    let closed = until("the lease to close", async || {
        table.get(lease.id).filter(|lease| lease.state != LeaseState::Open)
    })
    .await;
    assert_eq!(closed.reason, Some(CloseReason::DeviceRetired));
}
