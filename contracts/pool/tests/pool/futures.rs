//! A pool that sells in futures, beside the real auction and the real futures contract: the members' capacity with the
//! manager's money behind it.

use crate::suite::{
    ALICE, BOB, DAVE, EPOCH, FRANK, GRACE, HOLD, MARKET, POOL, UCAP, add_pool, net, owner, refused,
    world,
};
use caplet_api::auction::{self, CapacityResponse, SlotResponse};
use caplet_api::common::AdminMsg;
use caplet_api::escrow;
use caplet_api::event::{FutureExercised, SeriesIssued};
use caplet_api::futures::{self, ExecuteMsg as Futures, IssueInput, Rules, Sale};
use caplet_api::pool::{
    ExecuteMsg, MAX_AHEAD, MemberResponse, MoneyResponse, PromiseResponse, QueryMsg, ServedResponse,
};
use caplet_protocol::{Bps, DeviceId, Lots, MarketId};
use caplet_testkit::orders::{self, find, number};
use caplet_testkit::spot::{SLOT, config};
use caplet_testkit::standings::Set;
use caplet_testkit::world::{Outcome, World};
use cosmwasm_schema::serde::Serialize;
use cosmwasm_std::{Addr, coin};
use cw_multi_test::{ContractWrapper, Executor as _, IntoAddr};
use proptest::prelude::*;
use proptest::sample::select;
use std::fmt::Debug;

/// The manager's own, whose owner's money backs what the pool issues.
const MANAGER: DeviceId = DeviceId(10);
/// Base units that a lot asks for at the mark of 100: 1.5 x 100 - 100 + 10.
const MARGIN: u64 = 60;
const MEMBERS: [DeviceId; 3] = [BOB, DAVE, FRANK];

struct Stage {
    world: World,
    auction: Addr,
    futures: Addr,
    pool: Addr,
    sequence: u32,
}

fn add_futures(world: &mut World, auction: &Addr) -> Addr {
    use caplet_futures::contract::{execute, instantiate, query, reply};
    let init = futures::InstantiateMsg {
        owner: None,
        registry: world.registry.to_string(),
        escrow: world.escrow.to_string(),
        reputation: world.reputation.to_string(),
        auction: auction.to_string(),
        rules: Rules {
            least: Bps(2_000),
            headroom: Bps(5_000),
            penalty: Bps(1_000),
            grace_secs: 600,
            index_cap: Bps(4_000),
            index_owners: 3,
            index_secs: 8 * 3_600,
        },
    };
    let code = ContractWrapper::new(execute, instantiate, query).with_reply(reply);
    world.add(Box::new(code), &init, "futures")
}

impl Stage {
    /// Three members of five lots in a market of hours; the largest is held back, so ten lots are for sale. The manager
    /// has 100,000 and lets the pool use them.
    fn new() -> Self {
        let mut world = world();
        let (auction, _) = world.add_auction();
        let futures = add_futures(&mut world, &auction);
        world.open_market(&auction, config(MARKET, 0), &[&futures]);
        let pool = add_pool(&mut world, &auction);
        world.openers(&[&auction, &pool, &futures]);
        let manager = "manager".into_addr();
        world.register(MANAGER, &manager, "gw1");
        let deposit = escrow::ExecuteMsg::Deposit { account: Some(manager.to_string()) };
        let (escrow, coins) = (world.escrow.clone(), [coin(100_000, "ucap")]);
        world.app.execute_contract("alice".into_addr(), escrow, &deposit, &coins).unwrap();
        let mut stage = Self { world, auction, futures, pool, sequence: 0 };
        stage.approve(u64::MAX);
        stage.send("manager", &ExecuteMsg::Bind { device: POOL }).unwrap();
        for device in MEMBERS {
            stage.join(device).unwrap();
        }
        stage.world.wait(EPOCH);
        for device in MEMBERS {
            stage.send("keeper", &ExecuteMsg::Admit { device }).unwrap();
        }
        stage
    }

    fn join(&mut self, device: DeviceId) -> Outcome {
        let msg = ExecuteMsg::Join { device, lots: Lots(5), cost: 10u64.into() };
        self.send(owner(device), &msg)
    }

    /// The manager lets the pool act for it at the futures contract.
    fn approve(&mut self, until: u64) {
        let msg = Futures::Approve { operator: self.pool.to_string(), until: until.into() };
        self.trade("manager", &msg).unwrap();
    }

