//! A chain with registry, escrow, standings and auction; the invariants of auction and escrow, and
//! that they agree on the money, are checked before and after every message.

use crate::parties::{device_key, signer};
use crate::standings::{self, Set};
use caplet_api::auction::{
    CancelInput, DemandInput, ExecuteMsg, InstantiateMsg, LatencyEntry, MarketConfig,
    MarketResponse, OfferInput, OrderResponse, OrdersResponse, PriceConfig, QueryMsg, Tiers,
};
use caplet_api::escrow::{
    self, AssetInput, AssetKind, BalanceResponse, FeeSchedule, LeaseResponse, LeasesResponse,
    LedgerResponse,
};
use caplet_api::registry;
use caplet_protocol::layout::{OrderFlags, Side};
use caplet_protocol::{
    AccountId, AssetId, Bps, CellId, DeviceId, Domain, Kind, Lots, MarketId, Tick,
};
use cosmwasm_schema::serde::{Serialize, de::DeserializeOwned};
use cosmwasm_std::{Addr, Empty, Event, coin};
use cw_multi_test::{App, AppBuilder, ContractWrapper, Executor, IntoAddr};
use std::collections::BTreeMap;
use std::fmt::Debug;

/// What a message came to: its events, or the text of the refusal.
pub(crate) type Outcome = Result<Vec<Event>, String>;

pub(crate) const UCAP: AssetId = AssetId(1);
/// What every payer has deposited.
pub(crate) const RICHES: u128 = 1_000_000;
pub(crate) const MARKET: MarketId = MarketId(1);

/// Alice's consumer, in cell 1.
pub(crate) const ALICE: DeviceId = DeviceId(1);
/// Bob's consumer, in cell 2.
pub(crate) const BOB: DeviceId = DeviceId(2);
/// Carol's provider, in cell 1.
pub(crate) const CAROL: DeviceId = DeviceId(3);
/// Dave's provider, in cell 2.
pub(crate) const DAVE: DeviceId = DeviceId(4);
/// Alice's provider, in cell 1.
pub(crate) const ALICE_SELLS: DeviceId = DeviceId(5);

/// Owner and gateway by device.
const DEVICES: [(&str, &str); 5] =
    [("alice", "gw1"), ("bob", "gw2"), ("carol", "gw1"), ("dave", "gw2"), ("alice", "gw1")];

pub(crate) const TICK: u64 = 10;
pub(crate) const LOT_FEE: u64 = 2;
pub(crate) const ORDER_BOND: u64 = 50;
pub(crate) const CLOSE_BOND: u64 = 7;
pub(crate) const EPOCH: u64 = 60;
pub(crate) const SLOT: u64 = 600;

/// A camera market: one quality ladder of each kind, two tags, one tick is 10 ucap.
pub(crate) fn market_config() -> MarketConfig {
    MarketConfig {
        kind: Kind::Sensor,
        resource: "camera/frames".into(),
        unit: "frame".into(),
        lot_units: 600u64.into(),
        slot_secs: SLOT as u32,
        asset: UCAP,
        tick_size: TICK.into(),
        epoch_secs: EPOCH as u32,
        settle_secs: 600,
        settle_blocks: 20,
        notice_secs: 60,
        exposure: Bps(2_000),
        lot_fee: LOT_FEE.into(),
        order_bond: ORDER_BOND.into(),
        offer_bond: 0u64.into(),
        close_bond: CLOSE_BOND.into(),
        tiers: Tiers {
            latency_ms: vec![100, 20],
            throughput: vec![10u64.into()],
            accuracy_ppm: vec![900_000],
            reliability: vec![Bps(5_000), Bps(8_000), Bps(9_500)],
        },
        tags: vec!["outdoor".into(), "night".into()],
        price: PriceConfig {
            start: Tick(10),
            floor: Tick(1),
            ceiling: Tick(1_000),
            target: Bps(8_000),
            step: Bps(1_250),
            premium: Bps(400),
            premium_scarce: Bps(6_000),
            premium_tiers: Vec::new(),
        },
        max_orders: 600,
        trade_reduction: false,
        quality: Default::default(),
        exposure_per_lot: 0u64.into(),
    }
}

