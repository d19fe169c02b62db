//! Migration keeps series, positions and what is owed.

use crate::suite::{ALICE, Suite};
use caplet_api::common::MigrateMsg;
use caplet_futures::contract::{execute, instantiate, migrate, query, reply};
use cw_multi_test::{ContractWrapper, Executor, IntoAddr};

#[test]
fn a_migrated_contract_keeps_its_series_and_positions() {
    let mut suite = Suite::new();
    let series = suite.issue(suite.input());
    suite.buy(series, ALICE, 0, 4, 10).unwrap();
    let before = suite.series(series);
    let wrapper =
        ContractWrapper::new(execute, instantiate, query).with_reply(reply).with_migrate(migrate);
    let code = suite.app.store_code(Box::new(wrapper));
    let (governance, futures) = ("governance".into_addr(), suite.futures.clone());
    suite.app.migrate_contract(governance, futures, &MigrateMsg {}, code).unwrap();
    suite.hold();
    assert_eq!(suite.series(series), before);
    suite.until_slot(series, 0);
    suite.exercise(series, ALICE, 0, 10).unwrap();
}
