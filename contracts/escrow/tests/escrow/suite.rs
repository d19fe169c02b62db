//! A chain with registry, escrow and tokens; invariants are checked before and after every message.

use crate::parties::{Signer, signer};
use crate::token::{self, Start};
use caplet_api::cw20::{Cw20BalanceResponse, Cw20QueryMsg};
use caplet_api::escrow::{
    AssetInput, AssetKind, AssetsResponse, BalanceResponse, CloseInput, CloseReason, ExecuteMsg,
    FeeSchedule, InstantiateMsg, ItemResult, LeaseResponse, LeaseState, LedgerResponse, QueryMsg,
    ReceiveMsg, Terms,
};
use caplet_api::event::{LeasesOpened, Settled};
use caplet_api::layout::PLACED_BY_OWNER;
use caplet_api::packed::{LockItem, OpenItem, UnlockItem, VoucherItem};
use caplet_api::registry;
use caplet_escrow::contract;
use caplet_escrow::invariants::{self, Standing};
use caplet_protocol::layout::Voucher;
use caplet_protocol::{AccountId, AssetId, Bps, DeviceId, Domain, LeaseId, MarketId};
use cosmwasm_schema::serde::de::DeserializeOwned;
use cosmwasm_std::{Addr, Coin, Event, Uint128, coin, to_json_binary};
use cw_multi_test::{App, AppBuilder, ContractWrapper, Executor, IntoAddr};
use std::collections::BTreeMap;

/// What a message came to: its events, or the text of the refusal.
pub(crate) type Outcome = Result<Vec<Event>, String>;

/// Native, 6 decimals.
pub(crate) const UCAP: AssetId = AssetId(1);
/// `ibc/...`, 8 decimals.
pub(crate) const IBC: AssetId = AssetId(2);
/// CW20, 18 decimals.
pub(crate) const TOKEN: AssetId = AssetId(3);
/// CW20 that takes a tax of 10 %.
pub(crate) const TAXED: AssetId = AssetId(4);
pub(crate) const IBC_DENOM: &str =
    "ibc/27394FB092D2ECCD56123C74F36E4C1F926001CEADA9CA97EA622B25F41E5EB2";
/// What everybody has of every asset, outside.
pub(crate) const RICHES: u128 = 1_000_000_000_000;

/// Alice's consumer.
pub(crate) const ALICE: u32 = 1;
/// Bob's consumer.
pub(crate) const BOB: u32 = 2;
/// Carol's provider on gateway `gw1`.
pub(crate) const CAROL: u32 = 3;
/// Dave's provider on gateway `gw2`.
pub(crate) const DAVE: u32 = 4;
/// Owners by device.
const OWNERS: [&str; 4] = ["alice", "bob", "carol", "dave"];

pub(crate) const FEES: FeeSchedule = FeeSchedule { protocol: Bps(100), keeper: Bps(50) };
pub(crate) const BOND: u64 = 7;
pub(crate) const EXPOSURE: u64 = 200;
pub(crate) const SETTLE_SECS: u32 = 600;
pub(crate) const SETTLE_BLOCKS: u32 = 20;
pub(crate) const NOTICE_SECS: u32 = 100;
/// Seconds a lease runs from its opening.
pub(crate) const LEASE_SECS: u64 = 3_600;

pub(crate) struct Suite {
    pub(crate) app: App,
    pub(crate) registry: Addr,
    pub(crate) escrow: Addr,
    pub(crate) tokens: [Addr; 2],
    pub(crate) domain: Domain,
    pub(crate) registry_domain: Domain,
    pub(crate) keys: BTreeMap<u32, Signer>,
    /// What the helpers pay with.
    pub(crate) asset: AssetId,
    standings: BTreeMap<LeaseId, Standing>,
}

fn domain(app: &App, contract: &Addr) -> Domain {
    let block = app.block_info();
    Domain::of(&block.chain_id, contract.as_str(), block.height, block.time.nanos())
}

