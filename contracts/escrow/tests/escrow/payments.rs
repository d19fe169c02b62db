//! Money in and out: native, ibc, cw20; and tokens that tax and lie.

use crate::suite::*;
use crate::token::TokenMsg;
use caplet_api::cw20::Cw20ReceiveMsg;
use caplet_api::escrow::{ExecuteMsg, ReceiveMsg};
use caplet_api::event::{Deposited, FeesSwept, Withdrawn};
use caplet_protocol::AssetId;
use cosmwasm_std::{Binary, coin, to_json_binary};
use cw_multi_test::IntoAddr;

fn deposit_to(name: Option<&str>) -> ExecuteMsg {
    ExecuteMsg::Deposit { account: name.map(|name| name.into_addr().to_string()) }
}

#[test]
fn every_kind_of_asset_comes_in_and_goes_out() {
    for asset in [UCAP, IBC, TOKEN] {
        let mut suite = Suite::new();
        let alice = "alice".into_addr();
        let events = suite.deposit("alice", asset, 500).unwrap();
        let account = suite.account("alice").unwrap().0;
        let amount = 500;
        assert_eq!(events_of(&events), [Deposited { account, asset: asset.0, amount }]);
        assert_eq!(suite.outside(&alice, asset), RICHES - 500);
        assert_eq!(suite.balance("alice", asset).free.u128(), 500);

        let events = suite.withdraw("alice", asset, Some(200)).unwrap();
        assert_eq!(crate::suite::events::<Withdrawn>(&events)[0].amount, 200);
        assert_eq!(suite.outside(&alice, asset), RICHES - 300);
        suite.withdraw("alice", asset, None).unwrap();
        assert_eq!(suite.outside(&alice, asset), RICHES);
        let ledger = suite.ledger(asset);
        assert_eq!((ledger.deposited.u128(), ledger.withdrawn.u128()), (500, 500));
        assert_eq!((ledger.free.u128(), ledger.held.u128()), (0, 0));
    }
}

fn events_of(events: &[cosmwasm_std::Event]) -> Vec<Deposited> {
    crate::suite::events(events)
}

#[test]
fn a_lease_is_paid_in_every_kind_of_asset() {
    for asset in [UCAP, IBC, TOKEN] {
        let mut suite = Suite::funded_in(asset);
        let lease = suite.lease_between(ALICE, CAROL, 10_000);
        let voucher = suite.voucher(ALICE, lease, 10_000);
        suite.settle("gw1", &[voucher]);
        suite.withdraw("carol", asset, None).unwrap();
        assert_eq!(suite.outside(&"carol".into_addr(), asset), RICHES + 9_850);
        suite.withdraw("gw1", asset, None).unwrap();
        assert_eq!(suite.outside(&"gw1".into_addr(), asset), RICHES + 50);
        let events = suite.send("stranger", &ExecuteMsg::SweepFees { asset }).unwrap();
        let swept = FeesSwept { asset: asset.0, amount: 100, burned: true };
        assert_eq!(crate::suite::events::<FeesSwept>(&events), [swept]);
        assert_eq!(suite.held(asset), 1_990_000);
    }
}

#[test]
fn swept_fees_go_to_the_treasury_if_there_is_one() {
    let mut suite = Suite::with_treasury(Some("treasury"));
    suite.deposit("alice", UCAP, 1_000_000).unwrap();
    suite.authorise("alice", ALICE, UCAP, 1_000_000).unwrap();
    let lease = suite.lease_between(ALICE, CAROL, 10_000);
    let voucher = suite.voucher(ALICE, lease, 10_000);
    suite.settle("gw1", &[voucher]);
    suite.send("stranger", &ExecuteMsg::SweepFees { asset: UCAP }).unwrap();
    assert_eq!(suite.outside(&"treasury".into_addr(), UCAP), 100);
    assert_eq!(suite.ledger(UCAP).swept.u128(), 100);
    refused(suite.send("stranger", &ExecuteMsg::SweepFees { asset: UCAP }), "no fees of asset 1");
}

#[test]
fn several_coins_are_credited_together_and_one_that_is_not_accepted_refuses_all() {
    let mut suite = Suite::new();
    let coins = [coin(5, IBC_DENOM), coin(3, "ucap")];
    suite.pay("alice", &deposit_to(None), &coins).unwrap();
    assert_eq!(suite.balance("alice", UCAP).free.u128(), 3);
    assert_eq!(suite.balance("alice", IBC).free.u128(), 5);
    let mixed = [coin(3, "ucap"), coin(1, "uother")];
    refused(suite.pay("alice", &deposit_to(None), &mixed), "coins of uother are not accepted");
    assert_eq!(suite.outside(&"alice".into_addr(), UCAP), RICHES - 3);
}

#[test]
fn anybody_may_deposit_for_somebody_else() {
    let mut suite = Suite::new();
    suite.pay("bob", &deposit_to(Some("alice")), &[coin(9, "ucap")]).unwrap();
    assert_eq!((suite.free("alice"), suite.free("bob")), (9, 0));
    let account = Some("alice".into_addr().to_string());
    let msg = to_json_binary(&ReceiveMsg::Deposit { account }).unwrap();
    let contract = suite.escrow.to_string();
    suite.tell_token("bob", 0, &TokenMsg::Send { contract, amount: 4u128.into(), msg }).unwrap();
    assert_eq!(suite.balance("alice", TOKEN).free.u128(), 4);
}

