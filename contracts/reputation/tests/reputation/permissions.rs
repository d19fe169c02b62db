//! Messages sent by those who may not, and rules that make no sense.

use crate::suite::{Suite, refused, rules};
use caplet_api::common::{AdminMsg, AdminResponse};
use caplet_api::reputation::{ConfigResponse, ExecuteMsg, InstantiateMsg, QueryMsg};
use caplet_protocol::Bps;
use caplet_reputation::{ContractError, contract};
use cosmwasm_std::testing::{message_info, mock_dependencies, mock_env};
use cw_multi_test::IntoAddr;

#[test]
fn only_governance_sets_rules_and_pauses() {
    let mut suite = Suite::new();
    for msg in [ExecuteMsg::SetRules(rules()), ExecuteMsg::Admin(AdminMsg::Pause {})] {
        refused(suite.send("mallory", &msg), "is not the owner");
    }
    let mut next = rules();
    next.prior = Bps(4_000);
    suite.send("governance", &ExecuteMsg::SetRules(next.clone())).unwrap();
    let config: ConfigResponse = suite.ask(&QueryMsg::Config {});
    assert_eq!(config.rules, next);
    assert_eq!(
        (config.escrow, config.registry),
        (suite.escrow.to_string(), suite.registry.to_string())
    );
}

#[test]
fn governance_passes_in_two_steps() {
    let mut suite = Suite::new();
    let next = "next".into_addr().to_string();
    let propose = ExecuteMsg::Admin(AdminMsg::ProposeOwner { address: Some(next.clone()) });
    suite.send("governance", &propose).unwrap();
    let accept = ExecuteMsg::Admin(AdminMsg::AcceptOwner {});
    refused(suite.send("mallory", &accept), "was not proposed as owner");
    suite.send("next", &accept).unwrap();
    let admin: AdminResponse = suite.ask(&QueryMsg::Admin {});
    assert_eq!(admin.owner, next);
    refused(suite.send("governance", &ExecuteMsg::SetRules(rules())), "is not the owner");
}

#[test]
fn rules_that_contradict_themselves_are_refused_and_the_old_ones_stay() {
    let mut suite = Suite::new();
    let mut flapping = rules();
    flapping.reinstate_above = flapping.suspend_below;
    refused(
        suite.send("governance", &ExecuteMsg::SetRules(flapping)),
        "rules: suspends below 1000",
    );
    let mut generous = rules();
    generous.tiers = vec![Bps(100)];
    refused(
        suite.send("governance", &ExecuteMsg::SetRules(generous)),
        "rules: tier 1 begins at 100",
    );
    let config: ConfigResponse = suite.ask(&QueryMsg::Config {});
    assert_eq!(config.rules, rules());
}

#[test]
fn refusals_are_typed_from_the_start() {
    let mut deps = mock_dependencies();
    let sender = message_info(&"owner".into_addr(), &[]);
    let peer = "peer".into_addr().to_string();
    let msg = InstantiateMsg { owner: None, registry: peer.clone(), escrow: peer, rules: rules() };
    let mut bad = msg.clone();
    bad.rules.window_secs = 0;
    let error = contract::instantiate(deps.as_mut(), mock_env(), sender.clone(), bad);
    assert!(matches!(error, Err(ContractError::Rules { field: "window_secs", .. })));
    let mut lost = msg.clone();
    lost.escrow = "nowhere".into();
    let error = contract::instantiate(deps.as_mut(), mock_env(), sender.clone(), lost);
    assert!(matches!(error, Err(ContractError::Std(_))));

    contract::instantiate(deps.as_mut(), mock_env(), sender.clone(), msg).unwrap();
    let rate = ExecuteMsg::Rate { leases: vec![] };
    let error = contract::execute(deps.as_mut(), mock_env(), sender.clone(), rate);
    assert!(matches!(error, Err(ContractError::Batch { count: 0 })));
    let back = ExecuteMsg::Reinstate { device: 4.into() };
    let error = contract::execute(deps.as_mut(), mock_env(), sender, back);
    assert!(matches!(error, Err(ContractError::NotSuspended { .. })));
}