    fn send(&mut self, sender: &str, msg: &ExecuteMsg) -> Outcome {
        self.carry_out(sender, &self.pool.clone(), msg)
    }

    fn trade(&mut self, sender: &str, msg: &Futures) -> Outcome {
        self.carry_out(sender, &self.futures.clone(), msg)
    }

    fn carry_out<T: Serialize + Debug>(&mut self, sender: &str, to: &Addr, msg: &T) -> Outcome {
        let outcome = self.world.execute(sender, to, msg);
        self.hold();
        outcome
    }

    /// The invariants of all four; no slot promises more than is declared; collateral, prepaid prices, stakes and orders
    /// together are what escrow has ordered, and nothing of that is the pool's.
    fn hold(&self) {
        let (app, now) = (&self.world.app, self.world.now());
        let pool = caplet_pool::invariants::check(&*app.contract_storage(&self.pool)).unwrap();
        let futures = {
            let storage = app.contract_storage(&self.futures);
            caplet_futures::invariants::check(&*storage, now).unwrap()
        };
        let orders = {
            let storage = app.contract_storage(&self.auction);
            caplet_auction::invariants::check_capacity(&*storage, now).unwrap();
            caplet_auction::invariants::check(&*storage).unwrap()
        };
        let ledger = escrow::QueryMsg::Ledger { asset: UCAP };
        let ledger: escrow::LedgerResponse = self.world.ask(&self.world.escrow, &ledger);
        let held = ledger.held.u128();
        let storage = app.contract_storage(&self.world.escrow);
        caplet_escrow::invariants::check(&*storage, |_| held).unwrap();
        drop(storage);
        let stakes: u128 = pool.stakes.values().map(|stake| u128::from(*stake)).sum();
        let prepaid: u128 = futures.values().sum();
        let orders = orders.get(&UCAP).copied().unwrap_or_default();
        assert_eq!(ledger.ordered.u128(), prepaid + stakes + orders);
        let own = self.world.balance(&self.pool, UCAP);
        assert_eq!(own.ordered.u128(), 0, "the members' money is no collateral");
        assert!(own.free.u128() >= pool.owed.into(), "the pool owes {}", pool.owed);
    }

    fn free(&self, name: &str) -> u128 {
        self.world.balance(&name.into_addr(), UCAP).free.u128()
    }

    fn ordered(&self, name: &str) -> u128 {
        self.world.balance(&name.into_addr(), UCAP).ordered.u128()
    }

    fn ask<T: cosmwasm_schema::serde::de::DeserializeOwned>(&self, msg: &QueryMsg) -> T {
        self.world.ask(&self.pool, msg)
    }

    fn earned(&self, device: DeviceId) -> u64 {
        self.ask::<MemberResponse>(&QueryMsg::Member { device }).earned.u64()
    }

    fn capacity(&self, first_slot: Option<u32>, slots: u16) -> CapacityResponse {
        let (market, device, slots) = (MARKET, POOL, Some(slots));
        let ask = auction::QueryMsg::Capacity { market, device, first_slot, slots };
        self.world.ask(&self.auction, &ask)
    }

    /// Lots on the auction's ledger.
    fn declared(&self) -> Option<Lots> {
        self.capacity(None, 1).capacity
    }

    /// The most that is promised in some slots.
    fn held(&self, first: u32, slots: u16) -> u16 {
        let known = self.capacity(Some(first), slots);
        let held = |slot: &SlotResponse| {
            let begins = (u64::from(slot.slot) * SLOT).max(self.world.now());
            let open = if begins < known.open_until.u64() { known.open.0 } else { 0 };
            slot.leased.0 + slot.reserved.0 + open
        };
        known.slots.iter().map(held).max().unwrap()
    }

    fn slot(&self) -> u32 {
        (self.world.now() / SLOT) as u32
    }

    /// To the first second of a slot of the market.
    fn until(&mut self, slot: u32) {
        self.world.wait((u64::from(slot) * SLOT).saturating_sub(self.world.now()));
    }

