//! A chain with registry, escrow, a token, standings, a market and futures; invariants of futures and escrow, and
//! that they agree on the money account by account, are checked before and after every message.

use crate::market::{self, Init, Msg as Market, SLOT};
use caplet_api::escrow::{
    self, BalanceResponse, CloseInput, CloseReason, FeeSchedule, LeaseResponse,
};
use caplet_api::event::{FutureExercised, LeasesOpened};
use caplet_api::futures::{
    ExecuteMsg, InstantiateMsg, IssueInput, MarkResponse, PositionResponse, QueryMsg, Rules, Sale,
    SeriesResponse,
};
use caplet_api::registry;
use caplet_protocol::{AssetId, Bps, DeviceId, Domain, Lots, MarketId};
use caplet_testkit::orders;
use caplet_testkit::standings::Set;
pub(crate) use caplet_testkit::world::Outcome;
use caplet_testkit::world::{Begin, World};
use cosmwasm_schema::serde::{Serialize, de::DeserializeOwned};
use cosmwasm_std::Addr;
use cw_multi_test::{App, ContractWrapper, Executor, IntoAddr};
use std::collections::BTreeMap;
use std::fmt::Debug;

pub(crate) const UCAP: AssetId = AssetId(1);
pub(crate) const SUN: AssetId = AssetId(2);
pub(crate) const MARKET: MarketId = MarketId(1);
pub(crate) const TOKENS: MarketId = MarketId(2);
/// What everybody has deposited of each asset.
pub(crate) const RICHES: u128 = 10_000_000;

pub(crate) const ALICE: DeviceId = DeviceId(1);
pub(crate) const BOB: DeviceId = DeviceId(2);
pub(crate) const CAROL: DeviceId = DeviceId(3);
pub(crate) const DAVE: DeviceId = DeviceId(4);
/// Carol's second provider.
pub(crate) const CAROL_TOO: DeviceId = DeviceId(5);
pub(crate) const ERIN: DeviceId = DeviceId(6);
pub(crate) const FRANK: DeviceId = DeviceId(7);
pub(crate) const GRACE: DeviceId = DeviceId(8);

/// Owners by device; all in cell 1.
pub(crate) const OWNERS: [&str; 8] =
    ["alice", "bob", "carol", "dave", "carol", "erin", "frank", "grace"];
/// Lots that a provider can do at a time.
pub(crate) const CAPACITY: u16 = 10;

pub(crate) const GRACE_SECS: u32 = 600;

pub(crate) fn rules() -> Rules {
    Rules {
        least: Bps(2_000),
        headroom: Bps(5_000),
        penalty: Bps(1_000),
        grace_secs: GRACE_SECS,
        index_cap: Bps(4_000),
        index_owners: 3,
        index_secs: 8 * 3_600,
    }
}

pub(crate) struct Suite {
    pub(crate) app: App,
    pub(crate) registry: Addr,
    pub(crate) escrow: Addr,
    pub(crate) reputation: Addr,
    pub(crate) market: Addr,
    pub(crate) futures: Addr,
    pub(crate) escrow_domain: Domain,
}

const PEOPLE: [&str; 10] =
    ["alice", "bob", "carol", "dave", "erin", "frank", "grace", "gw1", "keeper", "stranger"];

/// The world that futures live in, before there are any.
pub(crate) fn world() -> World {
    let fees = FeeSchedule { protocol: Bps(0), keeper: Bps(0) };
    // whole slots, so that tests count them easily
    let begin = Begin { people: &PEOPLE, riches: RICHES, fees, token: true, aligned: SLOT };
    let mut world = World::new(begin);
    world.enrol(&["keeper"], &["gw1"], &OWNERS.map(|owner| (owner, "gw1")));
    world.deposit(&PEOPLE[..7], RICHES);
    world
}

