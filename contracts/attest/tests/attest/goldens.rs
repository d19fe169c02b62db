//! Permissions and events in files, so that a change of either shows in a diff. `UPDATE_GOLDENS=1` rewrites them.

use crate::suite::{Suite, policy};
use caplet_api::attest::ExecuteMsg;
use caplet_api::common::AdminMsg;
use caplet_attest_contract::permission;
use cw_multi_test::IntoAddr as _;
use std::path::Path;

#[test]
fn permissions_are_as_reviewed() {
    let suite = Suite::new();
    let admin = ExecuteMsg::Admin;
    let all = [
        ("verify", ExecuteMsg::Verify(Box::new(suite.input(&suite.binding())))),
        ("renew_root", ExecuteMsg::RenewRoot { not_after: 1u64.into() }),
        ("set_policy", ExecuteMsg::SetPolicy(policy())),
        ("admin.pause", admin(AdminMsg::Pause {})),
        ("admin.unpause", admin(AdminMsg::Unpause {})),
        ("admin.propose_owner", admin(AdminMsg::ProposeOwner { address: None })),
        ("admin.accept_owner", admin(AdminMsg::AcceptOwner {})),
    ];
    let now: String =
        all.iter().map(|(name, msg)| format!("{name}: {:?}\n", permission::of(msg))).collect();
    compare("permissions.txt", &now);
}

#[test]
fn events_are_as_reviewed() {
    let mut suite = Suite::new();
    let input = suite.input(&suite.binding());
    let admin = ExecuteMsg::Admin;
    let next = Some("next".into_addr().to_string());
    let later = (suite.now() + 1_000).into();
    let all = [
        ("verify", "anyone", ExecuteMsg::Verify(Box::new(input))),
        ("renew_root", "governance", ExecuteMsg::RenewRoot { not_after: later }),
        ("set_policy", "governance", ExecuteMsg::SetPolicy(policy())),
        ("admin.pause", "governance", admin(AdminMsg::Pause {})),
        ("admin.unpause", "governance", admin(AdminMsg::Unpause {})),
        ("admin.propose_owner", "governance", admin(AdminMsg::ProposeOwner { address: next })),
        ("admin.accept_owner", "next", admin(AdminMsg::AcceptOwner {})),
    ];
    let mut now = String::new();
    for (name, sender, msg) in all {
        now.push_str(&format!("{name}\n"));
        for event in suite.send(sender, &msg).unwrap() {
            let keys: Vec<&str> = event.attributes.iter().map(|a| a.key.as_str()).collect();
            now.push_str(&format!("  {}: {}\n", event.ty, keys.join(" ")));
        }
    }
    compare("events.txt", &now);
}

fn compare(file: &str, now: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("goldens").join(file);
    if std::env::var_os("UPDATE_GOLDENS").is_some() {
        std::fs::write(&path, now).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap();
    assert_eq!(kept, now, "{file} differs: review, then UPDATE_GOLDENS=1");
}
