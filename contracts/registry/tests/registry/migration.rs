//! Upgrades keep everything.

use crate::suite::Suite;
use caplet_api::common::MigrateMsg;
use caplet_api::registry::QueryMsg;
use caplet_protocol::DeviceId;
use caplet_registry::contract;
use cw_multi_test::{ContractWrapper, Executor};

fn migrate(suite: &mut Suite) -> Result<(), String> {
    let wrapper = ContractWrapper::new(contract::execute, contract::instantiate, contract::query)
        .with_migrate(contract::migrate);
    let code = suite.app.store_code(Box::new(wrapper));
    let (admin, registry) = (suite.governance.clone(), suite.registry.clone());
    let result = suite.app.migrate_contract(admin, registry, &MigrateMsg {}, code);
    result.map(|_| ()).map_err(|error| error.to_string())
}

fn stamp(suite: &mut Suite, name: &str, version: &str) {
    let registry = suite.registry.clone();
    let mut storage = suite.app.contract_storage_mut(&registry);
    cw2::set_contract_version(storage.as_mut(), name, version).unwrap();
}

#[test]
fn an_older_registry_becomes_this_one_and_keeps_its_domain_and_devices() {
    let mut suite = Suite::with_device();
    let (device, domain) = (suite.device(1), suite.ask_json(&QueryMsg::Domain {}));
    stamp(&mut suite, "caplet/registry", "0.0.1");
    let mut before = suite.app.dump_wasm_raw(&suite.registry);
    suite.wait(1000);
    migrate(&mut suite).unwrap();

    let stored = cw2::get_contract_version(suite.app.contract_storage(&suite.registry).as_ref());
    assert_eq!(stored.unwrap().version, env!("CARGO_PKG_VERSION"));
    let mut after = suite.app.dump_wasm_raw(&suite.registry);
    for records in [&mut before, &mut after] {
        records.retain(|(key, _)| key != b"contract_info");
    }
    assert_eq!(before, after, "only the stamp changes");
    assert_eq!(suite.device(1), device);
    assert_eq!(suite.ask_json(&QueryMsg::Domain {}), domain);

    // the old domain still verifies
    let item = suite.registration("camera", "alice", "gw");
    suite.register(vec![item]).unwrap();
    assert_eq!(suite.device(2).device, DeviceId(2));
}

#[test]
fn a_foreign_contract_and_a_newer_version_are_left_alone() {
    for (name, version, reason) in [
        ("caplet/escrow", "0.0.1", "Cannot migrate from caplet/escrow to caplet/registry"),
        ("caplet/registry", "9.0.0", "Cannot migrate from newer version (9.0.0)"),
    ] {
        let mut suite = Suite::with_device();
        stamp(&mut suite, name, version);
        let before = suite.app.dump_wasm_raw(&suite.registry);
        let error = migrate(&mut suite).unwrap_err();
        assert!(error.contains(reason), "{error}");
        assert_eq!(suite.app.dump_wasm_raw(&suite.registry), before);
    }
}

#[test]
fn the_domain_shown_is_the_one_that_was_signed_under() {
    let suite = Suite::new();
    let shown = suite.ask_json(&QueryMsg::Domain {});
    let hex: String = suite.domain.0.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(shown["domain"], hex);
    let storage = suite.app.contract_storage(&suite.registry);
    assert_eq!(storage.get(b"domain"), Some(suite.domain.0.to_vec()));
}