/// Futures over an auction.
pub(crate) fn add_futures(world: &mut World, auction: &Addr) -> Addr {
    use caplet_futures::contract::{execute, instantiate, migrate, query, reply};
    let wrapper =
        ContractWrapper::new(execute, instantiate, query).with_reply(reply).with_migrate(migrate);
    let init = InstantiateMsg {
        owner: None,
        registry: world.registry.to_string(),
        escrow: world.escrow.to_string(),
        reputation: world.reputation.to_string(),
        auction: auction.to_string(),
        rules: rules(),
    };
    let futures = world.add(Box::new(wrapper), &init, "futures");
    world.openers(&[auction, &futures]);
    futures
}

impl Suite {
    pub(crate) fn new() -> Self {
        let mut world = world();
        let init = Init { escrow: world.escrow.to_string() };
        let market = world.add(market::code(), &init, "market");
        let futures = add_futures(&mut world, &market);
        let World { app, registry, escrow, reputation, escrow_domain, .. } = world;
        let mut suite = Self { app, registry, escrow, reputation, market, futures, escrow_domain };
        for device in [CAROL, DAVE, CAROL_TOO] {
            suite.tell_market(&Market::SetCapacity { device, lots: CAPACITY }).unwrap();
        }
        suite
    }

    // time

    pub(crate) fn now(&self) -> u64 {
        self.app.block_info().time.seconds()
    }

    /// The market's slot that runs.
    pub(crate) fn slot(&self) -> u32 {
        (self.now() / SLOT) as u32
    }

    pub(crate) fn wait(&mut self, seconds: u64) {
        self.app.update_block(|block| {
            block.time = block.time.plus_seconds(seconds);
            block.height += 1 + seconds / 5;
        });
    }

    /// To the first second of a series' slot.
    pub(crate) fn until_slot(&mut self, series: u32, slot: u16) {
        let first = u64::from(self.series(series).first_slot);
        let begins = (first + u64::from(slot)) * SLOT;
        self.wait(begins.saturating_sub(self.now()));
    }

    // messages

    fn raw<T: Serialize + Debug>(&mut self, sender: &str, to: &Addr, msg: &T) -> Outcome {
        let result = self.app.execute_contract(sender.into_addr(), to.clone(), msg, &[]);
        result.map(|response| response.events).map_err(|error| error.to_string())
    }

    fn carry_out<T: Serialize + Debug>(&mut self, sender: &str, to: &Addr, msg: &T) -> Outcome {
        self.hold();
        let all = [&self.futures, &self.escrow, &self.market];
        let before = all.map(|of| self.app.dump_wasm_raw(of));
        let result = self.raw(sender, to, msg);
        self.hold();
        if result.is_err() {
            let all = [&self.futures, &self.escrow, &self.market];
            let after = all.map(|of| self.app.dump_wasm_raw(of));
            assert!(before == after, "a refusal changed state: {msg:?}");
        }
        result.map(|events| {
            events.into_iter().filter(|event| event.ty.starts_with("wasm-")).collect()
        })
    }

    pub(crate) fn send(&mut self, sender: &str, msg: &ExecuteMsg) -> Outcome {
        let futures = self.futures.clone();
        self.carry_out(sender, &futures, msg)
    }

    pub(crate) fn tell_market(&mut self, msg: &Market) -> Outcome {
        let market = self.market.clone();
        self.carry_out("keeper", &market, msg)
    }

    pub(crate) fn tell_escrow(&mut self, sender: &str, msg: &escrow::ExecuteMsg) -> Outcome {
        let escrow = self.escrow.clone();
        self.carry_out(sender, &escrow, msg)
    }

    pub(crate) fn tell_registry(&mut self, sender: &str, msg: &registry::ExecuteMsg) -> Outcome {
        let registry = self.registry.clone();
        self.carry_out(sender, &registry, msg)
    }

    /// Where a device stands from now on.
    pub(crate) fn stand(&mut self, device: DeviceId, tier: u8, suspended: bool) {
        let (reputation, device) = (self.reputation.clone(), device.0);
        self.carry_out("governance", &reputation, &Set { device, tier, suspended }).unwrap();
    }

    pub(crate) fn set_status(&mut self, device: DeviceId, status: registry::DeviceStatus) {
        let msg = registry::ExecuteMsg::SetStatus { device, status };
        self.tell_registry(owner(device), &msg).unwrap();
    }