pub(crate) fn native(denom: &str, symbol: &str, decimals: u8) -> AssetInput {
    let kind = AssetKind::Native { denom: denom.into() };
    AssetInput { kind, symbol: symbol.into(), decimals }
}

pub(crate) fn cw20(address: &Addr, symbol: &str, decimals: u8) -> AssetInput {
    let kind = AssetKind::Cw20 { address: address.to_string() };
    AssetInput { kind, symbol: symbol.into(), decimals }
}

fn names() -> Vec<&'static str> {
    let mut names = OWNERS.to_vec();
    names.extend(["gw1", "gw2", "relayer", "sweeper", "stranger"]);
    names
}

impl Suite {
    /// Everything wired, nobody has deposited.
    pub(crate) fn new() -> Self {
        Self::with_treasury(None)
    }

    pub(crate) fn with_treasury(treasury: Option<&str>) -> Self {
        let mut app = AppBuilder::new().build(|router, _, storage| {
            for name in names() {
                let coins = vec![coin(RICHES, IBC_DENOM), coin(RICHES, "ucap"), coin(9, "uother")];
                router.bank.init_balance(storage, &name.into_addr(), coins).unwrap();
            }
        });
        let governance = "governance".into_addr();
        let registry = registry_contract(&mut app, &governance);
        let registry_domain = domain(&app, &registry);
        let tokens = [0u128, 10].map(|tax| token_contract(&mut app, &governance, tax));
        let wrapper =
            ContractWrapper::new(contract::execute, contract::instantiate, contract::query)
                .with_migrate(contract::migrate);
        let code = app.store_code(Box::new(wrapper));
        let msg = InstantiateMsg {
            owner: None,
            registry: registry.to_string(),
            assets: vec![
                native("ucap", "CAP", 6),
                native(IBC_DENOM, "ATOM", 8),
                cw20(&tokens[0], "TOK", 18),
                cw20(&tokens[1], "TAX", 2),
            ],
            fees: FEES,
            treasury: treasury.map(|name| name.into_addr().to_string()),
        };
        let admin = Some(governance.to_string());
        let escrow =
            app.instantiate_contract(code, governance.clone(), &msg, &[], "escrow", admin).unwrap();
        let domain = domain(&app, &escrow);
        let mut suite = Self {
            app,
            registry,
            escrow,
            tokens,
            domain,
            registry_domain,
            keys: BTreeMap::new(),
            asset: UCAP,
            standings: BTreeMap::new(),
        };
        suite.enrol();
        let openers = vec!["opener".into_addr().to_string()];
        suite.send("governance", &ExecuteMsg::SetOpeners { openers }).unwrap();
        suite
    }

    /// Gateways, devices, accounts.
    fn enrol(&mut self) {
        for name in ["gw1", "gw2", "relayer", "sweeper"] {
            self.open_account(name);
        }
        for gateway in ["gw1", "gw2"] {
            let account = self.account(gateway).unwrap();
            let late = self.now() + 1_000_000_000;
            let input = signer(gateway).endpoint(&self.registry_domain, account, late);
            self.tell_registry(gateway, &registry::ExecuteMsg::RegisterGateway(input)).unwrap();
        }
        for (index, owner) in OWNERS.into_iter().enumerate() {
            let (device, gateway) = (index as u32 + 1, if index == 3 { "gw2" } else { "gw1" });
            let key = signer(&format!("device {device}"));
            let input = key.registration(
                &self.registry_domain,
                owner.into_addr().as_str(),
                gateway.into_addr().as_str(),
            );
            self.keys.insert(device, key);
            let msg = registry::ExecuteMsg::Register { devices: vec![input] };
            self.tell_registry("relayer", &msg).unwrap();
        }
    }

    /// Everybody who pays has deposited and lets its device commit everything.
    pub(crate) fn funded() -> Self {
        Self::funded_in(UCAP)
    }

    pub(crate) fn funded_in(asset: AssetId) -> Self {
        let mut suite = Self::new();
        suite.asset = asset;
        for (device, name) in [(ALICE, "alice"), (BOB, "bob")] {
            suite.deposit(name, asset, 1_000_000).unwrap();
            suite.authorise(name, device, asset, u64::MAX / 2).unwrap();
        }
        suite
    }

