//! Delegations.

use crate::parties::signer;
use crate::suite::{Outcome, Suite, refused};
use caplet_api::registry::{ExecuteMsg, GrantRecord, GrantsResponse, QueryMsg};
use caplet_protocol::DeviceId;
use caplet_protocol::layout::Grant;

fn to(delegate: &str, scopes: u8, epoch: u32, not_after: u64) -> Grant {
    Grant {
        device: DeviceId(1),
        delegate: signer(delegate).public(),
        scopes,
        spend_cap: 0,
        not_after,
        epoch,
    }
}

fn bring(suite: &mut Suite, grant: Grant) -> Outcome {
    let grants = vec![signer("lamp").grant(&suite.domain, grant)];
    suite.send("relayer", &ExecuteMsg::Grant { grants })
}

fn live(suite: &Suite) -> Vec<GrantRecord> {
    let answer: GrantsResponse = suite.ask(&QueryMsg::Grants { device: DeviceId(1) }).unwrap();
    answer.grants
}

#[test]
fn the_latest_epoch_wins_and_a_revoked_grant_cannot_be_brought_again() {
    let mut suite = Suite::with_device();
    let late = suite.now() + 100;
    let first = to("gw", Grant::DIAL | Grant::METER, 1, late);
    bring(&mut suite, first).unwrap();
    bring(&mut suite, to("gw", Grant::DIAL, 2, late)).unwrap();
    assert_eq!(live(&suite)[0].scopes, Grant::DIAL);
    bring(&mut suite, to("gw", 0, 3, 0)).unwrap();
    assert_eq!(live(&suite), []);
    refused(bring(&mut suite, first), "grant epoch 1 does not follow 3: sign a higher one");
    assert_eq!(live(&suite), []);
}

#[test]
fn a_grant_ends_with_its_date() {
    let mut suite = Suite::with_device();
    let late = suite.now() + 100;
    bring(&mut suite, to("gw", Grant::DIAL, 1, late)).unwrap();
    suite.wait(99);
    assert_eq!(live(&suite).len(), 1);
    suite.wait(1);
    assert_eq!(live(&suite), []);
}

#[test]
fn a_grant_must_be_able_to_take_effect() {
    let mut suite = Suite::with_device();
    let late = suite.now() + 100;
    let now = suite.now();
    refused(bring(&mut suite, to("gw", 32, 1, late)), "unknown scope bits");
    refused(bring(&mut suite, to("gw", Grant::DIAL, 1, now)), "the grant is void since");
    let capped = Grant { spend_cap: 5, ..to("gw", Grant::DIAL, 1, late) };
    refused(bring(&mut suite, capped), "a spend cap without the vouch or order scope");
    let capped = Grant { scopes: Grant::VOUCH, ..capped };
    bring(&mut suite, capped).unwrap();
}

#[test]
fn only_the_device_delegates() {
    let mut suite = Suite::with_device();
    let grant = to("mallory", Grant::ALL, 1, suite.now() + 100);
    let grants = vec![signer("mallory").grant(&suite.domain, grant)];
    refused(
        suite.send("alice", &ExecuteMsg::Grant { grants }),
        "item 0: the grant signature does not verify",
    );
}

#[test]
fn a_device_has_at_most_sixteen_delegates_until_it_rotates() {
    let mut suite = Suite::with_device();
    let late = suite.now() + 100;
    for i in 0..16 {
        bring(&mut suite, to(&format!("delegate {i}"), 0, 1, late)).unwrap();
    }
    refused(bring(&mut suite, to("one more", Grant::DIAL, 1, late)), "has 16 delegates on record");
    let rotation = signer("lamp 2").rotation(&suite.domain, 1, 1);
    suite.send("alice", &ExecuteMsg::Rotate(rotation)).unwrap();
    let grants = vec![signer("lamp 2").grant(&suite.domain, to("one more", Grant::DIAL, 1, late))];
    suite.send("relayer", &ExecuteMsg::Grant { grants }).unwrap();
    assert_eq!(live(&suite).len(), 1);
}