    /// A series from so many slots ahead on, at 100, take-or-pay, with the least collateral.
    fn series(&self, ahead: u32, slots: u16, lots: u16) -> IssueInput {
        IssueInput {
            device: ALICE, // filled in, as the market is
            market: MarketId(77),
            latency: 0,
            throughput: 0,
            accuracy: 0,
            tags: 0,
            first_slot: self.slot() + ahead,
            slots,
            lots: Lots(lots),
            sale: Sale::Fixed { price: 100u64.into() },
            reservation: Bps(10_000),
            collateral: (MARGIN * u64::from(slots) * u64::from(lots)).into(),
        }
    }

    fn issue_as(&mut self, sender: &str, series: IssueInput, backer: DeviceId) -> Outcome {
        let futures = self.futures.to_string();
        self.send(sender, &ExecuteMsg::Issue { futures, series, backer })
    }

    fn try_issue(&mut self, ahead: u32, slots: u16, lots: u16) -> Outcome {
        let series = self.series(ahead, slots, lots);
        self.issue_as("manager", series, MANAGER)
    }

    fn issue(&mut self, ahead: u32, slots: u16, lots: u16) -> u32 {
        find::<SeriesIssued>(&self.try_issue(ahead, slots, lots).unwrap()).series
    }

    /// Alice buys lots of all slots.
    fn buy(&mut self, series: u32, slots: u16, lots: u16) {
        let msg = Futures::Buy { series, device: ALICE, from: 0, to: slots, lots: Lots(lots) };
        self.trade("alice", &msg).unwrap();
    }

    fn exercise(&mut self, series: u32, slot: u16, lots: u16) -> u64 {
        let lots = Lots(lots);
        let msg = Futures::Exercise { series, device: ALICE, slot, lots, consumer: None };
        find::<FutureExercised>(&self.trade("alice", &msg).unwrap()).lease
    }

    fn assign(&mut self, lease: u64) -> Outcome {
        self.send("keeper", &ExecuteMsg::Assign { leases: vec![lease.into()] })
    }

    fn server(&self, lease: u64) -> DeviceId {
        self.ask::<ServedResponse>(&QueryMsg::Lease { lease: lease.into() }).member
    }

    /// Redeems an amount of a lease and has the pool account it.
    fn pay(&mut self, lease: u64, amount: u64) {
        let voucher = orders::voucher(&self.world.escrow_domain, ALICE, lease, amount);
        let (escrow, msg) = (self.world.escrow.clone(), escrow::ExecuteMsg::Redeem { voucher });
        self.carry_out("keeper", &escrow, &msg).unwrap();
        self.send("keeper", &ExecuteMsg::Account { leases: vec![lease.into()] }).unwrap();
    }

    /// Settles what Alice holds and closes the series.
    fn end(&mut self, series: u32) {
        self.trade("stranger", &Futures::Settle { series, devices: vec![ALICE] }).unwrap();
        self.trade("stranger", &Futures::Close { series }).unwrap();
    }

    /// Instant lots on spot that stand for some seconds.
    fn offer(&mut self, instant: u16, secs: u64) -> Outcome {
        self.sequence += 1;
        let not_after = self.world.now() + secs;
        let offer = orders::offer(ALICE, self.sequence, 100, instant, not_after);
        self.send("manager", &ExecuteMsg::Offer { offers: vec![offer] })
    }

    /// Alice takes lots of an offer.
    fn take(&mut self, offer: u64, lots: u16) -> Outcome {
        self.sequence += 1;
        let demand = orders::demand(ALICE, self.sequence, 1_000, lots, self.world.now() + 60);
        let (offer, lease) = (offer.into(), None);
        let msg = auction::ExecuteMsg::Take { offer, demand, market: MARKET, lease };
        self.carry_out("alice", &self.auction.clone(), &msg)
    }
}