    // time

    pub(crate) fn now(&self) -> u64 {
        self.app.block_info().time.seconds()
    }

    /// Seconds and blocks pass; every block takes 5 s in the settle window's own measure.
    pub(crate) fn wait(&mut self, seconds: u64, blocks: u64) {
        self.app.update_block(|block| {
            block.time = block.time.plus_seconds(seconds);
            block.height += blocks;
        });
    }

    // messages

    pub(crate) fn tell_registry(&mut self, sender: &str, msg: &registry::ExecuteMsg) -> Outcome {
        let registry = self.registry.clone();
        self.carry_out(sender, |app, sender| app.execute_contract(sender, registry, msg, &[]))
    }

    pub(crate) fn tell_token(
        &mut self,
        sender: &str,
        which: usize,
        msg: &token::TokenMsg,
    ) -> Outcome {
        let token = self.tokens[which].clone();
        self.carry_out(sender, |app, sender| app.execute_contract(sender, token, msg, &[]))
    }

    pub(crate) fn send(&mut self, sender: &str, msg: &ExecuteMsg) -> Outcome {
        self.pay(sender, msg, &[])
    }

    pub(crate) fn pay(&mut self, sender: &str, msg: &ExecuteMsg, coins: &[Coin]) -> Outcome {
        let escrow = self.escrow.clone();
        self.carry_out(sender, |app, sender| app.execute_contract(sender, escrow, msg, coins))
    }

    fn carry_out(
        &mut self,
        sender: &str,
        act: impl FnOnce(&mut App, Addr) -> Result<cw_multi_test::AppResponse, cosmwasm_std::StdError>,
    ) -> Outcome {
        self.hold();
        let before = self.app.dump_wasm_raw(&self.escrow);
        let result = act(&mut self.app, sender.into_addr());
        self.hold();
        match result {
            Ok(response) => {
                let ours = |event: &Event| event.ty.starts_with("wasm-");
                Ok(response.events.into_iter().filter(ours).collect())
            }
            Err(error) => {
                assert!(self.app.dump_wasm_raw(&self.escrow) == before, "a refusal changed state");
                Err(error.to_string())
            }
        }
    }

    /// Runs the invariants, and compares every lease with where it stood before.
    pub(crate) fn hold(&mut self) {
        let storage = self.app.contract_storage(&self.escrow);
        let now = invariants::check(&*storage, |asset| self.held(asset)).unwrap();
        for (lease, before) in &self.standings {
            let after = now[lease];
            assert!(after.redeemed >= before.redeemed, "lease {lease}: redeemed fell");
            assert!(after.cap <= before.cap, "lease {lease}: its cap rose");
            assert!(after.state as u8 >= before.state as u8, "lease {lease}: its state went back");
            if before.state as u8 == 3 {
                assert_eq!(&after, before, "lease {lease} changed after it was closed");
            }
        }
        drop(storage);
        self.standings = now;
    }

    pub(crate) fn held(&self, asset: AssetId) -> u128 {
        self.outside(&self.escrow, asset)
    }

    /// What an address has outside the escrow.
    pub(crate) fn outside(&self, address: &Addr, asset: AssetId) -> u128 {
        let wrap = self.app.wrap();
        let accepted: AssetsResponse = self.ask(&QueryMsg::Assets {}).unwrap();
        let denom = match &accepted.assets[usize::from(asset.0) - 1].kind {
            AssetKind::Native { denom } => denom,
            AssetKind::Cw20 { address: token } => {
                let msg = Cw20QueryMsg::Balance { address: address.to_string() };
                let answer: Cw20BalanceResponse = wrap.query_wasm_smart(token, &msg).unwrap();
                return answer.balance.u128();
            }
        };
        Uint128::try_from(wrap.query_balance(address, denom).unwrap().amount).unwrap().u128()
    }

    // questions

