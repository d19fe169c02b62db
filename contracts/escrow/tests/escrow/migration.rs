//! Becoming another version.

use crate::suite::*;
use caplet_api::common::{DomainResponse, MigrateMsg};
use caplet_api::escrow::QueryMsg;
use caplet_escrow::contract;
use caplet_protocol::DeviceId;
use cosmwasm_std::testing::{mock_dependencies, mock_env};
use cw_multi_test::{ContractWrapper, Executor, IntoAddr};

#[test]
fn a_migration_keeps_domain_balances_and_leases() {
    let mut suite = Suite::funded();
    let lease = suite.lease_between(ALICE, CAROL, 10_000);
    let before: DomainResponse = suite.ask(&QueryMsg::Domain {}).unwrap();
    {
        let mut storage = suite.app.contract_storage_mut(&suite.escrow);
        cw2::set_contract_version(&mut *storage, "caplet/escrow", "0.0.1").unwrap();
    }
    let wrapper = ContractWrapper::new(contract::execute, contract::instantiate, contract::query)
        .with_migrate(contract::migrate);
    let code = suite.app.store_code(Box::new(wrapper));
    let (governance, escrow) = ("governance".into_addr(), suite.escrow.clone());
    suite.app.migrate_contract(governance, escrow, &MigrateMsg {}, code).unwrap();
    suite.wait(1_000, 1_000);
    let after: DomainResponse = suite.ask(&QueryMsg::Domain {}).unwrap();
    assert_eq!(after, before);
    assert_eq!(after.domain.as_slice(), suite.domain.0);
    assert_eq!(suite.free("alice"), 1_000_000 - 10_007);
    let voucher = suite.voucher(ALICE, lease, 5_000);
    assert_eq!(suite.settle("gw1", &[voucher])[0].1, 5_000);
    assert_eq!(suite.lease(lease).consumer, DeviceId(ALICE));
}

#[test]
fn only_an_older_escrow_becomes_this_one() {
    for (name, version) in [("caplet/auction", "0.0.1"), ("caplet/escrow", "9.0.0")] {
        let mut deps = mock_dependencies();
        cw2::set_contract_version(&mut deps.storage, name, version).unwrap();
        let refused = contract::migrate(deps.as_mut(), mock_env(), MigrateMsg {}).unwrap_err();
        assert!(refused.to_string().contains("migrate an older caplet/escrow only"), "{refused}");
    }
}