pub(crate) struct Suite {
    pub(crate) app: App,
    pub(crate) registry: Addr,
    pub(crate) escrow: Addr,
    pub(crate) reputation: Addr,
    pub(crate) auction: Addr,
    pub(crate) domain: Domain,
    sequences: BTreeMap<DeviceId, u32>,
}

fn domain(app: &App, contract: &Addr) -> Domain {
    let block = app.block_info();
    Domain::of(&block.chain_id, contract.as_str(), block.height, block.time.nanos())
}

fn names() -> [&'static str; 8] {
    ["alice", "bob", "carol", "dave", "gw1", "gw2", "keeper", "stranger"]
}

fn registry(app: &mut App, governance: &Addr) -> Addr {
    use caplet_registry::contract::{execute, instantiate, query};
    let code = app.store_code(Box::new(ContractWrapper::new(execute, instantiate, query)));
    let msg = registry::InstantiateMsg { owner: None };
    app.instantiate_contract(code, governance.clone(), &msg, &[], "registry", None).unwrap()
}

fn escrow(app: &mut App, governance: &Addr, registry: &Addr) -> Addr {
    use caplet_escrow::contract::{execute, instantiate, query};
    let code = app.store_code(Box::new(ContractWrapper::new(execute, instantiate, query)));
    let kind = AssetKind::Native { denom: "ucap".into() };
    let msg = escrow::InstantiateMsg {
        owner: None,
        registry: registry.to_string(),
        assets: vec![AssetInput { kind, symbol: "CAP".into(), decimals: 6 }],
        fees: FeeSchedule { protocol: Bps(100), keeper: Bps(50) },
        treasury: None,
    };
    app.instantiate_contract(code, governance.clone(), &msg, &[], "escrow", None).unwrap()
}

fn auction(app: &mut App, governance: &Addr, msg: &InstantiateMsg) -> Addr {
    use caplet_auction::contract::{execute, instantiate, migrate, query};
    let wrapper = ContractWrapper::new(execute, instantiate, query).with_migrate(migrate);
    let code = app.store_code(Box::new(wrapper));
    let admin = Some(governance.to_string());
    app.instantiate_contract(code, governance.clone(), msg, &[], "auction", admin).unwrap()
}

impl Suite {
    /// Everything wired; five devices; payers have deposited; the camera market is number 1.
    pub(crate) fn new() -> Self {
        Self::with(market_config())
    }

    pub(crate) fn with(config: MarketConfig) -> Self {
        let mut suite = Self::without_market();
        suite.send("governance", &ExecuteMsg::CreateMarket(config)).unwrap();
        let entry = |a, b, ms| LatencyEntry { a: CellId(a), b: CellId(b), ms };
        let entries = vec![entry(1, 2, 100), entry(1, 1, 5), entry(2, 2, 5)];
        suite.send("governance", &ExecuteMsg::SetLatency { entries }).unwrap();
        suite
    }

    pub(crate) fn without_market() -> Self {
        let mut app = AppBuilder::new().build(|router, _, storage| {
            for name in names() {
                let coins = vec![coin(10 * RICHES, "ucap")];
                router.bank.init_balance(storage, &name.into_addr(), coins).unwrap();
            }
        });
        let governance = "governance".into_addr();
        let registry = registry(&mut app, &governance);
        let registry_domain = domain(&app, &registry);
        let escrow = escrow(&mut app, &governance, &registry);
        let code = app.store_code(standings::code());
        let reputation = app
            .instantiate_contract(code, governance.clone(), &Empty {}, &[], "standings", None)
            .unwrap();
        let msg = InstantiateMsg {
            owner: None,
            registry: registry.to_string(),
            escrow: escrow.to_string(),
            reputation: reputation.to_string(),
        };
        let auction = auction(&mut app, &governance, &msg);
        let domain = domain(&app, &auction);
        let sequences = BTreeMap::new();
        let mut suite = Self { app, registry, escrow, reputation, auction, domain, sequences };
        suite.enrol(&registry_domain);
        suite.fund();
        suite
    }