    /// Runs the invariants of both contracts; they must agree on every account's ordered money.
    pub(crate) fn hold(&self) {
        let storage = self.app.contract_storage(&self.futures);
        let ours = caplet_futures::invariants::check(&*storage, self.now()).unwrap();
        drop(storage);
        let held = |asset| self.held(asset);
        caplet_escrow::invariants::check(&*self.app.contract_storage(&self.escrow), held).unwrap();
        let mut by_owner: BTreeMap<(AssetId, &str), u128> = BTreeMap::new();
        for ((asset, device), amount) in ours {
            *by_owner.entry((asset, owner(device))).or_default() += amount;
        }
        for name in ["alice", "bob", "carol", "dave", "erin", "frank", "grace"] {
            for asset in [UCAP, SUN] {
                let wanted = by_owner.get(&(asset, name)).copied().unwrap_or(0);
                let ordered = self.balance(name, asset).ordered.u128();
                assert_eq!(ordered, wanted, "{name}, asset {asset}: ordered, and owed to futures");
            }
        }
    }

    fn held(&self, asset: AssetId) -> u128 {
        self.ask_escrow::<escrow::LedgerResponse>(&escrow::QueryMsg::Ledger { asset }).held.u128()
    }

    fn ask_escrow<T: DeserializeOwned>(&self, msg: &escrow::QueryMsg) -> T {
        self.app.wrap().query_wasm_smart(&self.escrow, msg).unwrap()
    }

    pub(crate) fn balance(&self, name: &str, asset: AssetId) -> BalanceResponse {
        let address = name.into_addr().to_string();
        self.ask_escrow(&escrow::QueryMsg::Balance { address, asset })
    }

    pub(crate) fn free(&self, name: &str) -> u128 {
        self.balance(name, UCAP).free.u128()
    }

    /// Free and ordered money of everybody, and what leases still reserve.
    pub(crate) fn all_money(&self, asset: AssetId) -> u128 {
        let ledger: escrow::LedgerResponse = self.ask_escrow(&escrow::QueryMsg::Ledger { asset });
        (ledger.free + ledger.ordered + ledger.reserved + ledger.bonds).u128()
    }

    pub(crate) fn lease(&self, lease: u64) -> LeaseResponse {
        self.ask_escrow(&escrow::QueryMsg::Lease { lease: lease.into() })
    }

    pub(crate) fn ask<T: DeserializeOwned>(&self, msg: &QueryMsg) -> Result<T, String> {
        self.app.wrap().query_wasm_smart(&self.futures, msg).map_err(|error| error.to_string())
    }

    pub(crate) fn series(&self, series: u32) -> SeriesResponse {
        self.ask(&QueryMsg::Series { series }).unwrap()
    }

    pub(crate) fn mark(&self) -> MarkResponse {
        self.ask(&QueryMsg::Mark { market: MARKET }).unwrap()
    }

    /// Lots of all slots that a device holds.
    pub(crate) fn held_lots(&self, series: u32, device: DeviceId) -> u64 {
        let held: PositionResponse = self.ask(&QueryMsg::Position { series, device }).unwrap();
        held.runs.iter().map(|run| u64::from(run.to - run.from) * u64::from(run.lots)).sum()
    }

    // stories

    /// Carol's series: 4 slots from the next one on, 10 lots each, at 100, with collateral of 2,400 (60 a
    /// lot are needed while the mark is 100).
    pub(crate) fn input(&self) -> IssueInput {
        IssueInput {
            device: CAROL,
            market: MARKET,
            latency: 1,
            throughput: 0,
            accuracy: 1,
            tags: 1,
            first_slot: self.slot() + 1,
            slots: 4,
            lots: Lots(CAPACITY),
            sale: Sale::Fixed { price: 100u64.into() },
            reservation: Bps(10_000),
            collateral: 2_400u64.into(),
        }
    }

    pub(crate) fn issue(&mut self, input: IssueInput) -> u32 {
        let sender = owner(input.device);
        let events = self.send(sender, &ExecuteMsg::Issue(input)).unwrap();
        let issued = events.iter().find_map(|e| caplet_api::event::SeriesIssued::try_from(e).ok());
        issued.unwrap().series
    }

