//! Answers and their pages.

use crate::suite::*;
use caplet_api::escrow::{
    BalanceResponse, BalancesResponse, ConfigResponse, LeaseResponse, LeasesResponse, QueryMsg,
};
use caplet_api::packed::OpenItem;
use caplet_protocol::{AccountId, AssetId};
use cw_multi_test::IntoAddr;

#[test]
fn leases_are_listed_once_each_in_order_over_gaps() {
    let mut suite = Suite::funded();
    suite.lock(&[lock_item(ALICE, 100_000)]).unwrap();
    let terms = suite.terms();
    let mut items = vec![open_item(ALICE, CAROL, 10, 17); 70];
    items.extend([open_item(ALICE, DAVE, 10, 17); 3]);
    let mut want = opened(suite.open(terms, &items).unwrap());
    want.sort_unstable();
    let mut got = Vec::new();
    loop {
        let start_after = got.last().copied().map(Into::into);
        let page: LeasesResponse =
            suite.ask(&QueryMsg::Leases { start_after, limit: Some(7) }).unwrap();
        assert!(page.leases.len() <= 7);
        if page.leases.is_empty() {
            break;
        }
        got.extend(page.leases.iter().map(|lease| lease.lease.u64()));
    }
    assert_eq!(got, want);
    let page: LeasesResponse =
        suite.ask(&QueryMsg::Leases { start_after: None, limit: Some(1_000) }).unwrap();
    assert_eq!(page.leases.len(), 73);
    let page: LeasesResponse =
        suite.ask(&QueryMsg::Leases { start_after: None, limit: None }).unwrap();
    assert_eq!(page.leases.len(), 30);
}

#[test]
fn a_lease_that_never_was_is_said_so() {
    let suite = Suite::new();
    for lease in [0u64, 63, 64, u64::MAX] {
        let answer: Result<LeaseResponse, _> = suite.ask(&QueryMsg::Lease { lease: lease.into() });
        assert!(answer.unwrap_err().contains(&format!("there is no lease {lease}")));
    }
}

#[test]
fn balances_are_listed_once_each_in_order() {
    let mut suite = Suite::new();
    let mut want = Vec::new();
    for number in 0..40u128 {
        let name = format!("account {number}");
        suite.open_account(&name);
        if number % 3 != 0 {
            let account = Some(name.as_str().into_addr().to_string());
            let msg = caplet_api::escrow::ExecuteMsg::Deposit { account };
            suite.pay("alice", &msg, &[cosmwasm_std::coin(number, "ucap")]).unwrap();
            want.push((suite.account(&name).unwrap(), number));
        }
    }
    let mut got: Vec<(AccountId, u128)> = Vec::new();
    loop {
        let start_after = got.last().map(|(account, _)| *account);
        let msg = QueryMsg::Balances { asset: UCAP, start_after, limit: Some(4) };
        let page: BalancesResponse = suite.ask(&msg).unwrap();
        if page.balances.is_empty() {
            break;
        }
        got.extend(page.balances.iter().map(|b| (b.account.unwrap(), b.free.u128())));
    }
    assert_eq!(got, want);
    let end = Some(AccountId(u32::MAX));
    let msg = QueryMsg::Balances { asset: UCAP, start_after: end, limit: None };
    assert!(suite.ask::<BalancesResponse>(&msg).unwrap().balances.is_empty());
    let msg = QueryMsg::Balances { asset: IBC, start_after: None, limit: None };
    assert!(suite.ask::<BalancesResponse>(&msg).unwrap().balances.is_empty());
}

#[test]
fn a_stranger_has_no_account_and_an_unknown_asset_is_said_so() {
    let suite = Suite::new();
    let stranger = suite.balance("stranger", UCAP);
    assert_eq!((stranger.account, stranger.free.u128()), (None, 0));
    let address = "alice".into_addr().to_string();
    let asset = AssetId(9);
    let answer: Result<BalanceResponse, _> = suite.ask(&QueryMsg::Balance { address, asset });
    assert!(answer.unwrap_err().contains("asset 9 is not accepted"));
    for msg in [
        QueryMsg::Balances { asset, start_after: None, limit: None },
        QueryMsg::Allowance { device: ALICE.into(), asset },
        QueryMsg::Ledger { asset },
    ] {
        let answer: Result<serde_json::Value, _> = suite.ask(&msg);
        assert!(answer.unwrap_err().contains("asset 9 is not accepted"));
    }
}

#[test]
fn the_config_shows_peers_fees_and_openers() {
    let suite = Suite::with_treasury(Some("treasury"));
    let config: ConfigResponse = suite.ask(&QueryMsg::Config {}).unwrap();
    assert_eq!(config.registry, suite.registry.to_string());
    assert_eq!(config.openers, ["opener".into_addr().to_string()]);
    assert_eq!(config.fees, FEES);
    assert_eq!(config.treasury, Some("treasury".into_addr().to_string()));
}

#[test]
fn a_ledger_adds_up_in_every_state() {
    let mut suite = Suite::funded();
    suite.lock(&[lock_item(ALICE, 2_000)]).unwrap();
    let terms = suite.terms();
    let item = OpenItem { fee: 5, ..open_item(ALICE, CAROL, 1_000, 1_100) };
    let lease = opened(suite.open(terms, &[item]).unwrap())[0];
    let voucher = suite.voucher(ALICE, lease, 400);
    suite.settle("gw1", &[voucher]);
    suite.withdraw("carol", UCAP, None).unwrap();
    let ledger = suite.ledger(UCAP);
    let parts = [ledger.free, ledger.ordered, ledger.reserved, ledger.bonds, ledger.fees];
    assert_eq!(ledger.ordered.u128(), 900);
    assert_eq!(ledger.reserved.u128(), 600);
    assert_eq!(ledger.bonds.u128(), 7);
    assert_eq!(ledger.fees.u128(), 4);
    assert_eq!(ledger.withdrawn.u128(), 394);
    let sum: u128 = parts.iter().map(|part| part.u128()).sum();
    assert_eq!((sum, ledger.held.u128()), (2_000_000 - 394, 2_000_000 - 394));
}
