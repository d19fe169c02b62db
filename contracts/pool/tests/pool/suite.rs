//! A chain with registry, escrow, standings, a market and a pool; invariants of pool and escrow, and that they agree
//! on the money, are checked before and after every message.

use crate::market::{self, Init, Msg as Market};
use caplet_api::auction::OfferInput;
use caplet_api::escrow::{
    self, BalanceResponse, CloseInput, CloseReason, FeeSchedule, LeaseResponse,
};
use caplet_api::pool::{
    ExecuteMsg, InstantiateMsg, MemberResponse, MoneyResponse, PromiseResponse, QueryMsg, Rules,
};
use caplet_api::registry::{self, DeviceStatus};
use caplet_protocol::{AssetId, Bps, DeviceId, Domain, Lots, MarketId};
use caplet_testkit::orders;
use caplet_testkit::standings::Set;
pub(crate) use caplet_testkit::world::Outcome;
use caplet_testkit::world::{Begin, World};
use cosmwasm_schema::serde::{Serialize, de::DeserializeOwned};
use cosmwasm_std::{Addr, Empty, Uint128, coin};
use cw_multi_test::{App, Contract, ContractWrapper, Executor, IntoAddr};
use std::fmt::Debug;

pub(crate) const UCAP: AssetId = AssetId(1);
pub(crate) const MARKET: MarketId = MarketId(1);
pub(crate) const RICHES: u128 = 1_000_000;

pub(crate) const ALICE: DeviceId = DeviceId(1);
pub(crate) const BOB: DeviceId = DeviceId(2);
pub(crate) const CAROL: DeviceId = DeviceId(3);
pub(crate) const DAVE: DeviceId = DeviceId(4);
pub(crate) const ERIN: DeviceId = DeviceId(5);
/// Erin's second.
pub(crate) const ERIN_TOO: DeviceId = DeviceId(6);
pub(crate) const FRANK: DeviceId = DeviceId(7);
pub(crate) const GRACE: DeviceId = DeviceId(8);
/// What the pool sells as.
pub(crate) const POOL: DeviceId = DeviceId(9);

pub(crate) const OWNERS: [&str; 8] =
    ["alice", "bob", "carol", "dave", "erin", "erin", "frank", "grace"];
/// Gateways by device.
const GATEWAYS: [&str; 8] = ["gw1", "gw1", "gw1", "gw2", "gw3", "gw4", "gw5", "gw1"];

pub(crate) const EPOCH: u64 = 86_400;
pub(crate) const ANSWER: u64 = 30;
pub(crate) const HOLD: u64 = 10 * 86_400;

pub(crate) fn rules() -> Rules {
    Rules {
        spares: 1,
        ready: Bps(2_000),
        stake: 100u64.into(),
        penalty: Bps(1_000),
        epoch_secs: EPOCH as u32,
        answer_secs: ANSWER as u32,
        hold_secs: HOLD as u32,
        reliability: vec![Bps(9_000), Bps(9_500), Bps(9_900)],
    }
}

pub(crate) struct Suite {
    pub(crate) app: App,
    registry: Addr,
    pub(crate) escrow: Addr,
    pub(crate) reputation: Addr,
    pub(crate) market: Addr,
    pub(crate) pool: Addr,
    pub(crate) escrow_domain: Domain,
}

const PEOPLE: [&str; 8] = ["alice", "bob", "carol", "dave", "erin", "frank", "grace", "keeper"];

/// The world that a pool lives in, before there is one.
pub(crate) fn world() -> World {
    let fees = FeeSchedule { protocol: Bps(100), keeper: Bps(50) };
    let begin = Begin { people: &PEOPLE, riches: RICHES, fees, token: false, aligned: EPOCH };
    let mut world = World::new(begin);
    let devices: Vec<_> = OWNERS.into_iter().zip(GATEWAYS).collect();
    world.enrol(&["keeper"], &["gw1", "gw2", "gw3", "gw4", "gw5"], &devices);
    world.deposit(&PEOPLE[..7], RICHES);
    world
}

/// Parameters of a pool over an auction.
pub(crate) fn init(world: &World, auction: &Addr) -> InstantiateMsg {
    InstantiateMsg {
        owner: None,
        manager: "manager".into_addr().to_string(),
        registry: world.registry.to_string(),
        escrow: world.escrow.to_string(),
        reputation: world.reputation.to_string(),
        auction: auction.to_string(),
        market: MARKET,
        rules: rules(),
    }
}

/// The code of pools.
pub(crate) fn code() -> Box<dyn Contract<Empty>> {
    use caplet_pool::contract::{execute, instantiate, migrate, query};
    Box::new(ContractWrapper::new(execute, instantiate, query).with_migrate(migrate))
}

/// A pool over an auction, with its device registered.
pub(crate) fn add_pool(world: &mut World, auction: &Addr) -> Addr {
    let init = init(world, auction);
    let pool = world.add(code(), &init, "pool");
    world.register(POOL, &pool, "gw1");
    world.openers(&[auction, &pool]);
    pool
}

