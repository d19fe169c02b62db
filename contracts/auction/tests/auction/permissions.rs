//! Messages sent by those who may not, and while the auction is paused.

use crate::suite::{ALICE, CAROL, MARKET, Suite, market_config, refused};
use caplet_api::auction::{ExecuteMsg, InstantiateMsg, QueryMsg};
use caplet_api::common::{AdminMsg, AdminResponse};
use caplet_auction::{ContractError, contract};
use caplet_protocol::MarketId;
use caplet_protocol::layout::Side;
use cosmwasm_std::testing::{message_info, mock_dependencies, mock_env};
use cw_multi_test::IntoAddr;

#[test]
fn only_governance_makes_markets_sets_latencies_and_pauses() {
    let mut suite = Suite::new();
    for msg in [
        ExecuteMsg::CreateMarket(market_config()),
        ExecuteMsg::SetLatency { entries: vec![] },
        ExecuteMsg::Admin(AdminMsg::Pause {}),
        ExecuteMsg::Admin(AdminMsg::ProposeOwner { address: None }),
    ] {
        for sender in ["alice", "keeper", "stranger"] {
            refused(suite.send(sender, &msg), &["is not the owner"]);
        }
    }
}

#[test]
fn governance_passes_in_two_steps() {
    let mut suite = Suite::new();
    let next = "next".into_addr().to_string();
    let propose = AdminMsg::ProposeOwner { address: Some(next.clone()) };
    suite.send("governance", &ExecuteMsg::Admin(propose)).unwrap();
    let accept = ExecuteMsg::Admin(AdminMsg::AcceptOwner {});
    refused(suite.send("stranger", &accept), &["was not proposed as owner"]);
    suite.send("next", &accept).unwrap();
    let admin: AdminResponse = suite.ask(&QueryMsg::Admin {}).unwrap();
    assert_eq!((admin.owner, admin.pending, admin.paused), (next, None, false));
}

#[test]
fn a_pause_stops_new_business_and_traps_no_money() {
    let mut suite = Suite::new();
    suite.sell(CAROL, 10, 1);
    let demand = suite.buy(ALICE, 40, 1);
    let mut brief = suite.demand(ALICE, 40, 1);
    brief.not_after = (suite.now() + 1).into();
    let brief = suite.place_demand(brief);
    suite.next_epoch();
    let clearing = suite.solve();
    suite.send("governance", &ExecuteMsg::Admin(AdminMsg::Pause {})).unwrap();
    let paused = ["the contract is paused"];
    refused(suite.submit("keeper", &clearing), &paused);
    let input = suite.demand(ALICE, 40, 1);
    let place = ExecuteMsg::Place { market: MARKET, offers: vec![], demands: vec![input.clone()] };
    refused(suite.send("alice", &place), &paused);
    let relay = ExecuteMsg::Relay { market: MARKET, offers: vec![].into(), demands: vec![].into() };
    refused(suite.send("keeper", &relay), &paused);
    let take = ExecuteMsg::Take { offer: 0u64.into(), demand: input, market: MARKET, lease: None };
    refused(suite.send("alice", &take), &paused);
    suite.cancel("alice", Side::Demand, demand).unwrap();
    let orders = vec![brief.into()];
    let expire = ExecuteMsg::Expire { market: MARKET, side: Side::Demand, orders };
    suite.send("keeper", &expire).unwrap();
    suite.send("governance", &ExecuteMsg::Admin(AdminMsg::Unpause {})).unwrap();
    suite.submit("keeper", &clearing).unwrap();
}

#[test]
fn refusals_are_typed() {
    let mut deps = mock_dependencies();
    let owner = "owner".into_addr();
    let peer = "peer".into_addr().to_string();
    let msg = InstantiateMsg {
        owner: None,
        registry: peer.clone(),
        escrow: peer.clone(),
        reputation: peer,
    };
    contract::instantiate(deps.as_mut(), mock_env(), message_info(&owner, &[]), msg).unwrap();
    let mut send =
        |msg| contract::execute(deps.as_mut(), mock_env(), message_info(&owner, &[]), msg);
    let market = MarketId(3);
    let clear = ExecuteMsg::Clear { market, epoch: 0, fills: vec![].into(), prices: vec![] };
    assert!(matches!(send(clear), Err(ContractError::UnknownMarket { market: MarketId(3) })));
    let cancel = ExecuteMsg::Cancel { market, orders: vec![] };
    assert!(matches!(send(cancel), Err(ContractError::Count { count: 0, most: 100, .. })));
    let relay = ExecuteMsg::Relay { market, offers: vec![1].into(), demands: vec![].into() };
    assert!(matches!(send(relay), Err(ContractError::Packed { what: "offers", .. })));
    let accept = ExecuteMsg::Admin(AdminMsg::AcceptOwner {});
    assert!(matches!(send(accept), Err(ContractError::Admin(_))));
}

#[test]
fn peers_must_be_addresses() {
    let mut deps = mock_dependencies();
    let good = "peer".into_addr().to_string();
    let msg = InstantiateMsg {
        owner: None,
        registry: good.clone(),
        escrow: good,
        reputation: "nobody".into(),
    };
    let info = message_info(&"owner".into_addr(), &[]);
    assert!(contract::instantiate(deps.as_mut(), mock_env(), info, msg).is_err());
}
