//! Freezing, thawing, retiring.

use crate::parties::signer;
use crate::suite::{Outcome, Suite, refused};
use caplet_api::event::StatusChanged;
use caplet_api::registry::{DeviceStatus, ExecuteMsg};
use caplet_protocol::DeviceId;
use caplet_protocol::layout::Grant;
use cw_multi_test::IntoAddr;

fn set(suite: &mut Suite, sender: &str, status: DeviceStatus) -> Outcome {
    suite.send(sender, &ExecuteMsg::SetStatus { device: DeviceId(1), status })
}

#[test]
fn only_the_owner_freezes_and_thaws_as_often_as_it_likes() {
    let mut suite = Suite::with_device();
    refused(set(&mut suite, "mallory", DeviceStatus::Frozen), "is not the owner of device 1");
    for status in [DeviceStatus::Frozen, DeviceStatus::Frozen, DeviceStatus::Active] {
        let events = set(&mut suite, "alice", status).unwrap();
        let event = StatusChanged::try_from(&events[0]).unwrap();
        assert_eq!(event, StatusChanged { device: 1, status: status as u8 });
        assert_eq!(suite.device(1).status, status);
    }
}

#[test]
fn a_frozen_device_still_announces_and_rotates() {
    let mut suite = Suite::with_device();
    set(&mut suite, "alice", DeviceStatus::Frozen).unwrap();
    let profiles = vec![signer("lamp").profile(&suite.domain, 1, 1, suite.now() + 10)];
    suite.send("relayer", &ExecuteMsg::Announce { profiles }).unwrap();
    let rotation = signer("lamp 2").rotation(&suite.domain, 1, 1);
    suite.send("alice", &ExecuteMsg::Rotate(rotation)).unwrap();
    assert_eq!(suite.device(1).status, DeviceStatus::Frozen);
}

#[test]
fn retired_is_for_good_in_every_respect() {
    let mut suite = Suite::with_device();
    set(&mut suite, "alice", DeviceStatus::Retired).unwrap();
    let late = suite.now() + 10;
    let lamp = signer("lamp");
    let grant = Grant {
        device: DeviceId(1),
        delegate: signer("gw").public(),
        scopes: Grant::DIAL,
        spend_cap: 0,
        not_after: late,
        epoch: 1,
    };
    let gateway = "gw".into_addr().to_string();
    let (device, status) = (DeviceId(1), DeviceStatus::Active);
    for msg in [
        ExecuteMsg::SetStatus { device, status },
        ExecuteMsg::Rotate(signer("lamp 2").rotation(&suite.domain, 1, 1)),
        ExecuteMsg::MoveGateway { device, gateway },
        ExecuteMsg::Announce { profiles: vec![lamp.profile(&suite.domain, 1, 1, late)] },
        ExecuteMsg::Grant { grants: vec![lamp.grant(&suite.domain, grant)] },
    ] {
        refused(suite.send("alice", &msg), "device 1 is retired for good");
    }
    let again = suite.registration("lamp", "alice", "gw");
    refused(suite.register(vec![again]), "the key is or was device 1's");
}