    pub(crate) fn ask<T: DeserializeOwned>(&self, msg: &QueryMsg) -> Result<T, String> {
        self.app.wrap().query_wasm_smart(&self.escrow, msg).map_err(|error| error.to_string())
    }

    pub(crate) fn account(&self, name: &str) -> Option<AccountId> {
        let key = caplet_api::layout::account_key(name.into_addr().as_str());
        let bytes = self.app.wrap().query_wasm_raw(&self.registry, key).unwrap()?;
        Some(AccountId(u32::from_be_bytes(bytes.try_into().unwrap())))
    }

    pub(crate) fn balance(&self, name: &str, asset: AssetId) -> BalanceResponse {
        self.ask(&QueryMsg::Balance { address: name.into_addr().to_string(), asset }).unwrap()
    }

    pub(crate) fn free(&self, name: &str) -> u128 {
        self.balance(name, self.asset).free.u128()
    }

    pub(crate) fn ordered(&self, name: &str) -> u128 {
        self.balance(name, self.asset).ordered.u128()
    }

    pub(crate) fn ledger(&self, asset: AssetId) -> LedgerResponse {
        self.ask(&QueryMsg::Ledger { asset }).unwrap()
    }

    pub(crate) fn lease(&self, lease: u64) -> LeaseResponse {
        self.ask(&QueryMsg::Lease { lease: lease.into() }).unwrap()
    }

    pub(crate) fn state(&self, lease: u64) -> (LeaseState, Option<CloseReason>) {
        let lease = self.lease(lease);
        (lease.state, lease.reason)
    }

    pub(crate) fn redeemed(&self, lease: u64) -> u64 {
        self.lease(lease).lanes.iter().map(|lane| lane.redeemed.u64()).sum()
    }

    pub(crate) fn allowance(&self, device: u32) -> (u64, u64) {
        let msg = QueryMsg::Allowance { device: DeviceId(device), asset: self.asset };
        let answer: caplet_api::escrow::AllowanceResponse = self.ask(&msg).unwrap();
        (answer.limit.u64(), answer.committed.u64())
    }

    // verbs

    pub(crate) fn open_account(&mut self, name: &str) {
        self.tell_registry(name, &registry::ExecuteMsg::OpenAccount { address: None }).unwrap();
    }

    pub(crate) fn deposit(&mut self, name: &str, asset: AssetId, amount: u128) -> Outcome {
        let denom = match asset {
            UCAP => "ucap",
            IBC => IBC_DENOM,
            _ => {
                let msg = to_json_binary(&ReceiveMsg::Deposit { account: None }).unwrap();
                let (contract, amount) = (self.escrow.to_string(), amount.into());
                let send = token::TokenMsg::Send { contract, amount, msg };
                return self.tell_token(name, usize::from(asset.0) - 3, &send);
            }
        };
        self.pay(name, &ExecuteMsg::Deposit { account: None }, &[coin(amount, denom)])
    }

    pub(crate) fn withdraw(&mut self, name: &str, asset: AssetId, amount: Option<u128>) -> Outcome {
        let msg = ExecuteMsg::Withdraw { asset, amount: amount.map(Into::into), to: None };
        self.send(name, &msg)
    }

    pub(crate) fn authorise(
        &mut self,
        name: &str,
        device: u32,
        asset: AssetId,
        limit: u64,
    ) -> Outcome {
        let device = DeviceId(device);
        self.send(name, &ExecuteMsg::Authorise { device, asset, limit: limit.into() })
    }

    pub(crate) fn lock(&mut self, items: &[LockItem]) -> Outcome {
        let relayer = "relayer".into_addr().to_string();
        let items = LockItem::pack(items).into();
        self.send("opener", &ExecuteMsg::Lock { asset: self.asset, relayer, items })
    }

    pub(crate) fn unlock(&mut self, beneficiary: Option<&str>, items: &[UnlockItem]) -> Outcome {
        let beneficiary = beneficiary.map(|name| name.into_addr().to_string());
        let items = UnlockItem::pack(items).into();
        self.send("opener", &ExecuteMsg::Unlock { asset: self.asset, beneficiary, items })
    }