    fn enrol(&mut self, domain: &Domain) {
        let registry = self.registry.clone();
        for name in ["keeper", "gw1", "gw2"] {
            let msg = registry::ExecuteMsg::OpenAccount { address: None };
            self.carry_out(name, &registry, &msg).unwrap();
        }
        for (gateway, cell) in [("gw1", 1), ("gw2", 2)] {
            let msg = registry::ExecuteMsg::AssignCell {
                gateway: gateway.into_addr().to_string(),
                cell: CellId(cell),
            };
            self.carry_out("governance", &registry, &msg).unwrap();
            let account = self.account(gateway);
            let input = signer(gateway).endpoint(domain, account, self.now() + 1_000_000_000);
            let msg = registry::ExecuteMsg::RegisterGateway(input);
            self.carry_out(gateway, &registry, &msg).unwrap();
        }
        for (number, (owner, gateway)) in (1..).zip(DEVICES) {
            let (owner, gateway) = (owner.into_addr(), gateway.into_addr());
            let key = device_key(DeviceId(number));
            let devices = vec![key.registration(domain, owner.as_str(), gateway.as_str())];
            let msg = registry::ExecuteMsg::Register { devices };
            self.carry_out("keeper", &registry, &msg).unwrap();
        }
    }

    fn account(&self, name: &str) -> AccountId {
        let address = name.into_addr().to_string();
        let msg = registry::QueryMsg::Account { address };
        let found: registry::AccountResponse =
            self.app.wrap().query_wasm_smart(&self.registry, &msg).unwrap();
        found.account
    }

    fn fund(&mut self) {
        let (escrow, auction) = (self.escrow.clone(), self.auction.to_string());
        let openers = escrow::ExecuteMsg::SetOpeners { openers: vec![auction] };
        self.carry_out("governance", &escrow, &openers).unwrap();
        for (name, device) in [("alice", ALICE), ("bob", BOB)] {
            let coins = [coin(RICHES, "ucap")];
            let deposit = escrow::ExecuteMsg::Deposit { account: None };
            self.app.execute_contract(name.into_addr(), escrow.clone(), &deposit, &coins).unwrap();
            let limit = (RICHES as u64).into();
            let allow = escrow::ExecuteMsg::Authorise { device, asset: UCAP, limit };
            self.carry_out(name, &escrow, &allow).unwrap();
        }
    }

    /// Lets somebody pay, and its devices too.
    pub(crate) fn deposit(&mut self, name: &str) {
        let (escrow, coins) = (self.escrow.clone(), [coin(RICHES, "ucap")]);
        let deposit = escrow::ExecuteMsg::Deposit { account: None };
        self.app.execute_contract(name.into_addr(), escrow, &deposit, &coins).unwrap();
    }

