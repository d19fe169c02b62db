//! What holds of a registry between any two messages.

use crate::suite::Suite;
use caplet_api::layout::{DEVICES, DeviceRecord, KEYS};
use caplet_api::registry::{
    AccountResponse, DeviceResponse, DevicesResponse, GatewaysResponse, GrantsResponse, QueryMsg,
};
use caplet_protocol::layout::PublicKey;
use caplet_protocol::{AccountId, DeviceId};
use std::collections::{BTreeMap, BTreeSet};

/// Panics, naming what is broken, unless everything holds.
pub(crate) fn hold(suite: &Suite) {
    let raw: BTreeMap<Vec<u8>, Vec<u8>> =
        suite.app.dump_wasm_raw(&suite.registry).into_iter().collect();
    let accounts = accounts_are_a_bijection(suite, &raw);
    let devices = all_devices(suite);
    pages_agree_with_queries(&raw, &devices);
    keys_find_their_devices(suite, &devices);
    let gateways = all_gateways(suite);
    for device in &devices {
        assert!(accounts.contains_key(&device.owner.account.0), "an owner has no account");
        assert!(gateways.contains(&device.gateway.account.0), "a device's gateway is none");
        let grants: GrantsResponse =
            suite.ask(&QueryMsg::Grants { device: device.device }).unwrap();
        assert!(grants.grants.len() <= 16, "more delegates than there may be");
    }
}

fn accounts_are_a_bijection(
    suite: &Suite,
    raw: &BTreeMap<Vec<u8>, Vec<u8>>,
) -> BTreeMap<u32, String> {
    let mut accounts = BTreeMap::new();
    for (key, value) in raw.range(vec![0xD2]..vec![0xD3]) {
        let address = String::from_utf8(key[1..].to_vec()).unwrap();
        let number = u32::from_be_bytes(value.as_slice().try_into().unwrap());
        assert_eq!(accounts.insert(number, address), None, "two addresses share {number}");
    }
    for (at, (number, address)) in (1..).zip(&accounts) {
        assert_eq!(at, *number, "account numbers have a gap");
        let account = AccountId(*number);
        let found: AccountResponse = suite.ask(&QueryMsg::AccountById { account }).unwrap();
        assert_eq!(&found.address, address, "numbers and addresses disagree");
        assert_eq!(found, suite.ask(&QueryMsg::Account { address: address.clone() }).unwrap());
    }
    accounts
}

fn all_devices(suite: &Suite) -> Vec<DeviceResponse> {
    let mut devices: Vec<DeviceResponse> = Vec::new();
    loop {
        let start_after = devices.last().map(|device| device.device);
        let page: DevicesResponse =
            suite.ask(&QueryMsg::Devices { start_after, limit: Some(3) }).unwrap();
        if page.devices.is_empty() {
            return devices;
        }
        devices.extend(page.devices);
    }
}

fn all_gateways(suite: &Suite) -> BTreeSet<u32> {
    let query = QueryMsg::Gateways { start_after: None, limit: Some(100) };
    let page: GatewaysResponse = suite.ask(&query).unwrap();
    page.gateways.into_iter().map(|gateway| gateway.account.account.0).collect()
}

fn pages_agree_with_queries(raw: &BTreeMap<Vec<u8>, Vec<u8>>, devices: &[DeviceResponse]) {
    let read = |pages: caplet_api::layout::Pages, index: u32| {
        let (page, place) = pages.locate(index);
        let bytes = pages.records(raw.get(&pages.key(&[], page)).cloned().unwrap_or_default());
        let mut record = pages.slice(&bytes, place).to_vec();
        record.resize(pages.width, 0);
        record
    };
    for (at, device) in (1..).zip(devices) {
        assert_eq!(device.device, DeviceId(at), "device numbers have a gap");
        let record = DeviceRecord::decode(&read(DEVICES, at));
        assert_eq!(record.owner, device.owner.account.0);
        assert_eq!(record.gateway, device.gateway.account.0);
        assert_eq!(record.cell(), device.cell);
        assert_eq!(record.status, device.status as u8);
        assert_eq!(record.key_epoch, device.key_epoch);
        let key = PublicKey::decode(&read(KEYS, at)).expect("a device without a key");
        assert_eq!((key.scheme(), key.key()), (device.key.scheme, device.key.key.as_slice()));
    }
    let past = u32::try_from(devices.len()).unwrap() + 1;
    for index in [0, past] {
        assert_eq!(DeviceRecord::decode(&read(DEVICES, index)), DeviceRecord::default());
    }
}

fn keys_find_their_devices(suite: &Suite, devices: &[DeviceResponse]) {
    let mut seen = BTreeSet::new();
    for device in devices {
        assert!(seen.insert(device.key.key.clone()), "two devices share a key");
        let found: DeviceResponse =
            suite.ask(&QueryMsg::DeviceByKey { key: device.key.clone() }).unwrap();
        assert_eq!(&found, device);
    }
}