impl Suite {
    /// A pool that sells as a device of its own; nobody has joined.
    pub(crate) fn new() -> Self {
        let mut world = world();
        let init = Init { escrow: world.escrow.to_string() };
        let market = world.add(market::code(), &init, "market");
        let pool = add_pool(&mut world, &market);
        let World { app, registry, escrow, reputation, escrow_domain, .. } = world;
        let mut suite = Self { app, registry, escrow, reputation, market, pool, escrow_domain };
        suite.send("manager", &ExecuteMsg::Bind { device: POOL }).unwrap();
        suite
    }

    // time

    pub(crate) fn now(&self) -> u64 {
        self.app.block_info().time.seconds()
    }

    pub(crate) fn wait(&mut self, seconds: u64) {
        self.app.update_block(|block| {
            block.time = block.time.plus_seconds(seconds);
            block.height += 1 + seconds / 5;
        });
    }

    // messages

    fn raw<T: Serialize + Debug>(&mut self, sender: &str, to: &Addr, msg: &T) -> Outcome {
        let result = self.app.execute_contract(sender.into_addr(), to.clone(), msg, &[]);
        result.map(|response| response.events).map_err(|error| error.to_string())
    }

    fn carry_out<T: Serialize + Debug>(&mut self, sender: &str, to: &Addr, msg: &T) -> Outcome {
        self.hold();
        let all = [&self.pool, &self.escrow, &self.market];
        let before = all.map(|of| self.app.dump_wasm_raw(of));
        let result = self.raw(sender, to, msg);
        self.hold();
        if result.is_err() {
            let all = [&self.pool, &self.escrow, &self.market];
            let after = all.map(|of| self.app.dump_wasm_raw(of));
            assert!(before == after, "a refusal changed state: {msg:?}");
        }
        result.map(|events| {
            events.into_iter().filter(|event| event.ty.starts_with("wasm-")).collect()
        })
    }

    pub(crate) fn send(&mut self, sender: &str, msg: &ExecuteMsg) -> Outcome {
        let pool = self.pool.clone();
        self.carry_out(sender, &pool, msg)
    }

    pub(crate) fn tell_market(&mut self, msg: &Market) -> Outcome {
        let market = self.market.clone();
        self.carry_out("keeper", &market, msg)
    }

    pub(crate) fn tell_escrow(&mut self, sender: &str, msg: &escrow::ExecuteMsg) -> Outcome {
        let escrow = self.escrow.clone();
        self.carry_out(sender, &escrow, msg)
    }

    pub(crate) fn stand(&mut self, device: DeviceId, tier: u8, suspended: bool) {
        let (reputation, device) = (self.reputation.clone(), device.0);
        self.carry_out("governance", &reputation, &Set { device, tier, suspended }).unwrap();
    }

    /// Its owner freezes, thaws or retires a device.
    pub(crate) fn set_status(&mut self, device: DeviceId, status: DeviceStatus) {
        let registry = self.registry.clone();
        let msg = registry::ExecuteMsg::SetStatus { device, status };
        self.carry_out(owner(device), &registry, &msg).unwrap();
    }

    /// Runs the invariants of both contracts; they must agree on stakes and on what is owed.
    pub(crate) fn hold(&self) {
        let storage = self.app.contract_storage(&self.pool);
        let expected = caplet_pool::invariants::check(&*storage).unwrap();
        drop(storage);
        let held = |asset| {
            let msg = escrow::QueryMsg::Ledger { asset };
            self.ask_escrow::<escrow::LedgerResponse>(&msg).held.u128()
        };
        caplet_escrow::invariants::check(&*self.app.contract_storage(&self.escrow), held).unwrap();
        for name in ["alice", "bob", "carol", "dave", "erin", "frank", "grace"] {
            let own = |(device, _): &(&DeviceId, &u64)| owner(**device) == name;
            let stakes: u64 = expected.stakes.iter().filter(own).map(|(_, stake)| *stake).sum();
            let ordered = self.balance(&name.into_addr()).ordered.u128();
            assert_eq!(ordered, u128::from(stakes), "{name}: ordered, and staked");
        }
        let free = self.balance(&self.pool).free.u128();
        assert!(free >= expected.owed.into(), "the pool has {free}, it owes {}", expected.owed);
    }

    fn ask_escrow<T: DeserializeOwned>(&self, msg: &escrow::QueryMsg) -> T {
        self.app.wrap().query_wasm_smart(&self.escrow, msg).unwrap()
    }

    pub(crate) fn balance(&self, address: &Addr) -> BalanceResponse {
        let address = address.to_string();
        self.ask_escrow(&escrow::QueryMsg::Balance { address, asset: UCAP })
    }

    /// What an address has outside escrow.
    pub(crate) fn wallet(&self, name: &str) -> u128 {
        let coin = self.app.wrap().query_balance(name.into_addr(), "ucap").unwrap();
        Uint128::try_from(coin.amount).unwrap().u128()
    }

    pub(crate) fn lease(&self, lease: u64) -> LeaseResponse {
        self.ask_escrow(&escrow::QueryMsg::Lease { lease: lease.into() })
    }

    pub(crate) fn ask<T: DeserializeOwned>(&self, msg: &QueryMsg) -> Result<T, String> {
        self.app.wrap().query_wasm_smart(&self.pool, msg).map_err(|error| error.to_string())
    }