#[test]
fn a_deposit_needs_an_account_and_coins() {
    let mut suite = Suite::new();
    let open = "open one with the registry's open_account";
    refused(suite.deposit("stranger", UCAP, 1), open);
    refused(suite.deposit("stranger", TOKEN, 1), open);
    refused(suite.pay("alice", &deposit_to(Some("nobody")), &[coin(1, "ucap")]), open);
    refused(suite.send("alice", &deposit_to(None)), "no coins came with the deposit");
    suite.open_account("stranger");
    suite.deposit("stranger", UCAP, 1).unwrap();
}

#[test]
fn only_a_deposit_takes_coins() {
    let mut suite = Suite::new();
    let withdraw = ExecuteMsg::Withdraw { asset: UCAP, amount: None, to: None };
    let paid = suite.pay("alice", &withdraw, &[coin(1, "ucap")]);
    refused(paid, "withdraw takes no coins, 1ucap came with it");
}

#[test]
fn a_withdrawal_takes_free_money_of_the_sender_and_no_more() {
    let mut suite = Suite::funded();
    suite.lock(&[lock_item(ALICE, 999_000)]).unwrap();
    refused(suite.withdraw("alice", UCAP, Some(1_001)), "asked 1001 of asset 1, account");
    refused(suite.withdraw("alice", UCAP, Some(0)), "nothing to withdraw");
    refused(suite.withdraw("carol", UCAP, None), "nothing to withdraw");
    refused(suite.withdraw("stranger", UCAP, None), "has no account");
    refused(suite.withdraw("alice", AssetId(9), None), "asset 9 is not accepted");
    suite.withdraw("alice", UCAP, Some(1_000)).unwrap();
    assert_eq!((suite.free("alice"), suite.ordered("alice")), (0, 999_000));
}

#[test]
fn a_withdrawal_goes_where_the_sender_says_but_not_back_into_the_escrow() {
    let mut suite = Suite::funded();
    let to = |to: &str| ExecuteMsg::Withdraw { asset: UCAP, amount: None, to: Some(to.into()) };
    let escrow = suite.escrow.to_string();
    refused(suite.send("alice", &to(&escrow)), "cannot withdraw to itself");
    refused(suite.send("alice", &to("no address")), "");
    suite.send("alice", &to("safe".into_addr().as_str())).unwrap();
    assert_eq!(suite.outside(&"safe".into_addr(), UCAP), 1_000_000);
}

#[test]
fn a_taxed_token_is_credited_by_what_arrives() {
    let mut suite = Suite::new();
    suite.deposit("alice", TAXED, 1_000).unwrap();
    assert_eq!(suite.balance("alice", TAXED).free.u128(), 900);
    suite.withdraw("alice", TAXED, None).unwrap();
    assert_eq!(suite.held(TAXED), 0);
}

#[test]
fn a_token_that_lies_is_not_believed() {
    let mut suite = Suite::new();
    let msg = to_json_binary(&ReceiveMsg::Deposit { account: None }).unwrap();
    let contract = suite.escrow.to_string();
    let mut lie = |moved: u128, said: u128| {
        let (contract, msg) = (contract.clone(), msg.clone());
        let lie = TokenMsg::Lie { contract, moved: moved.into(), said: said.into(), msg };
        suite.tell_token("alice", 0, &lie).map(|events| events_of(&events)[0].amount)
    };
    assert_eq!(lie(10, 1_000_000), Ok(10));
    assert_eq!(lie(10, 1), Ok(10));
    assert!(lie(0, 5).unwrap_err().contains("says it sent 5, but the escrow has 20"));
}

#[test]
fn tokens_sent_without_a_message_are_credited_with_the_next_deposit() {
    let mut suite = Suite::new();
    let (recipient, amount) = (suite.escrow.to_string(), 70u128.into());
    suite.tell_token("bob", 0, &TokenMsg::Transfer { recipient, amount }).unwrap();
    assert_eq!(suite.ledger(TOKEN).held.u128(), 70);
    suite.deposit("alice", TOKEN, 1).unwrap();
    assert_eq!(suite.balance("alice", TOKEN).free.u128(), 71);
}

#[test]
fn coins_sent_without_a_deposit_are_nobodys() {
    let mut suite = Suite::funded();
    let escrow = suite.escrow.clone();
    let coins = [coin(70, "ucap")];
    cw_multi_test::Executor::send_tokens(&mut suite.app, "bob".into_addr(), escrow, &coins)
        .unwrap();
    suite.deposit("alice", UCAP, 1).unwrap();
    assert_eq!(suite.free("alice"), 1_000_001);
    assert_eq!(suite.ledger(UCAP).held.u128(), 2_000_071);
}

#[test]
fn only_an_accepted_token_is_heard() {
    let mut suite = Suite::new();
    let told = |msg: Binary| {
        let sender = "stranger".into_addr().to_string();
        ExecuteMsg::Receive(Cw20ReceiveMsg { sender, amount: 5u128.into(), msg })
    };
    let msg = to_json_binary(&ReceiveMsg::Deposit { account: None }).unwrap();
    refused(suite.send("stranger", &told(msg)), "tokens of");
    let (contract, msg) = (suite.escrow.to_string(), Binary::from(b"{}".as_slice()));
    let send = TokenMsg::Send { contract, amount: 5u128.into(), msg };
    refused(suite.tell_token("alice", 0, &send), "");
    assert_eq!(suite.outside(&"alice".into_addr(), TOKEN), RICHES);
}
