//! Store and chain compared to the last unit.

use super::lives::Deal;
use super::stage::until;
use caplet::audit::{Gap, Report, Side, Why, audit};
use caplet_api::escrow::CloseReason;
use caplet_metering::sqlite::{Durable, Options, Store};
use caplet_metering::{Journal as _, PayeeState, PayerState, Proof, Rates};
use caplet_protocol::{Lane, LeaseId};
use std::path::Path;
use std::time::Duration;

async fn compare(deal: &Deal) -> Report {
    compare_with(deal, None).await
}

async fn compare_with(deal: &Deal, lanes: Option<&Path>) -> Report {
    let store = &deal.serving.context().store;
    let report = audit(&*deal.stage.chain, &deal.stage.deployment, store, lanes).await.unwrap();
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

    // the payee gives up what it has not redeemed, behind its keeper's back: one that runs would rate the lease, and
    // forget what is left of it, while this looks
    deal.serving.context().tasks.drain(Duration::ZERO).await;
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

/// What a side's session would have written.
fn keep<S: Durable>(lanes: &Store, lease: LeaseId, state: &S) {
    let mut journal = lanes.journal::<S>(lease, Lane(0));
    journal.write(state).unwrap();
    journal.sync().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_both_sides_counted_signed_and_accepted_is_held_against_voucher_and_chain() {
    let deal = Deal::new().await;
    let leases = deal.leases(3).await;
    let [even, ahead, behind] = [0, 1, 2].map(|at| leases[at].id);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lanes.db");
    // the sessions' store stays open meanwhile, as a running keeper's does
    let lanes = Store::open(&file, Options::default()).unwrap();
    let best = |lease, amount| {
        let item = deal.voucher(lease, amount, [0; 32], false);
        Some(Proof::new(item.voucher, item.signature))
    };
    let counted = 6;
    let owed = |at: usize| leases[at].owed(&Rates::default(), counted);

    let paid = owed(0);
    keep(&lanes, even, &PayerState { counted, best: best(even, paid), ..PayerState::default() });
    let served = PayeeState { served: counted, reserved: counted, ..PayeeState::default() };
    keep(&lanes, even, &PayeeState { best: best(even, paid), ..served });
    deal.accept(&deal.voucher(even, paid, [0; 32], false), None);
    // one that pays 7 ahead, of which the payee has 4 and the settler nothing
    let early = owed(1);
    let state = PayerState { counted, best: best(ahead, early + 7), ..PayerState::default() };
    keep(&lanes, ahead, &state);
    keep(&lanes, ahead, &PayeeState { best: best(ahead, early + 4), ..served });
    // and one whose payer's state is of before its voucher
    let late = owed(2);
    keep(&lanes, behind, &PayerState { counted, ..PayerState::default() });
    deal.accept(&deal.voucher(behind, late, [0; 32], false), None);
    let table = deal.serving.leases().clone();
    until("both to be redeemed", async || {
        let is_paid = |lease, amount| Some(u128::from(table.get(lease)?.redeemed()) == amount);
        (is_paid(even, paid)? && is_paid(behind, late)?).then_some(())
    })
    .await;
    keep(&lanes, LeaseId(9_999), &PayerState { counted: 1, ..PayerState::default() });

    let report = compare_with(&deal, Some(&file)).await;
    let of = |lease, side| {
        let mut lines = report.metered.iter();
        let line = lines.find(|line| (line.lease, line.side) == (lease, side)).unwrap();
        let step = |gap: &Gap| (gap.why, gap.difference);
        (line.count.as_ref().map(step), step(&line.voucher))
    };
    let is_even = (Why::Even, 0);
    assert_eq!(of(even, Side::Payer), (Some(is_even), is_even));
    assert_eq!(of(even, Side::Payee), (Some(is_even), is_even));
    assert_eq!(of(ahead, Side::Payer), (Some((Why::PaidAhead, -7)), (Why::UnderWay, 3)));
    let accepted = (Why::NotGiven, i128::try_from(early + 4).unwrap());
    assert_eq!(of(ahead, Side::Payee), (Some((Why::PaidAhead, -4)), accepted));
    let redeemed = i128::try_from(late).unwrap();
    let on_credit = Some((Why::OnCredit, redeemed));
    assert_eq!(of(behind, Side::Payer), (on_credit, (Why::StoreBehind, -redeemed)));
    assert_eq!(of(LeaseId(9_999), Side::Payer), (None, (Why::UnknownLease, 0)));
    assert_eq!((report.metered.len(), report.metered_differences()), (6, 4));
}