#[test]
fn members_deliver_and_are_paid_and_the_collateral_returns_to_the_manager() {
    let mut stage = Stage::new();
    let before = stage.free("manager");
    let series = stage.issue(1, 4, 6);
    assert_eq!((stage.free("manager"), stage.ordered("manager")), (before - 1_440, 1_440));
    stage.buy(series, 4, 6);
    let first = stage.slot() + 1;
    stage.until(first);
    let lease = stage.exercise(series, 0, 4);
    stage.assign(lease).unwrap();
    assert_eq!((stage.server(lease), stage.world.lease(lease).provider), (BOB, POOL));
    stage.pay(lease, 400);
    stage.trade("stranger", &Futures::Reckon { leases: vec![lease.into()] }).unwrap();
    stage.until(first + 4);
    stage.end(series);
    assert_eq!((stage.free("manager"), stage.ordered("manager")), (before, 0));
    // twenty lots lapsed and pay for having stood ready
    let money: MoneyResponse = stage.ask(&QueryMsg::Money {});
    assert_eq!(money.free.u128(), u128::from(net(400) + 2_000));
    stage.send("keeper", &ExecuteMsg::Collect {}).unwrap();
    stage.world.wait(HOLD);
    stage.send("keeper", &ExecuteMsg::Collect {}).unwrap();
    let earned: u64 = MEMBERS.into_iter().map(|device| stage.earned(device)).sum();
    assert!((net(400) + 2_000).abs_diff(earned) <= 3, "{earned}");
    assert!(stage.earned(BOB).abs_diff(stage.earned(DAVE)) >= net(400) * 8 / 10 - 2);
    for device in MEMBERS {
        stage.send("keeper", &ExecuteMsg::Claim { device }).unwrap();
    }
}

#[test]
fn no_more_is_promised_in_any_slot_than_members_can_do_without_their_spares() {
    let mut stage = Stage::new();
    refused(stage.try_issue(1, 4, 11), &["11 lots", "has 10 left"]);
    stage.issue(1, 4, 6);
    refused(stage.try_issue(4, 2, 5), &["5 lots", "has 4 left"]);
    stage.issue(1, 4, 4);
    stage.issue(5, 4, 10);
    assert!(stage.offer(1, 60).is_err(), "a lease of it may run into the next slot, which is sold");
    // nor beside what stands on spot
    let mut stage = Stage::new();
    stage.offer(8, 60).unwrap();
    refused(stage.try_issue(1, 1, 3), &["has 2 left"]);
    stage.issue(2, 1, 10);
    // nor of members that leave, or that cannot serve
    let mut stage = Stage::new();
    stage.send("bob", &ExecuteMsg::Leave { device: BOB }).unwrap();
    refused(stage.try_issue(1, 1, 6), &["has 5 left"]);
    let (reputation, device) = (stage.world.reputation.clone(), DAVE.0);
    let suspend = Set { device, tier: 0, suspended: true };
    stage.world.execute("governance", &reputation, &suspend).unwrap();
    refused(stage.try_issue(1, 1, 1), &["no lots may be sold"]);
}

#[test]
fn promises_reach_only_so_far_ahead_and_need_their_margin() {
    let mut stage = Stage::new();
    refused(stage.try_issue(MAX_AHEAD, 1, 1), &["slots ahead is 337", "1 to 336"]);
    refused(stage.try_issue(u32::MAX - stage.slot(), 1, 1), &["slots ahead is"]);
    stage.issue(MAX_AHEAD - 1, 1, 1);
    let mut series = stage.series(1, 1, 1);
    series.collateral = (MARGIN - 1).into();
    refused(stage.issue_as("manager", series, MANAGER), &["59 is below 60"]);
    stage.send("governance", &ExecuteMsg::Admin(AdminMsg::Pause {})).unwrap();
    refused(stage.try_issue(1, 1, 1), &["is paused"]);
}

#[test]
fn a_member_that_leaves_leaves_what_was_promised_backed() {
    let mut stage = Stage::new();
    let first = stage.slot() + 60;
    let series = stage.issue(60, 4, 10);
    stage.buy(series, 4, 10);
    stage.send("bob", &ExecuteMsg::Leave { device: BOB }).unwrap();
    assert_eq!(stage.declared(), Some(Lots(10)), "promised in slots to come");
    let promise: PromiseResponse = stage.ask(&QueryMsg::Promise {});
    assert_eq!((promise.sellable, promise.promised), (Lots(5), Lots(10)));
    // the slots before hold nothing, and are sold for what the two others can do
    refused(stage.offer(6, 60), &["6 lots", "has 5 left"]);
    refused(stage.try_issue(70, 1, 6), &["has 5 left"]);
    stage.offer(5, 60).unwrap();
    refused(stage.offer(1, 60), &["has 0 left"]);
    refused(stage.offer(1, 100 * SLOT), &["has 0 left"]);
    stage.world.wait(EPOCH);
    let depart = ExecuteMsg::Depart { device: BOB };
    assert!(stage.send("keeper", &depart).is_err(), "five lots are not ten");
    assert_eq!(stage.ordered("bob"), 500);
    stage.join(GRACE).unwrap();
    stage.world.wait(EPOCH);
    stage.send("keeper", &ExecuteMsg::Admit { device: GRACE }).unwrap();
    stage.send("keeper", &depart).unwrap();
    assert_eq!((stage.ordered("bob"), stage.declared()), (0, Some(Lots(10))));
    stage.until(first);
    for member in [DAVE, FRANK] {
        let lease = stage.exercise(series, 0, 5);
        stage.assign(lease).unwrap();
        assert_eq!(stage.server(lease), member);
    }
}

