//! Migration keeps series, positions and what is owed.

use crate::market::Msg as Market;
use crate::suite::{ALICE, RICHES, Suite};
use caplet_api::common::MigrateMsg;
use caplet_futures::contract::{execute, instantiate, migrate, query, reply};
use cw_multi_test::{ContractWrapper, Executor, IntoAddr};
use cw_storage_plus::Map;
use serde_json::Value;

fn upgrade(suite: &mut Suite) {
    let wrapper =
        ContractWrapper::new(execute, instantiate, query).with_reply(reply).with_migrate(migrate);
    let code = suite.app.store_code(Box::new(wrapper));
    let (governance, futures) = ("governance".into_addr(), suite.futures.clone());
    suite.app.migrate_contract(governance, futures, &MigrateMsg {}, code).unwrap();
    suite.hold();
}

/// Stores a series and a lease of it as they were before collateral was set aside for leases.
fn as_before(suite: &mut Suite, series: u32, lease: u64) {
    let all: Map<u32, Value> = Map::new("series");
    let leases: Map<u64, Value> = Map::new("deliveries");
    let futures = suite.futures.clone();
    let mut storage = suite.app.contract_storage_mut(&futures);
    let mut old = all.load(&*storage, series).unwrap();
    let pledged = old.as_object_mut().unwrap().remove("pledged").unwrap();
    let collateral = old["collateral"].as_u64().unwrap() + pledged.as_u64().unwrap();
    old["collateral"] = collateral.into();
    all.save(&mut *storage, series, &old).unwrap();
    let mut old = leases.load(&*storage, lease).unwrap();
    old.as_object_mut().unwrap().remove("each").unwrap();
    leases.save(&mut *storage, lease, &old).unwrap();
}

#[test]
fn a_migrated_contract_keeps_its_series_and_positions() {
    let mut suite = Suite::new();
    let series = suite.issue(suite.input());
    suite.buy(series, ALICE, 0, 4, 10).unwrap();
    let before = suite.series(series);
    upgrade(&mut suite);
    assert_eq!(suite.series(series), before);
    suite.until_slot(series, 0);
    suite.exercise(series, ALICE, 0, 10).unwrap();
}

#[test]
fn leases_that_ran_before_get_their_share_at_the_migration_and_once() {
    let mut suite = Suite::new();
    let series = suite.issue(suite.input());
    suite.buy(series, ALICE, 0, 4, 10).unwrap();
    suite.until_slot(series, 0);
    let lease = suite.exercise(series, ALICE, 0, 10).unwrap().lease;
    as_before(&mut suite, series, lease);
    upgrade(&mut suite);
    upgrade(&mut suite);
    assert_eq!(suite.series(series).collateral.u64(), 2_400);
    // 210 are due a lot, and 2,400 stood for 40
    suite.tell_market(&Market::SetBase { tick: 30 }).unwrap();
    suite.finish(lease);
    suite.reckon(lease).unwrap();
    assert_eq!(suite.free("alice"), RICHES - 3_000 + 10 * 60);
}