    pub(crate) fn member(&self, device: DeviceId) -> MemberResponse {
        self.ask(&QueryMsg::Member { device }).unwrap()
    }

    pub(crate) fn earned(&self, device: DeviceId) -> u64 {
        self.member(device).earned.u64()
    }

    pub(crate) fn promise(&self) -> PromiseResponse {
        self.ask(&QueryMsg::Promise {}).unwrap()
    }

    pub(crate) fn money(&self) -> MoneyResponse {
        self.ask(&QueryMsg::Money {}).unwrap()
    }

    // stories

    pub(crate) fn join(&mut self, device: DeviceId, lots: u16, cost: u64) -> Outcome {
        let msg = ExecuteMsg::Join { device, lots: Lots(lots), cost: cost.into() };
        self.send(owner(device), &msg)
    }

    pub(crate) fn admit(&mut self, device: DeviceId) -> Outcome {
        self.send("keeper", &ExecuteMsg::Admit { device })
    }

    /// Members with lots, from now on.
    pub(crate) fn with(members: &[(DeviceId, u16)]) -> Self {
        let mut suite = Self::new();
        for (device, lots) in members {
            suite.join(*device, *lots, 10).unwrap();
        }
        suite.wait(EPOCH);
        for (device, _) in members {
            suite.admit(*device).unwrap();
        }
        suite
    }

    pub(crate) fn offer(&mut self, lots: u16) -> Outcome {
        let plain = orders::offer(ALICE, 1, 100, 0, self.now() + 100);
        let offer = OfferInput { batch: Lots(lots), ..plain };
        self.send("manager", &ExecuteMsg::Offer { offers: vec![offer] })
    }

    /// A lease of the pool at 100 a lot, for Alice.
    pub(crate) fn sell(&mut self, lots: u16) -> u64 {
        self.sell_of(POOL, lots)
    }

    pub(crate) fn sell_of(&mut self, provider: DeviceId, lots: u16) -> u64 {
        let (consumer, provider) = (ALICE.0, provider.0);
        let msg = Market::Spot { market: MARKET, consumer, provider, price: 100, lots };
        let events = self.tell_market(&msg).unwrap();
        let opened =
            events.iter().find_map(|e| caplet_api::event::LeasesOpened::try_from(e).ok()).unwrap();
        opened.leases[0]
    }

    /// Lots of the pool come to a lease of Alice's.
    pub(crate) fn grow(&mut self, lease: u64, lots: u16) -> Outcome {
        let (consumer, provider) = (ALICE.0, POOL.0);
        let msg = Market::Grow { market: MARKET, consumer, provider, price: 100, lots, lease };
        self.tell_market(&msg)
    }

    pub(crate) fn assign(&mut self, lease: u64) -> Result<DeviceId, String> {
        let leases = vec![lease.into()];
        let events = self.send("keeper", &ExecuteMsg::Assign { leases })?;
        let served = events.iter().find_map(|e| caplet_api::event::LeaseServed::try_from(e).ok());
        Ok(DeviceId(served.unwrap().member))
    }

    pub(crate) fn count(&mut self, lease: u64) -> Outcome {
        self.send("keeper", &ExecuteMsg::Account { leases: vec![lease.into()] })
    }

    /// Redeems an amount of a lease.
    pub(crate) fn pay(&mut self, lease: u64, amount: u64) {
        let voucher = orders::voucher(&self.escrow_domain, ALICE, lease, amount);
        self.tell_escrow("keeper", &escrow::ExecuteMsg::Redeem { voucher }).unwrap();
    }

    /// The consumer closes a lease and it is swept.
    pub(crate) fn close(&mut self, lease: u64) {
        let reason = CloseReason::ConsumerClosed;
        let items = vec![CloseInput { lease: lease.into(), reason, signature: None }];
        self.tell_escrow("alice", &escrow::ExecuteMsg::Close { items }).unwrap();
        self.wait(120);
        let leases = vec![lease.into()];
        self.tell_escrow("keeper", &escrow::ExecuteMsg::Sweep { leases }).unwrap();
    }

    /// Income of the pool that no lease brought.
    pub(crate) fn donate(&mut self, amount: u128) {
        let deposit = escrow::ExecuteMsg::Deposit { account: Some(self.pool.to_string()) };
        let (escrow, coins) = (self.escrow.clone(), [coin(amount, "ucap")]);
        self.app.execute_contract("alice".into_addr(), escrow, &deposit, &coins).unwrap();
    }
}

/// Whose a device is.
pub(crate) fn owner(device: DeviceId) -> &'static str {
    OWNERS[device.0 as usize - 1]
}

/// What the pool gets of a redeemed amount: 1.5 % are fees.
pub(crate) fn net(amount: u64) -> u64 {
    amount - amount * 150 / 10_000
}

/// Passes a refusal that says all of this.
pub(crate) fn refused(outcome: Outcome, says: &[&str]) {
    let text = outcome.unwrap_err();
    for what in says {
        assert!(text.contains(what), "{text:?} does not say {what:?}");
    }
}