    pub(crate) fn terms(&self) -> Terms {
        Terms {
            market: MarketId(1),
            epoch: 1,
            asset: self.asset,
            start: self.now().into(),
            end: (self.now() + LEASE_SECS).into(),
            lot_units: 100u64.into(),
            settle_secs: SETTLE_SECS,
            settle_blocks: SETTLE_BLOCKS,
            notice_secs: NOTICE_SECS,
            exposure_cap: EXPOSURE.into(),
            close_bond: BOND.into(),
        }
    }

    pub(crate) fn open(&mut self, terms: Terms, items: &[OpenItem]) -> Outcome {
        let beneficiary = Some("relayer".into_addr().to_string());
        let items = OpenItem::pack(items).into();
        self.send("opener", &ExecuteMsg::Open { terms, beneficiary, items })
    }

    /// Opens a lease of one lot through the order book's path and returns its number.
    pub(crate) fn lease_between(&mut self, consumer: u32, provider: u32, price: u64) -> u64 {
        self.lease_flagged(consumer, provider, price, 0)
    }

    pub(crate) fn lease_flagged(
        &mut self,
        consumer: u32,
        provider: u32,
        price: u64,
        flags: u8,
    ) -> u64 {
        let unlock = price + BOND;
        let lock = LockItem { device: consumer, amount: unlock, relay_fee: 0, flags };
        self.lock(&[lock]).unwrap();
        let item = open_item(consumer, provider, price, unlock);
        let terms = self.terms();
        opened(self.open(terms, &[OpenItem { flags, ..item }]).unwrap())[0]
    }

    /// A plain voucher signed by the present key of a device.
    pub(crate) fn voucher(&self, consumer: u32, lease: u64, amount: u128) -> VoucherItem {
        self.keys[&consumer].voucher(&self.domain, plain(lease, amount))
    }

    pub(crate) fn settle(&mut self, sender: &str, items: &[VoucherItem]) -> Vec<(ItemResult, u64)> {
        let vouchers = VoucherItem::pack(items).into();
        results(&self.send(sender, &ExecuteMsg::Settle { vouchers }).unwrap())
    }

    pub(crate) fn close(&mut self, sender: &str, lease: u64, reason: CloseReason) -> Outcome {
        self.send(sender, &ExecuteMsg::Close { items: vec![unsigned(lease, reason)] })
    }

    /// Closes with the statement of a device's present key.
    pub(crate) fn close_signed(
        &mut self,
        sender: &str,
        signer: u32,
        lease: u64,
        reason: CloseReason,
    ) -> Outcome {
        self.send(sender, &ExecuteMsg::Close { items: vec![self.statement(signer, lease, reason)] })
    }

    /// Finishes with the statement of a device's present key.
    pub(crate) fn finish_signed(
        &mut self,
        sender: &str,
        signer: u32,
        lease: u64,
        reason: CloseReason,
    ) -> Outcome {
        self.send(
            sender,
            &ExecuteMsg::Finish { items: vec![self.statement(signer, lease, reason)] },
        )
    }

    pub(crate) fn statement(&self, signer: u32, lease: u64, reason: CloseReason) -> CloseInput {
        let signature = self.keys[&signer].closing(&self.domain, lease, reason);
        CloseInput { signature: Some(signature), ..unsigned(lease, reason) }
    }

    /// Freezes, thaws or retires a device.
    pub(crate) fn set_status(&mut self, device: u32, status: registry::DeviceStatus) {
        let owner = OWNERS[device as usize - 1];
        let msg = registry::ExecuteMsg::SetStatus { device: DeviceId(device), status };
        self.tell_registry(owner, &msg).unwrap();
    }

    /// The settle window passes.
    pub(crate) fn wait_window(&mut self) {
        self.wait(SETTLE_SECS.into(), SETTLE_BLOCKS.into());
    }

