//! Gateways, cells and moving between them.

use crate::parties::signer;
use crate::suite::{Suite, refused};
use caplet_api::event::EndpointPublished;
use caplet_api::registry::{ExecuteMsg, GatewayResponse, GatewaysResponse, QueryMsg};
use caplet_protocol::{AccountId, CellId, DeviceId, content};
use cw_multi_test::IntoAddr;

fn gateway(suite: &Suite, name: &str) -> GatewayResponse {
    suite.ask(&QueryMsg::Gateway { address: name.into_addr().to_string() }).unwrap()
}

#[test]
fn the_chain_keeps_the_digest_and_the_event_carries_the_list() {
    let mut suite = Suite::new();
    let account = suite.open_account("gw");
    let input = signer("gw").endpoint(&suite.domain, account, 5, suite.now() + 10);
    let events = suite.send("gw", &ExecuteMsg::RegisterGateway(input.clone())).unwrap();
    let event = EndpointPublished::try_from(&events[0]).unwrap();
    assert_eq!(event.addresses, input.addresses.to_vec());
    assert_eq!((event.sequence, event.signature), (5, input.signature.to_vec()));

    let shown = gateway(&suite, "gw");
    assert_eq!(shown.addresses.as_slice(), content::digest(&input.addresses));
    assert_eq!(shown.key.as_slice(), signer("gw").bytes());
    assert_eq!(shown.cell, CellId(0));
}

#[test]
fn a_gateway_that_knows_its_number_to_be_opens_its_account_in_passing() {
    let mut suite = Suite::new();
    let input = signer("gw").endpoint(&suite.domain, AccountId(1), 1, suite.now() + 10);
    suite.send("gw", &ExecuteMsg::RegisterGateway(input)).unwrap();
    assert_eq!(suite.account("gw"), Some(AccountId(1)));
}

#[test]
fn sequences_rise_and_records_are_dated_ahead() {
    let mut suite = Suite::with_gateway();
    let account = suite.account("gw").unwrap();
    let late = suite.now() + 10;
    for (sequence, not_after, reason) in [
        (1, late, "endpoint sequence 1 does not follow 1: sign a higher one"),
        (0, late, "endpoint sequence 0 does not follow 1"),
        (2, suite.now(), "the endpoint record is void since"),
    ] {
        let input = signer("gw").endpoint(&suite.domain, account, sequence, not_after);
        refused(suite.send("gw", &ExecuteMsg::RegisterGateway(input)), reason);
    }
    let next = signer("moved").endpoint(&suite.domain, account, 2, late);
    suite.send("gw", &ExecuteMsg::RegisterGateway(next)).unwrap();
    assert_eq!(gateway(&suite, "gw").key.as_slice(), signer("moved").bytes());
}

#[test]
fn an_endpoint_record_is_good_for_the_account_that_it_names_only() {
    let mut suite = Suite::with_gateway();
    suite.open_account("mallory");
    let account = suite.account("gw").unwrap();
    let stolen = signer("gw").endpoint(&suite.domain, account, 9, suite.now() + 10);
    refused(
        suite.send("mallory", &ExecuteMsg::RegisterGateway(stolen)),
        "the endpoint signature does not verify",
    );
}

#[test]
fn an_address_list_has_1_to_1024_bytes() {
    let mut suite = Suite::new();
    for len in [0, 1025] {
        let mut input = signer("gw").endpoint(&suite.domain, AccountId(1), 1, suite.now() + 10);
        input.addresses = vec![1; len].into();
        refused(suite.send("gw", &ExecuteMsg::RegisterGateway(input)), "1 to 1024 are needed");
    }
}

#[test]
fn a_new_cell_reaches_devices_that_register_or_move_from_then_on() {
    let mut suite = Suite::with_device();
    suite.assign_cell("gw", 8).unwrap();
    assert_eq!(gateway(&suite, "gw").cell, CellId(8));
    assert_eq!(suite.device(1).cell, CellId(7), "the page does not change behind a device's back");

    let later = suite.registration("camera", "alice", "gw");
    suite.register(vec![later]).unwrap();
    assert_eq!(suite.device(2).cell, CellId(8));

    let again =
        ExecuteMsg::MoveGateway { device: DeviceId(1), gateway: "gw".into_addr().to_string() };
    suite.send("alice", &again).unwrap();
    assert_eq!(suite.device(1).cell, CellId(8));
}

#[test]
fn a_device_moves_to_gateways_only() {
    let mut suite = Suite::with_device();
    let to = |name: &str| ExecuteMsg::MoveGateway {
        device: DeviceId(1),
        gateway: name.into_addr().to_string(),
    };
    refused(suite.send("alice", &to("alice")), "is no gateway");
    refused(suite.send("alice", &to("nobody")), "is no gateway");
    suite.open_gateway("north");
    suite.send("alice", &to("north")).unwrap();
    let device = suite.device(1);
    assert_eq!(device.gateway.address, "north".into_addr().to_string());
    assert_eq!(device.cell, CellId(0));
}

#[test]
fn lists_of_gateways_continue_after_the_cursor() {
    let mut suite = Suite::new();
    for name in ["a", "b", "c"] {
        suite.open_gateway(name);
    }
    let page = |start_after, limit| -> Vec<u32> {
        let answer: GatewaysResponse =
            suite.ask(&QueryMsg::Gateways { start_after, limit }).unwrap();
        answer.gateways.into_iter().map(|gateway| gateway.account.account.0).collect()
    };
    assert_eq!(page(None, Some(2)), [1, 2]);
    assert_eq!(page(Some(AccountId(2)), Some(2)), [3]);
    assert_eq!(page(Some(AccountId(3)), None), [0; 0]);
}