#[test]
fn a_default_costs_the_manager_and_no_member() {
    let mut stage = Stage::new();
    let people = ["manager", "alice", "bob", "dave", "frank"];
    let before = people.map(|name| stage.free(name));
    let series = stage.issue(1, 4, 6);
    stage.buy(series, 4, 6);
    let suspend = Set { device: POOL.0, tier: 0, suspended: true };
    stage.world.execute("governance", &stage.world.reputation.clone(), &suspend).unwrap();
    stage.trade("stranger", &Futures::Default { series }).unwrap();
    stage.end(series);
    // the penalty of 10 for each of 24 lots
    let [manager, alice, members @ ..] = before;
    assert_eq!((stage.free("manager"), stage.free("alice")), (manager - 240, alice + 240));
    assert_eq!(["bob", "dave", "frank"].map(|name| stage.free(name)), members);
    assert_eq!(["bob", "dave", "frank"].map(|name| stage.ordered(name)), [500; 3]);
    let money: MoneyResponse = stage.ask(&QueryMsg::Money {});
    assert_eq!((money.free.u128(), money.credited.u64()), (0, 0));
}

#[test]
fn only_the_manager_issues_and_only_with_its_own_money() {
    let mut stage = Stage::new();
    let series = stage.series(1, 4, 6);
    refused(stage.issue_as("alice", series.clone(), ALICE), &["is not the manager"]);
    refused(stage.issue_as("manager", series.clone(), ALICE), &["does not own device 1"]);
    refused(stage.issue_as("manager", series.clone(), POOL), &["does not own device 9"]);
    // nor past the pool, which would check nothing
    let direct = IssueInput { device: POOL, market: MARKET, ..series.clone() };
    let backed = Futures::IssueBacked { series: direct.clone(), backer: MANAGER };
    for msg in [Futures::Issue(direct), backed] {
        refused(stage.trade("manager", &msg), &["neither owns device 9"]);
    }
    // another manager has not what the one before approved
    let named = |name: &str| ExecuteMsg::SetManager { manager: name.into_addr().to_string() };
    stage.send("governance", &named("alice")).unwrap();
    refused(stage.issue_as("alice", series.clone(), MANAGER), &["does not own device 10"]);
    stage.send("governance", &named("manager")).unwrap();
    stage.approve(0);
    refused(stage.issue_as("manager", series, MANAGER), &["neither owns device 10"]);
}

#[test]
fn collateral_is_the_managers_to_add_and_to_take_back_and_nobody_elses() {
    let mut stage = Stage::new();
    let before = stage.free("manager");
    let series = stage.issue(1, 4, 6);
    let amount = 100u64.into();
    for msg in [Futures::TopUp { series, amount }, Futures::Release { series, amount }] {
        refused(stage.trade("bob", &msg), &["neither owns device 10"]);
        stage.trade("manager", &msg).unwrap();
    }
    // whose device delivers is the pool's matter, and the pool changes it for nobody
    for msg in [
        Futures::Substitute { series, device: MANAGER },
        Futures::OfferNovation { series, to: Some(MANAGER) },
    ] {
        refused(stage.trade("manager", &msg), &["neither owns device 9"]);
    }
    refused(stage.trade("bob", &Futures::EndSale { series }), &["neither owns"]);
    stage.trade("manager", &Futures::EndSale { series }).unwrap();
    stage.trade("stranger", &Futures::Close { series }).unwrap();
    assert_eq!((stage.free("manager"), stage.ordered("manager")), (before, 0));
    assert_eq!(stage.held(stage.slot(), 10), 0);
}

