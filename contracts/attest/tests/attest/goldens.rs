//! Permissions in a file, so that a change of them shows in a diff. `UPDATE_GOLDENS=1` rewrites it.

use crate::suite::{Suite, policy};
use caplet_api::attest::ExecuteMsg;
use caplet_api::common::AdminMsg;
use caplet_attest_contract::permission;
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
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("goldens/permissions.txt");
    if std::env::var_os("UPDATE_GOLDENS").is_some() {
        std::fs::write(&path, &now).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), now, "review, then UPDATE_GOLDENS=1");
}