    pub(crate) fn finish(&mut self, sender: &str, lease: u64, reason: CloseReason) -> Outcome {
        self.send(sender, &ExecuteMsg::Finish { items: vec![unsigned(lease, reason)] })
    }

    pub(crate) fn notice(&mut self, sender: &str, lease: u64) -> Outcome {
        self.send(sender, &ExecuteMsg::Notice { leases: vec![lease.into()] })
    }

    pub(crate) fn poke(&mut self, sender: &str, lease: u64) -> Outcome {
        self.send(sender, &ExecuteMsg::Poke { leases: vec![lease.into()] })
    }

    pub(crate) fn sweep(&mut self, sender: &str, lease: u64) -> Outcome {
        self.send(sender, &ExecuteMsg::Sweep { leases: vec![lease.into()] })
    }

    /// The owner rotates a device's key; the suite signs with the new one from now on.
    pub(crate) fn rotate(&mut self, device: u32, epoch: u32, compromised: bool) -> Signer {
        let key = signer(&format!("device {device} epoch {epoch}"));
        let input = key.rotation(&self.registry_domain, DeviceId(device), epoch, compromised);
        let owner = OWNERS[device as usize - 1];
        self.tell_registry(owner, &registry::ExecuteMsg::Rotate(input)).unwrap();
        self.keys.insert(device, key).unwrap()
    }
}

fn registry_contract(app: &mut App, governance: &Addr) -> Addr {
    use caplet_registry::contract;
    let wrapper = ContractWrapper::new(contract::execute, contract::instantiate, contract::query);
    let code = app.store_code(Box::new(wrapper));
    let msg = registry::InstantiateMsg { owner: None };
    app.instantiate_contract(code, governance.clone(), &msg, &[], "registry", None).unwrap()
}

fn token_contract(app: &mut App, governance: &Addr, tax: u128) -> Addr {
    let code = app.store_code(token::contract());
    let rich = |name: &str| (name.into_addr().to_string(), RICHES.into());
    let msg = Start { balances: names().into_iter().map(rich).collect(), tax: tax.into() };
    app.instantiate_contract(code, governance.clone(), &msg, &[], "token", None).unwrap()
}

pub(crate) fn plain(lease: u64, amount: u128) -> Voucher {
    Voucher { lease: LeaseId(lease), amount, units: 1, ..Voucher::default() }
}

pub(crate) fn open_item(consumer: u32, provider: u32, price: u64, unlock: u64) -> OpenItem {
    OpenItem { consumer, provider, price, lots: 1, unlock, ..OpenItem::default() }
}

pub(crate) fn lock_item(device: u32, amount: u64) -> LockItem {
    LockItem { device, amount, ..LockItem::default() }
}

pub(crate) fn by_owner(item: LockItem) -> LockItem {
    LockItem { flags: PLACED_BY_OWNER, ..item }
}

pub(crate) fn unsigned(lease: u64, reason: CloseReason) -> CloseInput {
    CloseInput { lease: lease.into(), reason, signature: None }
}

/// Leases that the events say were opened.
pub(crate) fn opened(events: Vec<Event>) -> Vec<u64> {
    events.iter().find_map(|event| LeasesOpened::try_from(event).ok()).unwrap().leases
}

/// What the events say became of each voucher.
pub(crate) fn results(events: &[Event]) -> Vec<(ItemResult, u64)> {
    let settled = events.iter().find_map(|event| Settled::try_from(event).ok()).unwrap();
    let results = settled.results.iter().map(|r| ItemResult::from_u8(*r as u8).unwrap());
    results.zip(settled.paid).collect()
}

/// The events of a type, decoded.
pub(crate) fn events<T: for<'a> TryFrom<&'a Event>>(from: &[Event]) -> Vec<T> {
    from.iter().filter_map(|event| T::try_from(event).ok()).collect()
}

/// Asserts that a message was refused for this reason.
#[track_caller]
pub(crate) fn refused(outcome: Outcome, reason: &str) {
    let error = outcome.expect_err("the message should have been refused");
    assert!(error.contains(reason), "refused for another reason: {error}");
}
