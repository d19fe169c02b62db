//! Migration keeps members, leases and what is owed.

use crate::suite::{BOB, DAVE, Suite};
use caplet_api::common::MigrateMsg;
use caplet_pool::contract::{execute, instantiate, migrate, query};
use cw_multi_test::{ContractWrapper, Executor, IntoAddr};

#[test]
fn a_migrated_pool_keeps_its_members_and_leases() {
    let mut suite = Suite::with(&[(BOB, 5), (DAVE, 5)]);
    let lease = suite.sell(4);
    suite.assign(lease).unwrap();
    suite.pay(lease, 200);
    suite.count(lease).unwrap();
    let before = (suite.member(BOB), suite.money());
    let wrapper = ContractWrapper::new(execute, instantiate, query).with_migrate(migrate);
    let code = suite.app.store_code(Box::new(wrapper));
    let (governance, pool) = ("governance".into_addr(), suite.pool.clone());
    suite.app.migrate_contract(governance, pool, &MigrateMsg {}, code).unwrap();
    suite.hold();
    assert_eq!((suite.member(BOB), suite.money()), before);
    suite.pay(lease, 400);
    suite.count(lease).unwrap();
}