    /// A gateway more, in a cell.
    pub(crate) fn open_gateway(&mut self, name: &str, cell: u16) {
        let registry = self.registry.clone();
        let block: caplet_api::common::DomainResponse =
            self.app.wrap().query_wasm_smart(&registry, &registry::QueryMsg::Domain {}).unwrap();
        let domain = Domain(block.domain.as_slice().try_into().unwrap());
        let msg = registry::ExecuteMsg::OpenAccount { address: None };
        self.carry_out(name, &registry, &msg).unwrap();
        let gateway = name.into_addr().to_string();
        let msg = registry::ExecuteMsg::AssignCell { gateway, cell: CellId(cell) };
        self.carry_out("governance", &registry, &msg).unwrap();
        let account = self.account(name);
        let input = signer(name).endpoint(&domain, account, self.now() + 1_000_000_000);
        let msg = registry::ExecuteMsg::RegisterGateway(input);
        self.carry_out(name, &registry, &msg).unwrap();
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

    /// To the first second of the next epoch.
    pub(crate) fn next_epoch(&mut self) {
        let ends = self.market().epoch.ends.u64();
        self.wait(ends - self.now());
    }

    // messages

    pub(crate) fn send(&mut self, sender: &str, msg: &ExecuteMsg) -> Outcome {
        let auction = self.auction.clone();
        self.carry_out(sender, &auction, msg)
    }

    pub(crate) fn tell_registry(&mut self, sender: &str, msg: &registry::ExecuteMsg) -> Outcome {
        let registry = self.registry.clone();
        self.carry_out(sender, &registry, msg)
    }

    pub(crate) fn tell_escrow(&mut self, sender: &str, msg: &escrow::ExecuteMsg) -> Outcome {
        let escrow = self.escrow.clone();
        self.carry_out(sender, &escrow, msg)
    }

    /// Where a device stands from now on.
    pub(crate) fn stand(&mut self, device: DeviceId, tier: u8, suspended: bool) {
        let (reputation, device) = (self.reputation.clone(), device.0);
        self.carry_out("governance", &reputation, &Set { device, tier, suspended }).unwrap();
    }

    /// The domain under which devices sign for the registry.
    pub(crate) fn registry_domain(&self) -> Domain {
        let ask = registry::QueryMsg::Domain {};
        let found: caplet_api::common::DomainResponse =
            self.app.wrap().query_wasm_smart(&self.registry, &ask).unwrap();
        Domain(found.domain.as_slice().try_into().unwrap())
    }

    fn carry_out<T: Serialize + Debug>(
        &mut self,
        sender: &str,
        contract: &Addr,
        msg: &T,
    ) -> Outcome {
        self.hold();
        let before = [&self.auction, &self.escrow].map(|of| self.app.dump_wasm_raw(of));
        let result = self.app.execute_contract(sender.into_addr(), contract.clone(), msg, &[]);
        self.hold();
        match result {
            Ok(response) => {
                let ours = |event: &Event| event.ty.starts_with("wasm-");
                Ok(response.events.into_iter().filter(ours).collect())
            }
            Err(error) => {
                let after = [&self.auction, &self.escrow].map(|of| self.app.dump_wasm_raw(of));
                assert!(before == after, "a refusal changed state: {msg:?}");
                Err(error.to_string())
            }
        }
    }

    /// Runs the invariants of both contracts; they must agree on the money.
    pub(crate) fn hold(&self) {
        let ours =
            caplet_auction::invariants::check(&*self.app.contract_storage(&self.auction)).unwrap();
        let ledger = &*self.app.contract_storage(&self.auction);
        caplet_auction::invariants::check_capacity(ledger, self.now()).unwrap();
        let held = |_| self.held();
        caplet_escrow::invariants::check(&*self.app.contract_storage(&self.escrow), held).unwrap();
        let locked = ours.get(&UCAP).copied().unwrap_or_default();
        assert_eq!(
            self.ledger().ordered.u128(),
            locked,
            "money ordered in escrow, locked in orders"
        );
    }

    fn held(&self) -> u128 {
        let coin = self.app.wrap().query_balance(&self.escrow, "ucap").unwrap();
        cosmwasm_std::Uint128::try_from(coin.amount).unwrap().u128()
    }

    // orders

    fn sequence(&mut self, device: DeviceId) -> u32 {
        let last = self.sequences.entry(device).or_default();
        *last += 1;
        *last
    }

    /// An offer of batch lots at an ask in ticks, holding for an hour.
    pub(crate) fn offer(&mut self, device: DeviceId, ask: u64, batch: u16) -> OfferInput {
        OfferInput {
            device,
            sequence: self.sequence(device),
            latency: 0,
            throughput: 0,
            accuracy: 0,
            flags: OrderFlags(0),
            tags: 0,
            ask: (ask * TICK).into(),
            batch: Lots(batch),
            instant: Lots(0),
            not_after: (self.now() + 3_600).into(),
            relay_fee: 0u64.into(),
            signature: None,
        }
    }

    /// A demand for lots at a limit in ticks, holding for an hour.
    pub(crate) fn demand(&mut self, device: DeviceId, limit: u64, lots: u16) -> DemandInput {
        DemandInput {
            device,
            sequence: self.sequence(device),
            latency: 0,
            throughput: 0,
            accuracy: 0,
            reliability: 0,
            flags: OrderFlags(0),
            tags: 0,
            rho: 0,
            lambda: 0,
            limit: (limit * TICK).into(),
            lots: Lots(lots),
            not_after: (self.now() + 3_600).into(),
            relay_fee: 0u64.into(),
            signature: None,
        }
    }

    /// Who owns a device.
    pub(crate) fn owner(device: DeviceId) -> &'static str {
        DEVICES[device.0 as usize - 1].0
    }