#[test]
fn a_lease_that_is_exercised_ahead_takes_no_members_room_before_it_begins() {
    let mut stage = Stage::new();
    let series = stage.issue(2, 1, 5);
    stage.buy(series, 1, 5);
    let lease = stage.exercise(series, 0, 5);
    refused(stage.assign(lease), &["has not begun"]);
    stage.until(stage.slot() + 2);
    stage.assign(lease).unwrap();
    assert_eq!(stage.server(lease), BOB);
}

/// What may be sold, and who comes and goes.
#[derive(Clone, Copy, Debug)]
enum Step {
    Issue { ahead: u32, slots: u16, lots: u16 },
    EndSale(u32),
    Offer { lots: u16, secs: u64 },
    Take { offer: usize, lots: u16 },
    Join(DeviceId),
    Admit(DeviceId),
    Leave(DeviceId),
    Depart(DeviceId),
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let member = || select(vec![BOB, DAVE, FRANK, GRACE]);
    prop_oneof![
        6 => (1u32..30, 1u16..6, 1u16..9).prop_map(|(ahead, slots, lots)| Step::Issue { ahead, slots, lots }),
        1 => (1u32..6).prop_map(Step::EndSale),
        6 => (1u16..9, select(vec![60, 4_000, 40_000])).prop_map(|(lots, secs)| Step::Offer { lots, secs }),
        3 => (0usize..4, 1u16..4).prop_map(|(offer, lots)| Step::Take { offer, lots }),
        1 => Just(Step::Join(GRACE)),
        2 => member().prop_map(Step::Admit),
        2 => member().prop_map(Step::Leave),
        2 => member().prop_map(Step::Depart),
        3 => select(vec![600, SLOT, 5 * SLOT, EPOCH]).prop_map(Step::Wait),
    ]
}

impl Stage {
    /// Does a step, or is refused. What was sold is no more than members can do in each slot that it may reach.
    fn live(&mut self, offers: &mut Vec<u64>, step: Step) {
        let now = self.slot();
        let sold = match step {
            Step::Issue { ahead, slots, lots } => {
                self.try_issue(ahead, slots, lots).ok().map(|_| (now + ahead, slots))
            }
            Step::Offer { lots, secs } => self.offer(lots, secs).ok().map(|events| {
                offers.push(number(&events));
                let last = (self.world.now() + secs + 120 + SLOT) / SLOT;
                (now, (last as u32 - now + 1) as u16)
            }),
            Step::EndSale(series) => {
                let _ = self.trade("manager", &Futures::EndSale { series });
                None
            }
            Step::Take { offer, lots } => {
                if let Some(offer) = offers.get(offer) {
                    let _ = self.take(*offer, lots);
                }
                None
            }
            Step::Join(device) => {
                let _ = self.join(device);
                None
            }
            Step::Leave(device) => {
                let _ = self.send(owner(device), &ExecuteMsg::Leave { device });
                None
            }
            Step::Admit(device) => {
                let _ = self.send("keeper", &ExecuteMsg::Admit { device });
                None
            }
            Step::Depart(device) => {
                let _ = self.send("keeper", &ExecuteMsg::Depart { device });
                None
            }
            Step::Wait(secs) => {
                self.world.wait(secs);
                None
            }
        };
        if let Some((first, slots)) = sold {
            let promise: PromiseResponse = self.ask(&QueryMsg::Promise {});
            let held = self.held(first, slots);
            assert!(held <= promise.sellable.0, "{held} lots promised of {}", promise.sellable);
        }
        self.hold();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn futures_and_spot_together_never_promise_more_than_members_can_do(
        steps in prop::collection::vec(step(), 1..40),
    ) {
        let (mut stage, mut offers) = (Stage::new(), Vec::new());
        steps.into_iter().for_each(|step| stage.live(&mut offers, step));
        // whatever came, a member can always announce that it leaves, and what is promised stands
        let promised = stage.ask::<PromiseResponse>(&QueryMsg::Promise {}).promised;
        for device in MEMBERS {
            match stage.send(owner(device), &ExecuteMsg::Leave { device }) {
                Ok(_) => {}
                Err(refusal) => prop_assert!(
                    refusal.contains("is leaving already") || refusal.contains("is no member"),
                    "{refusal}"
                ),
            }
        }
        prop_assert!(stage.declared().map_or(0, |lots| lots.0) >= promised.0);
    }
}
