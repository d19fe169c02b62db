//! Typed errors at the entry point, against a registry of raw pages in memory.

use crate::parties::signer;
use caplet_api::escrow::{
    AssetInput, AssetKind, CloseInput, CloseReason, ExecuteMsg, FeeSchedule, InstantiateMsg, Terms,
};
use caplet_api::layout::{DEVICES, DeviceRecord, KEYS, Pages, account_key};
use caplet_api::packed::{INSTANT, LockItem, OpenItem, UnlockItem};
use caplet_api::registry::DeviceStatus;
use caplet_escrow::error::{MoneyError, OpeningError, PartyError, RuleError};
use caplet_escrow::{ContractError, contract};
use caplet_protocol::layout::PublicKey;
use caplet_protocol::{AccountId, AssetId, Bps, DeviceId, LeaseId, MarketId};
use cosmwasm_std::testing::{
    MockApi, MockQuerier, MockStorage, message_info, mock_dependencies, mock_env,
};
use cosmwasm_std::{
    Binary, Coin, ContractResult, Env, OwnedDeps, Response, SystemResult, WasmQuery, coin,
};
use std::collections::BTreeMap;

type Deps = OwnedDeps<MockStorage, MockApi, MockQuerier>;

fn put(pages: &mut BTreeMap<Vec<u8>, Vec<u8>>, kind: &Pages, index: u32, record: &[u8]) {
    let (page, place) = kind.locate(index);
    let stored = pages.entry(kind.key(&[], page)).or_default();
    let mut bytes = kind.records(std::mem::take(stored));
    let from = place as usize * kind.width;
    bytes.resize(bytes.len().max(from + kind.width), 0);
    bytes[from..from + kind.width].copy_from_slice(record);
    *stored = kind.stored(&bytes);
}

/// A registry with accounts 1 (`alice`), 2 (`carol`), 3 (`gw`), device 1 of alice, device 2 of carol.
fn registry() -> BTreeMap<Vec<u8>, Vec<u8>> {
    let api = MockApi::default();
    let mut pages = BTreeMap::new();
    for (number, name) in (1u32..).zip(["alice", "carol", "gw"]) {
        pages.insert(account_key(api.addr_make(name).as_str()), number.to_be_bytes().to_vec());
    }
    for device in [1, 2] {
        let status = DeviceStatus::Active as u8;
        let record = DeviceRecord { owner: device, gateway: 3, status, ..DeviceRecord::default() };
        put(&mut pages, &DEVICES, device, &record.encode());
        let key = PublicKey::ed25519(signer(&format!("device {device}")).bytes());
        put(&mut pages, &KEYS, device, &key.encode());
    }
    pages
}

fn start() -> (Deps, Env) {
    let mut deps = mock_dependencies();
    let pages = registry();
    deps.querier.update_wasm(move |query| {
        let WasmQuery::Raw { key, .. } = query else { panic!("only raw queries are expected") };
        let bytes = pages.get(key.as_slice()).cloned().unwrap_or_default();
        SystemResult::Ok(ContractResult::Ok(Binary::from(bytes)))
    });
    let (env, owner) = (mock_env(), deps.api.addr_make("owner"));
    let kind = AssetKind::Native { denom: "ucap".into() };
    let msg = InstantiateMsg {
        owner: None,
        registry: deps.api.addr_make("registry").into(),
        assets: vec![AssetInput { kind, symbol: "CAP".into(), decimals: 6 }],
        fees: FeeSchedule { protocol: Bps(100), keeper: Bps(50) },
        treasury: None,
    };
    contract::instantiate(deps.as_mut(), env.clone(), message_info(&owner, &[]), msg).unwrap();
    let openers = vec![deps.api.addr_make("opener").into()];
    let mut start = (deps, env);
    send(&mut start, "owner", ExecuteMsg::SetOpeners { openers }).unwrap();
    start
}

fn send(at: &mut (Deps, Env), sender: &str, msg: ExecuteMsg) -> Result<Response, ContractError> {
    pay(at, sender, msg, &[])
}

fn pay(
    (deps, env): &mut (Deps, Env),
    sender: &str,
    msg: ExecuteMsg,
    coins: &[Coin],
) -> Result<Response, ContractError> {
    let info = message_info(&deps.api.addr_make(sender), coins);
    contract::execute(deps.as_mut(), env.clone(), info, msg)
}

fn lock(at: &mut (Deps, Env), item: LockItem) -> Result<Response, ContractError> {
    let relayer = at.0.api.addr_make("gw").into();
    let items = LockItem::pack(&[item]).into();
    send(at, "opener", ExecuteMsg::Lock { asset: AssetId(1), relayer, items })
}

fn open(at: &mut (Deps, Env), item: OpenItem) -> Result<Response, ContractError> {
    let now = at.1.block.time.seconds();
    let terms = Terms {
        market: MarketId(1),
        epoch: 0,
        asset: AssetId(1),
        start: now.into(),
        end: (now + 100).into(),
        lot_units: 1u64.into(),
        settle_secs: 5,
        settle_blocks: 1,
        notice_secs: 5,
        exposure_cap: 10u64.into(),
        close_bond: 2u64.into(),
    };
    let items = OpenItem::pack(&[item]).into();
    send(at, "opener", ExecuteMsg::Open { terms, beneficiary: None, items })
}

