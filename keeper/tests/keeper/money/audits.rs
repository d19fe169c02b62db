//! Store and chain compared to the last unit.

use super::lives::Deal;
use super::stage::until;
use caplet::audit::{Report, Why, audit};
use caplet_api::escrow::CloseReason;
use caplet_protocol::LeaseId;

async fn compare(deal: &Deal) -> Report {
    let store = &deal.serving.context().store;
    let report = audit(&*deal.stage.chain, &deal.stage.deployment, store).await.unwrap();
    assert!(report.is_sound(), "{:?}", report.ledgers);
    for line in &report.lanes {
        let payable = line.vouched.unwrap_or(0).min(line.cap.into());
        let sum = i128::from(line.redeemed) + line.difference;
        assert!(line.why == Why::UnknownLease || sum == payable as i128, "{line:?}");
    }
    for total in &report.totals {
        assert_eq!(total.payees + total.keepers + total.protocol, total.redeemed);
    }
    report
}

fn why(report: &Report, lease: LeaseId) -> (Why, i128) {
    let line = report.lanes.iter().find(|line| line.lease == lease).unwrap();
    (line.why, line.difference)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_difference_between_store_and_chain_is_explained_to_the_last_unit() {
    let deal = Deal::new().await;
    let leases = deal.leases(4).await;
    let [even, forged, given_up, silent] = [0, 1, 2, 3].map(|at| leases[at].id);
    deal.accept(&deal.voucher(even, 300, [0; 32], false), None);
    deal.accept(&deal.voucher(forged, 200, [0; 32], true), None);
    let table = deal.serving.leases().clone();
    until("the good one to be redeemed", async || {
        (table.get(even)?.redeemed() == 300).then_some(())
    })
    .await;
    // the settler notes what its transaction said a moment after the chain has it
    until("the forged one to be refused", async || {
        (why(&compare(&deal).await, forged).0 == Why::Refused).then_some(())
    })
    .await;
    let report = compare(&deal).await;
    assert_eq!(why(&report, even), (Why::Even, 0));
    assert_eq!(why(&report, forged), (Why::Refused, 200));
    assert_eq!(why(&report, silent), (Why::Even, 0));
    assert_eq!(report.differences(), 1);

    // the payee gives up what it has not redeemed, behind its keeper's back
    deal.finish(given_up, CloseReason::ProviderFinished).await;
    deal.accept(&deal.voucher(given_up, 70, [0; 32], false), None);
    // and a voucher of a chain that is no more
    deal.accept(&deal.voucher(LeaseId(9_999), 5, [0; 32], false), None);
    let report = compare(&deal).await;
    assert_eq!(why(&report, given_up), (Why::GivenUp, 70));
    assert_eq!(why(&report, LeaseId(9_999)), (Why::UnknownLease, 5));
    let total = report.totals[0];
    assert_eq!((total.redeemed, total.given_up), (300, 270));
    let json = serde_json::to_value(&report).unwrap();
    let line = &json["lanes"][0];
    assert_eq!((&line["why"], &line["redeemed"]), (&"even".into(), &"300".into()));
}
