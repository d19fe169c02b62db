//! Counterparties that can trade no more.

use super::lives::Deal;
use super::stage::{PAYER, Stage, lasting, until};
use caplet::observe;
use caplet_api::escrow::{CloseReason, LeaseState};
use caplet_api::registry::{DeviceStatus, ExecuteMsg as Registry};
use caplet_protocol::layout::QosReport;

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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leases_that_run_when_their_provider_is_suspended_end_by_rule() {
    // one lease rated badly is evidence enough, and none ends by itself meanwhile
    let stage = Stage::running_with(|spec| {
        spec.rules.suspend_evidence = 1u64.into();
        lasting(spec);
    })
    .await;
    let deal = Deal::on(stage, |_| ()).await;
    let [bad, running] = deal.leases(2).await.try_into().unwrap();
    deal.accept(&deal.voucher(running.id, 100, [0; 32], false), None);
    // paid in full, and nothing of it was any good
    let report = QosReport { lease: bad.id, ..QosReport::default() };
    let last = deal.voucher(bad.id, bad.cap().into(), report.evidence(), false);
    deal.accept(&last, Some(report.encode().into()));
    for keeper in [&deal.serving, &deal.buying] {
        let ended = until("the other lease to end", async || {
            keeper.leases().get(running.id).filter(|lease| lease.state == LeaseState::Closed)
        })
        .await;
        assert_eq!(ended.reason, Some(CloseReason::Suspended));
        assert_eq!(ended.redeemed(), 100, "what was signed for is paid");
    }
    let (rated, rating) = deal.over(bad.id).await;
    assert_eq!(rated.reason, Some(CloseReason::Exhausted));
    assert!(rating.rated);
    deal.stage.check_money().await;
}
