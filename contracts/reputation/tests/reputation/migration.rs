//! Upgrades keep everything.

use crate::suite::{Suite, code};
use caplet_api::common::MigrateMsg;
use cw_multi_test::{Executor, IntoAddr};

fn migrate(suite: &mut Suite) -> Result<(), String> {
    let code = suite.app.store_code(code());
    let address = suite.reputation.clone();
    let result =
        suite.app.migrate_contract("governance".into_addr(), address, &MigrateMsg {}, code);
    result.map(|_| ()).map_err(|error| error.to_string())
}

fn stamp(suite: &mut Suite, name: &str, version: &str) {
    let address = suite.reputation.clone();
    let mut storage = suite.app.contract_storage_mut(&address);
    cw2::set_contract_version(storage.as_mut(), name, version).unwrap();
}

#[test]
fn an_older_contract_becomes_this_one_and_keeps_its_standings() {
    let mut suite = Suite::new();
    let lease = suite.lease(1, 1);
    suite.rate(&lease).unwrap();
    let standing = suite.standing(1);
    stamp(&mut suite, "caplet/reputation", "0.0.1");
    let mut before = suite.app.dump_wasm_raw(&suite.reputation);
    migrate(&mut suite).unwrap();

    let storage = suite.app.contract_storage(&suite.reputation);
    let stored = cw2::get_contract_version(storage.as_ref()).unwrap();
    drop(storage);
    assert_eq!(stored.version, env!("CARGO_PKG_VERSION"));
    let mut after = suite.app.dump_wasm_raw(&suite.reputation);
    for records in [&mut before, &mut after] {
        records.retain(|(key, _)| key != b"contract_info");
    }
    assert_eq!(before, after, "only the stamp changes");
    assert_eq!(suite.standing(1), standing);
    assert!(suite.submit(&[(lease.id, None)]).unwrap().is_empty(), "still rated once");
}

#[test]
fn a_foreign_contract_and_a_newer_version_are_left_alone() {
    for (name, version, reason) in [
        ("caplet/escrow", "0.0.1", "Cannot migrate from caplet/escrow to caplet/reputation"),
        ("caplet/reputation", "9.0.0", "Cannot migrate from newer version (9.0.0)"),
    ] {
        let mut suite = Suite::new();
        stamp(&mut suite, name, version);
        let before = suite.app.dump_wasm_raw(&suite.reputation);
        let error = migrate(&mut suite).unwrap_err();
        assert!(error.contains(reason), "{error}");
        assert_eq!(suite.app.dump_wasm_raw(&suite.reputation), before);
    }
}
