//! Reports: which ones speak, and that nobody silences one by being first.

use crate::peers::Lease;
use crate::suite::{DAY, Suite, refused};
use caplet_api::escrow::CloseReason;
use caplet_api::event::LeaseRated;
use caplet_api::reputation::{ExecuteMsg, RateInput};
use caplet_protocol::{Bps, LeaseId, content, layout::QosReport};

/// A poor report: 40 % served, the consumer thinks nothing of it.
fn poor(lease: u64) -> QosReport {
    QosReport {
        lease: LeaseId(lease),
        units: 400,
        failed: 600,
        availability: Bps(10_000),
        ..QosReport::default()
    }
}

fn reported(suite: &mut Suite) -> (Lease, QosReport) {
    let end = suite.now();
    let lease = Lease { end, ..suite.lease(1, 1) };
    let report = poor(lease.id);
    let lease = lease.reported(&report);
    suite.write(&lease);
    (lease, report)
}

#[test]
fn the_signed_report_speaks_however_the_lease_ended() {
    let mut suite = Suite::new();
    for (provider, reason) in
        [(1, CloseReason::Exhausted), (2, CloseReason::ConsumerClosed), (3, CloseReason::Reclaimed)]
    {
        let lease = suite.lease(provider, 1).ended(reason, 10_000);
        let report = poor(lease.id);
        suite.write(&lease.reported(&report));
        let events = suite.submit(&[(report.lease.0, Some(report))]).unwrap();
        let event = LeaseRated::try_from(&events[0]).unwrap();
        assert_eq!((event.rating, event.weight), (3_000, 1_000), "{reason:?}");
    }
    assert_eq!(suite.standing(3).faults, 1, "a reclaim is a fault even so");
}

#[test]
fn a_provider_does_not_outrun_a_report_that_it_dislikes() {
    let mut suite = Suite::new();
    let (lease, report) = reported(&mut suite);
    refused(suite.submit(&[(lease.id, None)]), "has a report on record: send it too");
    suite.wait(DAY - 1);
    refused(suite.submit(&[(lease.id, None)]), "has a report on record: send it too");
    let events = suite.submit(&[(lease.id, Some(report))]).unwrap();
    assert_eq!(LeaseRated::try_from(&events[0]).unwrap().rating, 3_000);
}

#[test]
fn a_consumer_does_not_block_a_rating_with_a_report_it_keeps_to_itself() {
    let mut suite = Suite::new();
    let (lease, _) = reported(&mut suite);
    suite.wait(DAY);
    let events = suite.submit(&[(lease.id, None)]).unwrap();
    assert_eq!(LeaseRated::try_from(&events[0]).unwrap().rating, 10_000);
}

#[test]
fn a_report_that_was_not_signed_for_this_lease_is_refused() {
    let mut suite = Suite::new();
    let (lease, report) = reported(&mut suite);
    let better = QosReport { failed: 0, ..report };
    refused(suite.submit(&[(lease.id, Some(better))]), "is not the evidence of lease");

    let plain = suite.lease(1, 1);
    suite.write(&plain);
    let own = poor(plain.id);
    refused(
        suite.submit(&[(plain.id, Some(own))]),
        "send that one, or none, since that voucher has none",
    );

    // a consumer that signs the digest of another lease's report
    let stolen = suite.lease(2, 1).reported(&report);
    suite.write(&stolen);
    refused(suite.submit(&[(stolen.id, Some(report))]), "is not the evidence of lease");
}

#[test]
fn bytes_that_are_no_report_are_refused_even_if_they_were_signed() {
    let mut suite = Suite::new();
    let end = suite.now();
    for raw in [b"praise".to_vec(), vec![0xFF; QosReport::LEN], vec![0; QosReport::LEN + 1]] {
        let lease = Lease { evidence: Some(content::digest(&raw)), end, ..suite.lease(1, 1) };
        suite.write(&lease);
        let leases = vec![RateInput { lease: lease.id.into(), report: Some(raw.into()) }];
        refused(suite.send("anyone", &ExecuteMsg::Rate { leases }), "is no QoS report");
    }
}