fn rich() -> (Deps, Env) {
    let mut at = start();
    let deposit = ExecuteMsg::Deposit { account: None };
    pay(&mut at, "alice", deposit, &[coin(1_000, "ucap")]).unwrap();
    let (device, asset) = (DeviceId(1), AssetId(1));
    send(&mut at, "alice", ExecuteMsg::Authorise { device, asset, limit: 500u64.into() }).unwrap();
    at
}

#[test]
fn refusals_name_both_sides() {
    let mut at = rich();
    let item = LockItem { device: 1, amount: 501, ..LockItem::default() };
    assert!(matches!(
        lock(&mut at, item),
        Err(ContractError::Money(MoneyError::OverAllowance {
            device: DeviceId(1),
            left: 500,
            asked: 501,
            ..
        }))
    ));
    let item = LockItem { amount: 1_001, ..item };
    assert!(matches!(
        lock(&mut at, item),
        Err(ContractError::Money(MoneyError::CannotPay {
            payer: AccountId(1),
            has: 1_000,
            asked: 1_001,
            ..
        }))
    ));
    let items = UnlockItem::pack(&[UnlockItem { device: 1, amount: 1, ..Default::default() }]);
    let unlock = ExecuteMsg::Unlock { asset: AssetId(1), beneficiary: None, items: items.into() };
    assert!(matches!(
        send(&mut at, "opener", unlock),
        Err(ContractError::Money(MoneyError::NotOrdered { has: 0, asked: 1, .. }))
    ));
    let item = OpenItem { consumer: 1, provider: 2, price: 50, lots: 2, ..OpenItem::default() };
    assert!(matches!(
        open(&mut at, OpenItem { unlock: 101, ..item }),
        Err(ContractError::Opening(OpeningError::Underfunded {
            index: 0,
            needs: 102,
            unlock: 101
        }))
    ));
    assert!(matches!(
        open(&mut at, OpenItem { unlock: 102, ..item }),
        Err(ContractError::Money(MoneyError::NotOrdered { has: 0, asked: 102, .. }))
    ));
    open(&mut at, OpenItem { unlock: 102, flags: INSTANT, ..item }).unwrap();
    let lease = LeaseId(64);
    let reason = CloseReason::ConsumerClosed;
    let close = |signature: Option<Binary>| ExecuteMsg::Close {
        items: vec![CloseInput { lease: 64u64.into(), reason, signature }],
    };
    assert!(matches!(
        send(&mut at, "carol", close(None)),
        Err(ContractError::Party(PartyError::NotASide { lease: found, device: DeviceId(1) })) if found == lease
    ));
    assert!(matches!(
        send(&mut at, "carol", close(Some(vec![1; 7].into()))),
        Err(ContractError::Party(PartyError::BadStatement { device: DeviceId(1), .. }))
    ));
}

#[test]
fn instantiation_checks_what_it_is_given() {
    let mut deps = mock_dependencies();
    let owner = deps.api.addr_make("owner");
    let msg = InstantiateMsg {
        owner: None,
        registry: deps.api.addr_make("registry").into(),
        assets: vec![],
        fees: FeeSchedule { protocol: Bps(10_001), keeper: Bps(0) },
        treasury: None,
    };
    let mut start = |msg: &InstantiateMsg, coins: &[Coin]| {
        let info = message_info(&owner, coins);
        contract::instantiate(deps.as_mut(), mock_env(), info, msg.clone())
    };
    assert!(matches!(start(&msg, &[]), Err(ContractError::Rule(RuleError::FeesTooHigh { .. }))));
    let coins = [coin(1, "ucap")];
    assert!(matches!(
        start(&msg, &coins),
        Err(ContractError::Money(MoneyError::UnexpectedCoins { .. }))
    ));
    let wrong = InstantiateMsg { registry: "nowhere".into(), ..msg.clone() };
    assert!(matches!(start(&wrong, &[]), Err(ContractError::Std(_))));
    let wrong = InstantiateMsg { treasury: Some("nowhere".into()), ..msg };
    assert!(matches!(start(&wrong, &[]), Err(ContractError::Std(_))));
}

#[test]
fn coins_that_exceed_the_ledger_are_refused() {
    let mut at = start();
    let deposit = || ExecuteMsg::Deposit { account: None };
    let huge = Coin { denom: "ucap".into(), amount: cosmwasm_std::Uint256::MAX };
    assert!(matches!(
        pay(&mut at, "alice", deposit(), &[huge]),
        Err(ContractError::Money(MoneyError::HugeAmount { .. }))
    ));
    pay(&mut at, "alice", deposit(), &[coin(u128::MAX, "ucap")]).unwrap();
    assert!(matches!(
        pay(&mut at, "alice", deposit(), &[coin(1, "ucap")]),
        Err(ContractError::Broken(_))
    ));
}
