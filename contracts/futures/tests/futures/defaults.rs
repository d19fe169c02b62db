//! Margin calls, grace, top-up, substitution, novation, partial and full default.

use crate::market::Msg as Market;
use crate::suite::{ALICE, BOB, CAROL, CAROL_TOO, DAVE, GRACE_SECS, RICHES, Suite, refused};
use caplet_api::futures::ExecuteMsg;
use caplet_api::registry::DeviceStatus;

/// Alice holds all 40 lots at 100.
fn ready() -> (Suite, u32) {
    let mut suite = Suite::new();
    let series = suite.issue(suite.input());
    suite.buy(series, ALICE, 0, 4, 10).unwrap();
    (suite, series)
}

fn base(suite: &mut Suite, tick: u16) {
    suite.tell_market(&Market::SetBase { tick }).unwrap();
}

#[test]
fn a_margin_is_called_when_the_mark_rises_and_ends_with_a_top_up() {
    let (mut suite, series) = ready();
    let call = ExecuteMsg::Call { series };
    refused(suite.send("stranger", &call), &["covers the 2400"]);
    base(&mut suite, 12);
    suite.send("stranger", &call).unwrap();
    refused(suite.send("stranger", &call), &["the margin was called at"]);
    // 1.5 x 120 - 100 + 10 a lot
    assert_eq!(suite.series(series).required.u128(), 3_600);
    let top_up = |amount: u64| ExecuteMsg::TopUp { series, amount: amount.into() };
    refused(suite.send("dave", &top_up(1_200)), &["neither owns"]);
    suite.send("carol", &top_up(1_199)).unwrap();
    assert!(suite.series(series).called.is_some());
    suite.send("carol", &top_up(1)).unwrap();
    assert!(suite.series(series).called.is_none());
}

#[test]
fn a_default_waits_for_the_grace_and_for_the_collateral_to_be_short() {
    let (mut suite, series) = ready();
    let default = ExecuteMsg::Default { series };
    refused(suite.send("bob", &default), &["its margin is not called"]);
    base(&mut suite, 12);
    suite.send("bob", &ExecuteMsg::Call { series }).unwrap();
    refused(suite.send("bob", &default), &["grace"]);
    suite.wait(GRACE_SECS.into());
    base(&mut suite, 10);
    refused(suite.send("bob", &default), &["covers the margin again"]);
    base(&mut suite, 12);
    suite.send("bob", &default).unwrap();
}

#[test]
fn a_call_that_the_price_met_is_ended_by_whoever_comes_by_and_the_next_has_its_whole_grace() {
    // anybody with another call, a buyer, who exercises
    for way in 0..3 {
        let mut suite = Suite::new();
        let series = suite.issue(suite.input());
        suite.buy(series, ALICE, 0, 4, 9).unwrap();
        let call = ExecuteMsg::Call { series };
        base(&mut suite, 12);
        suite.send("bob", &call).unwrap();
        base(&mut suite, 10);
        assert!(suite.series(series).called.is_some(), "nobody has come by");
        match way {
            0 => drop(suite.send("stranger", &call).unwrap()),
            1 => drop(suite.buy(series, BOB, 0, 4, 1).unwrap()),
            _ => {
                let early = suite.exercise(series, ALICE, 3, 1).unwrap();
                assert_ne!(early.lease, 0);
            }
        }
        assert!(suite.series(series).called.is_none(), "{way}");
        base(&mut suite, 12);
        let default = ExecuteMsg::Default { series };
        suite.wait(GRACE_SECS.into());
        refused(suite.send("bob", &default), &["its margin is not called"]);
        suite.send("bob", &call).unwrap();
        suite.wait(u64::from(GRACE_SECS) - 1);
        refused(suite.send("bob", &default), &["grace"]);
        suite.wait(1);
        suite.send("bob", &default).unwrap();
    }
}

