//! Upgrades keep everything.

use crate::peers::Lease;
use crate::suite::{DAY, Suite, code};
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
    let note = format!(r#","former":{{"until":{},"window_secs":86400}}}}"#, suite.now());
    for (_, config) in before.iter_mut().filter(|(key, _)| key == b"config") {
        assert_eq!(config.pop(), Some(b'}'));
        config.extend_from_slice(note.as_bytes());
    }
    assert_eq!(before, after, "only the stamp changes, and when it did is noted");
    assert_eq!(suite.standing(1), standing);
    assert!(suite.submit(&[(lease.id, None)]).unwrap().is_empty(), "still rated once");
}

#[test]
fn what_a_payer_added_before_there_were_pages_counts_towards_its_cap() {
    let mut suite = Suite::new();
    let (device, payer) = (1u32, 2u32);
    let mut key = vec![0xB9];
    key.extend(device.to_be_bytes());
    key.extend(payer.to_be_bytes());
    // no fault, the window's number, 4,000 of a cap of 5,000
    let [_, _, _, window @ ..] = (suite.now() / DAY).to_be_bytes();
    let mut record = vec![0];
    record.extend(window);
    record.extend(4_000u16.to_be_bytes());
    let address = suite.reputation.clone();
    suite.app.contract_storage_mut(&address).set(&key, &record);
    stamp(&mut suite, "caplet/reputation", "0.0.1");
    migrate(&mut suite).unwrap();

    let adds = |suite: &mut Suite, payer| {
        let end = suite.now();
        let lease = Lease { end, lots: 2, redeemed: vec![20_000], ..suite.lease(device, payer) };
        suite.rated(&lease).weight
    };
    assert_eq!(adds(&mut suite, payer), 1_000);
    assert_eq!(adds(&mut suite, payer), 0);
    assert_eq!(adds(&mut suite, 3), 2_000, "another payer");
    migrate(&mut suite).unwrap();
    assert_eq!(adds(&mut suite, payer), 0, "migrated once more");
    suite.wait(DAY);
    assert_eq!(adds(&mut suite, payer), 2_000, "the next window anew");
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