    pub(crate) fn buy(
        &mut self,
        series: u32,
        device: DeviceId,
        from: u16,
        to: u16,
        lots: u16,
    ) -> Outcome {
        let msg = ExecuteMsg::Buy { series, device, from, to, lots: Lots(lots) };
        self.send(owner(device), &msg)
    }

    pub(crate) fn exercise(
        &mut self,
        series: u32,
        device: DeviceId,
        slot: u16,
        lots: u16,
    ) -> Result<FutureExercised, String> {
        let lots = Lots(lots);
        let msg = ExecuteMsg::Exercise { series, device, slot, lots, consumer: None };
        let events = self.send(owner(device), &msg)?;
        Ok(events.iter().find_map(|e| FutureExercised::try_from(e).ok()).unwrap())
    }

    pub(crate) fn settle(&mut self, series: u32, devices: &[DeviceId]) -> Outcome {
        self.send("stranger", &ExecuteMsg::Settle { series, devices: devices.to_vec() })
    }

    pub(crate) fn reckon(&mut self, lease: u64) -> Outcome {
        self.send("stranger", &ExecuteMsg::Reckon { leases: vec![lease.into()] })
    }

    /// A trade on spot in the slot that runs, observed.
    pub(crate) fn trade(&mut self, consumer: DeviceId, provider: DeviceId, price: u64, lots: u16) {
        let lease = self.spot(consumer, provider, price, lots);
        let _ = self.observe(&[lease]);
    }

    /// A trade on spot in the slot that runs, which nobody has told the index of.
    pub(crate) fn spot(
        &mut self,
        consumer: DeviceId,
        provider: DeviceId,
        price: u64,
        lots: u16,
    ) -> u64 {
        let (consumer, provider) = (consumer.0, provider.0);
        let msg = Market::Spot { market: MARKET, consumer, provider, price, lots };
        let events = self.tell_market(&msg).unwrap();
        let opened = events.iter().find_map(|e| LeasesOpened::try_from(e).ok()).unwrap();
        opened.leases[0]
    }

    /// Tells the index of leases.
    pub(crate) fn observe(&mut self, leases: &[u64]) -> Outcome {
        let leases = leases.iter().map(|lease| (*lease).into()).collect();
        self.send("keeper", &ExecuteMsg::Observe { market: MARKET, leases })
    }

    /// Redeems an amount of a lease.
    pub(crate) fn pay(&mut self, lease: u64, amount: u64) {
        let consumer = self.lease(lease).consumer;
        let voucher = orders::voucher(&self.escrow_domain, consumer, lease, amount);
        self.tell_escrow("keeper", &escrow::ExecuteMsg::Redeem { voucher }).unwrap();
    }

    /// The provider's owner ends a lease.
    pub(crate) fn finish(&mut self, lease: u64) {
        let provider = owner(self.lease(lease).provider);
        let reason = CloseReason::ProviderFinished;
        let items = vec![CloseInput { lease: lease.into(), reason, signature: None }];
        self.tell_escrow(provider, &escrow::ExecuteMsg::Finish { items }).unwrap();
    }

    /// Lets a lease run out and sweeps it.
    pub(crate) fn run_out(&mut self, lease: u64) {
        let end = self.lease(lease).terms.end.u64();
        self.wait(end.saturating_sub(self.now()));
        let leases = vec![lease.into()];
        self.tell_escrow("keeper", &escrow::ExecuteMsg::Poke { leases: leases.clone() }).unwrap();
        self.wait(120);
        self.tell_escrow("keeper", &escrow::ExecuteMsg::Sweep { leases }).unwrap();
    }
}

/// Whose a device is.
pub(crate) fn owner(device: DeviceId) -> &'static str {
    OWNERS[device.0 as usize - 1]
}

/// Passes a refusal that says all of this.
pub(crate) fn refused(outcome: Outcome, says: &[&str]) {
    let text = outcome.unwrap_err();
    for what in says {
        assert!(text.contains(what), "{text:?} does not say {what:?}");
    }
}