#[test]
fn a_call_that_is_not_met_stays_whoever_comes_by() {
    let mut suite = Suite::new();
    let series = suite.issue(suite.input());
    suite.buy(series, ALICE, 0, 4, 9).unwrap();
    base(&mut suite, 12);
    suite.send("bob", &ExecuteMsg::Call { series }).unwrap();
    let called = suite.series(series).called;
    refused(suite.send("carol", &ExecuteMsg::Call { series }), &["the margin was called at"]);
    refused(suite.buy(series, BOB, 0, 4, 1), &["its margin is called"]);
    suite.exercise(series, ALICE, 3, 1).unwrap();
    assert_eq!((called.is_some(), suite.series(series).called), (true, called));
    suite.wait(GRACE_SECS.into());
    suite.send("bob", &ExecuteMsg::Default { series }).unwrap();
}

#[test]
fn a_call_stands_as_long_as_its_grace_and_as_long_again() {
    let (mut suite, series) = ready();
    let (call, default) = (ExecuteMsg::Call { series }, ExecuteMsg::Default { series });
    base(&mut suite, 12);
    suite.send("bob", &call).unwrap();
    suite.wait(2 * u64::from(GRACE_SECS));
    assert!(suite.series(series).called.is_none());
    refused(suite.send("bob", &default), &["too old to act on", "a new grace"]);
    suite.send("bob", &call).unwrap();
    refused(suite.send("bob", &default), &["the grace of its margin call runs"]);
    suite.wait(2 * u64::from(GRACE_SECS) - 1);
    suite.send("bob", &default).unwrap();
}

#[test]
fn a_partial_default_keeps_the_earliest_slots_and_pays_the_others_in_full() {
    let (mut suite, series) = ready();
    suite.send("carol", &ExecuteMsg::TopUp { series, amount: 600u64.into() }).unwrap();
    base(&mut suite, 12);
    suite.send("bob", &ExecuteMsg::Call { series }).unwrap();
    suite.wait(GRACE_SECS.into());
    suite.send("bob", &ExecuteMsg::Default { series }).unwrap();
    let shown = suite.series(series);
    // 3,000 cover 30 lots due at once 30 each, 1,200; the rest keeps (3,000 - 1,200) / 60 = 30 lots: 3 slots
    assert_eq!(
        (shown.defaults.len(), shown.defaults[0].from, shown.defaults[0].paid.u64()),
        (1, 3, 30)
    );
    assert_eq!((shown.collateral.u64(), shown.owed.u64()), (2_700, 300));
    assert!(shown.required.u128() <= 2_700);
    suite.settle(series, &[ALICE]).unwrap();
    assert_eq!(suite.held_lots(series, ALICE), 30);
    assert_eq!(suite.free("alice"), RICHES - 3_000 + 300);
    suite.until_slot(series, 2);
    assert_ne!(suite.exercise(series, ALICE, 2, 10).unwrap().lease, 0);
    refused(suite.exercise(series, ALICE, 3, 1).map(|_| vec![]), &["2 to before 3"]);
}

#[test]
fn a_full_default_shares_the_collateral_and_pays_every_holder_whoever_comes_first() {
    let (mut suite, series) = ready();
    let msg = ExecuteMsg::Transfer {
        series,
        from: ALICE,
        to: BOB,
        first: 0,
        end: 4,
        lots: caplet_protocol::Lots(4),
    };
    suite.send("alice", &msg).unwrap();
    base(&mut suite, 30);
    suite.send("bob", &ExecuteMsg::Call { series }).unwrap();
    suite.wait(GRACE_SECS.into());
    suite.send("bob", &ExecuteMsg::Default { series }).unwrap();
    // 210 are due a lot, 60 are there
    let shown = suite.series(series);
    assert_eq!((shown.defaults[0].from, shown.defaults[0].paid.u64()), (0, 60));
    suite.settle(series, &[BOB]).unwrap();
    suite.settle(series, &[ALICE]).unwrap();
    assert_eq!(suite.free("alice"), RICHES - 1_600 + 24 * 60);
    assert_eq!(suite.free("bob"), RICHES + 1_600 + 16 * 60);
    suite.send("stranger", &ExecuteMsg::Close { series }).unwrap();
    assert_eq!(suite.free("carol"), RICHES - 2_400);
}