    /// Places one offer as its owner; its number.
    pub(crate) fn sell(&mut self, device: DeviceId, ask: u64, batch: u16) -> u64 {
        let offer = self.offer(device, ask, batch);
        self.place_offer(offer)
    }

    pub(crate) fn place_offer(&mut self, offer: OfferInput) -> u64 {
        let owner = Self::owner(offer.device);
        let msg = ExecuteMsg::Place { market: MARKET, offers: vec![offer], demands: vec![] };
        placed(&self.send(owner, &msg).unwrap())
    }

    /// Places one demand as its owner; its number.
    pub(crate) fn buy(&mut self, device: DeviceId, limit: u64, lots: u16) -> u64 {
        let demand = self.demand(device, limit, lots);
        self.place_demand(demand)
    }

    pub(crate) fn place_demand(&mut self, demand: DemandInput) -> u64 {
        let owner = Self::owner(demand.device);
        let msg = ExecuteMsg::Place { market: MARKET, offers: vec![], demands: vec![demand] };
        placed(&self.send(owner, &msg).unwrap())
    }

    pub(crate) fn cancel(&mut self, sender: &str, side: Side, order: u64) -> Outcome {
        let orders = vec![CancelInput { side, order: order.into(), signature: None }];
        self.send(sender, &ExecuteMsg::Cancel { market: MARKET, orders })
    }

    // questions

    pub(crate) fn ask<T: DeserializeOwned>(&self, msg: &QueryMsg) -> Result<T, String> {
        self.app.wrap().query_wasm_smart(&self.auction, msg).map_err(|error| error.to_string())
    }

    pub(crate) fn market(&self) -> MarketResponse {
        self.ask(&QueryMsg::Market { market: MARKET }).unwrap()
    }

    pub(crate) fn order(&self, side: Side, order: u64) -> Result<OrderResponse, String> {
        self.ask(&QueryMsg::Order { market: MARKET, side, order: order.into() })
    }

    /// Every open order of a side, page by page.
    pub(crate) fn orders(&self, side: Side) -> Vec<OrderResponse> {
        let mut all: Vec<OrderResponse> = Vec::new();
        loop {
            let start_after = all.last().map(|order| order.order);
            let msg = QueryMsg::Orders { market: MARKET, side, start_after, limit: Some(7) };
            let more: OrdersResponse = self.ask(&msg).unwrap();
            if more.orders.is_empty() {
                return all;
            }
            all.extend(more.orders);
        }
    }

    pub(crate) fn balance(&self, name: &str) -> BalanceResponse {
        let address = name.into_addr().to_string();
        let msg = escrow::QueryMsg::Balance { address, asset: UCAP };
        self.app.wrap().query_wasm_smart(&self.escrow, &msg).unwrap()
    }

    pub(crate) fn free(&self, name: &str) -> u128 {
        self.balance(name).free.u128()
    }

    pub(crate) fn ledger(&self) -> LedgerResponse {
        let msg = escrow::QueryMsg::Ledger { asset: UCAP };
        self.app.wrap().query_wasm_smart(&self.escrow, &msg).unwrap()
    }

    pub(crate) fn leases(&self) -> Vec<LeaseResponse> {
        let msg = escrow::QueryMsg::Leases { start_after: None, limit: Some(100) };
        let found: LeasesResponse = self.app.wrap().query_wasm_smart(&self.escrow, &msg).unwrap();
        found.leases
    }
}

/// The number of the first order of the page that a placing message wrote.
pub(crate) fn placed(events: &[Event]) -> u64 {
    let event = find::<caplet_api::event::OrdersPlaced>(events).expect("orders were placed");
    u64::from(event.page) * 256
}

/// The first event of a type.
pub(crate) fn find<'a, T: TryFrom<&'a Event>>(events: &'a [Event]) -> Option<T> {
    events.iter().find_map(|event| T::try_from(event).ok())
}

/// Passes a refusal that says all of `parts`.
pub(crate) fn refused(outcome: Outcome, parts: &[&str]) {
    let text = outcome.expect_err("it was not refused");
    for part in parts {
        assert!(text.contains(part), "{text:?} does not say {part:?}");
    }
}
