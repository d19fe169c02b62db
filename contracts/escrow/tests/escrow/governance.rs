//! What the owner decides: assets, fees, openers, and who the owner is.

use crate::suite::*;
use caplet_api::common::{AdminMsg, AdminResponse};
use caplet_api::escrow::{
    AssetInput, AssetsResponse, ConfigResponse, ExecuteMsg, FeeSchedule, QueryMsg,
};
use caplet_protocol::{AssetId, Bps};
use cw_multi_test::IntoAddr;

#[test]
fn only_governance_changes_assets_fees_openers_and_pause() {
    let mut suite = Suite::new();
    for msg in [
        ExecuteMsg::AddAsset(native("unew", "NEW", 6)),
        ExecuteMsg::SetFees(FEES),
        ExecuteMsg::SetOpeners { openers: vec![] },
        ExecuteMsg::Admin(AdminMsg::Pause {}),
        ExecuteMsg::Admin(AdminMsg::ProposeOwner { address: None }),
    ] {
        for sender in ["alice", "opener", "gw1"] {
            refused(suite.send(sender, &msg), "is not the owner");
        }
        suite.send("governance", &msg).unwrap();
    }
}

#[test]
fn ownership_passes_in_two_steps() {
    let mut suite = Suite::new();
    let address = Some("next".into_addr().to_string());
    let propose = ExecuteMsg::Admin(AdminMsg::ProposeOwner { address });
    suite.send("governance", &propose).unwrap();
    let accept = ExecuteMsg::Admin(AdminMsg::AcceptOwner {});
    refused(suite.send("alice", &accept), "was not proposed as owner");
    suite.send("next", &accept).unwrap();
    let shown: AdminResponse = suite.ask(&QueryMsg::Admin {}).unwrap();
    assert_eq!(shown.owner, "next".into_addr().to_string());
    refused(suite.send("governance", &ExecuteMsg::SetFees(FEES)), "is not the owner");
}

#[test]
fn assets_are_numbered_in_their_order_with_their_units() {
    let suite = Suite::new();
    let shown: AssetsResponse = suite.ask(&QueryMsg::Assets {}).unwrap();
    let units: Vec<_> =
        shown.assets.iter().map(|a| (a.asset.0, a.symbol.as_str(), a.decimals)).collect();
    assert_eq!(units, [(1, "CAP", 6), (2, "ATOM", 8), (3, "TOK", 18), (4, "TAX", 2)]);
}

#[test]
fn a_new_asset_is_accepted_once_and_as_described() {
    let mut suite = Suite::new();
    let token = suite.tokens[0].clone();
    let mut add = |asset: AssetInput| suite.send("governance", &ExecuteMsg::AddAsset(asset));
    refused(add(native("ucap", "AGAIN", 6)), "this is asset 1 already");
    refused(add(cw20(&token, "AGAIN", 6)), "this is asset 3 already");
    refused(add(native("unew", "NEW", 19)), "asset NEW: it has more than 18 decimals");
    refused(add(native("unew", "", 6)), "a symbol has 1 to 16 printable");
    refused(add(native("unew", "SEVENTEEN LETTERS", 6)), "a symbol has 1 to 16 printable");
    refused(add(native("u new", "NEW", 6)), "a denomination is 3 to 128");
    let nobody = "nobody".into_addr();
    refused(add(cw20(&nobody, "NEW", 6)), "nothing there answers a balance query");
    add(native("uother", "OTHER", 0)).unwrap();
    let deposit = ExecuteMsg::Deposit { account: None };
    suite.pay("alice", &deposit, &[cosmwasm_std::coin(9, "uother")]).unwrap();
    let held: caplet_api::escrow::BalanceResponse = suite
        .ask(&QueryMsg::Balance { address: "alice".into_addr().to_string(), asset: AssetId(5) })
        .unwrap();
    assert_eq!(held.free.u128(), 9);
}

#[test]
fn fees_leave_the_payee_something() {
    let mut suite = Suite::new();
    let fees = |protocol, keeper| {
        ExecuteMsg::SetFees(FeeSchedule { protocol: Bps(protocol), keeper: Bps(keeper) })
    };
    refused(suite.send("governance", &fees(9_000, 1_001)), "fees of 9000 and 1001 basis points");
    suite.send("governance", &fees(9_000, 1_000)).unwrap();
    let config: ConfigResponse = suite.ask(&QueryMsg::Config {}).unwrap();
    assert_eq!(config.fees, FeeSchedule { protocol: Bps(9_000), keeper: Bps(1_000) });
}

#[test]
fn openers_are_replaced_as_a_whole() {
    let mut suite = Suite::funded();
    let openers = |names: &[&str]| ExecuteMsg::SetOpeners {
        openers: names.iter().map(|name| name.into_addr().to_string()).collect(),
    };
    suite.send("governance", &openers(&["auction", "futures"])).unwrap();
    refused(suite.lock(&[lock_item(ALICE, 1)]), "may not lock or open");
    let config: ConfigResponse = suite.ask(&QueryMsg::Config {}).unwrap();
    assert_eq!(config.openers.len(), 2);
    refused(suite.send("governance", &openers(&["x"; 17])), "17 entries, at most 16 are taken");
    let wrong = ExecuteMsg::SetOpeners { openers: vec!["no address".into()] };
    refused(suite.send("governance", &wrong), "");
    suite.send("governance", &openers(&["opener"])).unwrap();
    suite.lock(&[lock_item(ALICE, 1)]).unwrap();
}