#[test]
fn a_retired_or_suspended_seller_defaults_at_once() {
    for retire in [true, false] {
        let (mut suite, series) = ready();
        match retire {
            true => suite.set_status(CAROL, DeviceStatus::Retired),
            false => suite.stand(CAROL, 0, true),
        }
        suite.send("bob", &ExecuteMsg::Default { series }).unwrap();
        suite.settle(series, &[ALICE]).unwrap();
        assert_eq!(suite.free("alice"), RICHES + 40 * 10);
        refused(
            suite.send("bob", &ExecuteMsg::Default { series }),
            &["no lot of it can be delivered"],
        );
        suite.send("stranger", &ExecuteMsg::Close { series }).unwrap();
        assert_eq!(suite.free("carol"), RICHES - 400);
    }
}

#[test]
fn a_lease_that_runs_is_not_part_of_a_default() {
    let (mut suite, series) = ready();
    suite.until_slot(series, 0);
    let lease = suite.exercise(series, ALICE, 0, 10).unwrap().lease;
    suite.stand(CAROL, 0, true);
    suite.send("bob", &ExecuteMsg::Default { series }).unwrap();
    suite.pay(lease, 1_000);
    suite.settle(series, &[ALICE]).unwrap();
    suite.reckon(lease).unwrap();
    assert_eq!(suite.free("alice"), RICHES - 1_000 + 30 * 10);
}

#[test]
fn a_substitute_of_the_same_owner_delivers_if_it_keeps_the_promise() {
    let (mut suite, series) = ready();
    let substitute = |device| ExecuteMsg::Substitute { series, device };
    refused(suite.send("carol", &substitute(DAVE)), &["have different owners"]);
    refused(suite.send("dave", &substitute(CAROL_TOO)), &["neither owns"]);
    refused(suite.send("carol", &substitute(CAROL)), &["it delivers already"]);
    suite.stand(CAROL_TOO, 0, true);
    refused(suite.send("carol", &substitute(CAROL_TOO)), &["not active or is suspended"]);
    suite.stand(CAROL_TOO, 0, false);
    suite.send("carol", &substitute(CAROL_TOO)).unwrap();
    suite.set_status(CAROL, DeviceStatus::Retired);
    suite.until_slot(series, 0);
    let lease = suite.exercise(series, ALICE, 0, 10).unwrap().lease;
    assert_eq!(suite.lease(lease).provider, CAROL_TOO);
}

#[test]
fn a_lesser_substitute_is_refused() {
    let mut suite = Suite::new();
    suite.stand(CAROL, 1, false);
    let series = suite.issue(suite.input());
    let msg = ExecuteMsg::Substitute { series, device: CAROL_TOO };
    refused(suite.send("carol", &msg), &["reliability tier 0", "promises 1"]);
}

#[test]
fn the_sellers_side_moves_only_with_fresh_collateral_to_whom_it_was_offered() {
    let (mut suite, series) = ready();
    let novate = |collateral: u64| ExecuteMsg::Novate {
        series,
        device: DAVE,
        collateral: collateral.into(),
    };
    refused(suite.send("dave", &novate(2_400)), &["is not offered to device 4"]);
    suite.send("carol", &ExecuteMsg::OfferNovation { series, to: Some(DAVE) }).unwrap();
    refused(suite.send("dave", &novate(2_399)), &["2399 is below 2400"]);
    refused(suite.send("bob", &novate(2_400)), &["neither owns"]);
    suite.send("dave", &novate(2_400)).unwrap();
    assert_eq!((suite.free("carol"), suite.free("dave")), (RICHES, RICHES - 2_400));
    suite.until_slot(series, 0);
    let lease = suite.exercise(series, ALICE, 0, 10).unwrap().lease;
    assert_eq!(suite.lease(lease).provider, DAVE);
    suite.send("dave", &ExecuteMsg::OfferNovation { series, to: Some(CAROL) }).unwrap();
    let back = ExecuteMsg::Novate { series, device: CAROL, collateral: 2_400u64.into() };
    refused(suite.send("carol", &back), &["leases to be reckoned"]);
}
