//! A lease from deposit to withdrawal.

use crate::suite::*;
use caplet_api::escrow::{CloseReason, ExecuteMsg, ItemResult, LeaseState};

#[test]
fn a_lease_lives_from_deposit_to_withdrawal() {
    let mut suite = Suite::funded();
    let lease = suite.lease_between(ALICE, CAROL, 10_000);
    assert_eq!(lease, 64, "page 0 is never given");
    assert_eq!((suite.free("alice"), suite.ordered("alice")), (1_000_000 - 10_007, 0));
    assert_eq!(suite.ledger(UCAP).reserved.u128(), 10_000);
    assert_eq!(suite.ledger(UCAP).bonds.u128(), 7);

    let first = suite.voucher(ALICE, lease, 4_000);
    assert_eq!(suite.settle("gw1", &[first]), [(ItemResult::Paid, 4_000)]);
    assert_eq!(suite.free("carol"), 4_000 - 60);
    assert_eq!(suite.free("gw1"), 20);
    assert_eq!(suite.ledger(UCAP).fees.u128(), 40);

    suite.close("alice", lease, CloseReason::ConsumerClosed).unwrap();
    let second = suite.voucher(ALICE, lease, 5_000);
    assert_eq!(suite.settle("gw1", &[second]), [(ItemResult::Paid, 1_000)]);
    suite.wait(u64::from(SETTLE_SECS), u64::from(SETTLE_BLOCKS));
    suite.sweep("sweeper", lease).unwrap();
    let shown = suite.lease(lease);
    assert_eq!(
        (shown.state, shown.reason),
        (LeaseState::Closed, Some(CloseReason::ConsumerClosed))
    );
    assert_eq!(shown.lanes[0].redeemed.u64(), 5_000);
    assert_eq!(suite.free("sweeper"), 7);
    assert_eq!(suite.free("alice"), 1_000_000 - 5_000 - 7);

    for name in ["alice", "bob", "carol", "gw1", "sweeper"] {
        suite.withdraw(name, UCAP, None).unwrap();
    }
    suite.send("stranger", &ExecuteMsg::SweepFees { asset: UCAP }).unwrap();
    assert_eq!(suite.held(UCAP), 0);
}
