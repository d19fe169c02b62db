//! A pool beside the real auction: one provider on its capacity ledger, whose leases pay for readiness and for work.

use crate::suite::{
    ALICE, ANSWER, BOB, DAVE, EPOCH, FRANK, MARKET, POOL, UCAP, add_pool, code, init, net, owner,
    refused, world,
};
use caplet_api::auction::{self, CancelInput, CapacityResponse};
use caplet_api::escrow;
use caplet_api::event::{LeaseServed, LeasesOpened};
use caplet_api::pool::{ExecuteMsg, MemberResponse, QueryMsg, ServedResponse};
use caplet_protocol::layout::Side;
use caplet_protocol::{DeviceId, Lots};
use caplet_testkit::orders::{self, find, number};
use caplet_testkit::spot::config;
use caplet_testkit::world::{Outcome, World};
use cosmwasm_std::{Addr, Event};
use cw_multi_test::{Executor as _, IntoAddr};

struct Stage {
    world: World,
    auction: Addr,
    pool: Addr,
    sequence: u32,
}

impl Stage {
    /// Three members of five lots in a market of hours; the largest is held back, so ten lots are for sale.
    fn new() -> Self {
        let mut world = world();
        let (auction, _) = world.add_auction();
        world.open_market(&auction, config(MARKET, 0), &[]);
        let pool = add_pool(&mut world, &auction);
        let mut stage = Self { world, auction, pool, sequence: 0 };
        stage.send("manager", &ExecuteMsg::Bind { device: POOL }).unwrap();
        for device in [BOB, DAVE, FRANK] {
            let msg = ExecuteMsg::Join { device, lots: Lots(5), cost: 10u64.into() };
            stage.send(owner(device), &msg).unwrap();
        }
        stage.world.wait(EPOCH);
        for device in [BOB, DAVE, FRANK] {
            stage.send("keeper", &ExecuteMsg::Admit { device }).unwrap();
        }
        stage
    }

    fn send(&mut self, sender: &str, msg: &ExecuteMsg) -> Outcome {
        let outcome = self.world.execute(sender, &self.pool.clone(), msg);
        let app = &self.world.app;
        let owed = caplet_pool::invariants::check(&*app.contract_storage(&self.pool)).unwrap().owed;
        let free = self.world.balance(&self.pool, UCAP).free.u128();
        assert!(free >= owed.into(), "the pool has {free}, it owes {owed}");
        let storage = app.contract_storage(&self.auction);
        caplet_auction::invariants::check_capacity(&*storage, self.world.now()).unwrap();
        outcome
    }

    fn offer(&mut self, instant: u16) -> Outcome {
        self.sequence += 1;
        let not_after = self.world.now() + 2 * EPOCH;
        let offer = orders::offer(ALICE, self.sequence, 100, instant, not_after);
        self.send("manager", &ExecuteMsg::Offer { offers: vec![offer] })
    }

    /// Alice takes lots of an offer; the lease and its price a lot.
    fn take(&mut self, offer: u64, lots: u16) -> (u64, u64) {
        let events = self.take_for(offer, lots, None);
        let lease = find::<LeasesOpened>(&events).leases[0];
        (lease, self.world.lease(lease).price.u64())
    }

    /// For a lease of their own, or a running one.
    fn take_for(&mut self, offer: u64, lots: u16, lease: Option<u64>) -> Vec<Event> {
        self.sequence += 1;
        let demand = orders::demand(ALICE, self.sequence, 1_000, lots, self.world.now() + 60);
        let (offer, lease) = (offer.into(), lease.map(Into::into));
        let msg = auction::ExecuteMsg::Take { offer, demand, market: MARKET, lease };
        self.world.execute("alice", &self.auction.clone(), &msg).unwrap()
    }

    /// Redeems an amount of a lease and has the pool account it.
    fn pay(&mut self, lease: u64, amount: u64) {
        let voucher = orders::voucher(&self.world.escrow_domain, ALICE, lease, amount);
        let msg = escrow::ExecuteMsg::Redeem { voucher };
        self.world.execute("keeper", &self.world.escrow.clone(), &msg).unwrap();
        self.send("keeper", &ExecuteMsg::Account { leases: vec![lease.into()] }).unwrap();
    }

    fn earned(&self, device: DeviceId) -> u64 {
        self.member(device).earned.u64()
    }

    fn member(&self, device: DeviceId) -> MemberResponse {
        self.world.ask(&self.pool, &QueryMsg::Member { device })
    }

    /// Lots on the auction's ledger.
    fn declared(&self) -> Option<Lots> {
        let ask = auction::QueryMsg::Capacity {
            market: MARKET,
            device: POOL,
            first_slot: None,
            slots: None,
        };
        self.world.ask::<_, CapacityResponse>(&self.auction, &ask).capacity
    }

    fn server(&self, lease: u64) -> DeviceId {
        let ask = QueryMsg::Lease { lease: lease.into() };
        self.world.ask::<_, ServedResponse>(&self.pool, &ask).member
    }
}

#[test]
fn the_pool_offers_as_one_provider_what_its_members_can_do_without_their_spare() {
    let mut stage = Stage::new();
    assert!(stage.offer(11).is_err(), "ten of fifteen lots are for sale");
    let events = stage.offer(10).unwrap();
    let order = number(&events);
    assert!(stage.offer(1).is_err(), "all ten are on offer");
    // nobody departs whom a promise needs: the ledger refuses less than is offered
    stage.send("bob", &ExecuteMsg::Leave { device: BOB }).unwrap();
    stage.world.wait(EPOCH);
    let depart = ExecuteMsg::Depart { device: BOB };
    assert!(stage.send("keeper", &depart).is_err(), "two members and a spare are not ten lots");
    let orders = vec![CancelInput { side: Side::Offer, order: order.into(), signature: None }];
    stage.send("manager", &ExecuteMsg::Cancel { orders }).unwrap();
    stage.send("keeper", &depart).unwrap();
    assert!(stage.offer(6).is_err(), "five of ten lots are for sale");
    stage.offer(5).unwrap();
}

#[test]
fn the_auctions_ledger_comes_down_with_a_member_that_leaves_and_keeps_its_promises() {
    let mut stage = Stage::new();
    let order = number(&stage.offer(10).unwrap());
    stage.take(order, 4);
    stage.send("bob", &ExecuteMsg::Leave { device: BOB }).unwrap();
    assert_eq!(stage.declared(), Some(Lots(10)), "four lots are leased and six on offer");
    assert!(stage.offer(1).is_err());
    let orders = vec![CancelInput { side: Side::Offer, order: order.into(), signature: None }];
    stage.send("manager", &ExecuteMsg::Cancel { orders }).unwrap();
    assert!(stage.offer(2).is_err(), "two members do five lots without a spare");
    stage.offer(1).unwrap();
    assert_eq!(stage.declared(), Some(Lots(5)));
}

#[test]
fn a_lease_of_the_auction_pays_by_readiness_and_by_work() {
    let mut stage = Stage::new();
    let events = stage.offer(10).unwrap();
    let order = number(&events);
    let (lease, price) = stage.take(order, 4);
    assert_eq!(stage.world.lease(lease).provider, POOL);
    stage.send("keeper", &ExecuteMsg::Assign { leases: vec![lease.into()] }).unwrap();
    assert_eq!(stage.server(lease), BOB);
    let all = price * 4;
    stage.pay(lease, all);
    // a fifth for standing ready, by equal lots; the rest is who delivered's
    let ready = net(all) * 2_000 / 10_000;
    let [bob, dave, frank] = [BOB, DAVE, FRANK].map(|device| stage.earned(device));
    assert!(dave.abs_diff(ready / 3) <= 1 && frank.abs_diff(ready / 3) <= 1, "{dave} {frank}");
    assert!(bob.abs_diff(net(all) - ready + ready / 3) <= 1, "{bob} of {}", net(all));
    let dust = net(all) - (bob + dave + frank);
    // less than a unit each, which stays theirs, and what the division carries on
    assert!(dust <= 3, "{dust} of {}: {bob} {dave} {frank}", net(all));
    let before = stage.world.app.wrap().query_balance("bob".into_addr(), "ucap").unwrap().amount;
    stage.send("stranger", &ExecuteMsg::Claim { device: BOB }).unwrap();
    let after = stage.world.app.wrap().query_balance("bob".into_addr(), "ucap").unwrap().amount;
    assert_eq!(after.to_string(), (before + cosmwasm_std::Uint256::from(bob)).to_string());
}

#[test]
fn another_member_serves_the_auctions_lease_on_at_its_price() {
    let mut stage = Stage::new();
    let events = stage.offer(10).unwrap();
    let order = number(&events);
    let (lease, price) = stage.take(order, 4);
    stage.send("keeper", &ExecuteMsg::Assign { leases: vec![lease.into()] }).unwrap();
    stage.pay(lease, price);
    stage.send("dave", &ExecuteMsg::Challenge { lease: lease.into() }).unwrap();
    stage.world.wait(ANSWER + 1);
    stage.send("dave", &ExecuteMsg::TakeOver { lease: lease.into() }).unwrap();
    assert_eq!((stage.server(lease), stage.world.lease(lease).price.u64()), (DAVE, price));
    stage.pay(lease, price * 4);
    let work = |amount: u64| net(amount) * 8_000 / 10_000;
    let ready = net(price * 4) * 2_000 / 10_000 / 3;
    assert!(stage.earned(BOB).abs_diff(work(price) + ready) <= 2);
    assert!(stage.earned(DAVE).abs_diff(work(price * 4) - work(price) + ready) <= 2);
}

#[test]
fn lots_that_come_to_a_running_lease_bind_its_member_and_count_in_its_penalty() {
    let mut stage = Stage::new();
    let order = number(&stage.offer(10).unwrap());
    let (lease, price) = stage.take(order, 2);
    let assign = ExecuteMsg::Assign { leases: vec![lease.into()] };
    stage.send("keeper", &assign).unwrap();
    assert_eq!(stage.server(lease), BOB);
    refused(stage.send("keeper", &assign), &["is assigned already"]);
    stage.take_for(order, 2, Some(lease));
    let served = find::<LeaseServed>(&stage.send("keeper", &assign).unwrap());
    assert_eq!((served.member, served.before, served.penalty), (BOB.0, BOB.0, 0));
    assert_eq!(stage.member(BOB).busy.0, 4);
    refused(stage.send("keeper", &assign), &["is assigned already"]);
    // five lots are all that Bob committed: nobody is made to serve more
    stage.take_for(order, 2, Some(lease));
    refused(stage.send("keeper", &assign), &["has no room for that"]);
    assert_eq!(stage.member(BOB).busy.0, 4);
    // who takes over takes over what was taken on, and is paid a share of the price of that
    stage.send("dave", &ExecuteMsg::Challenge { lease: lease.into() }).unwrap();
    stage.world.wait(ANSWER + 1);
    let events = stage.send("dave", &ExecuteMsg::TakeOver { lease: lease.into() }).unwrap();
    let served = find::<LeaseServed>(&events);
    assert_eq!((served.member, served.penalty), (DAVE.0, price * 4 / 10));
    assert_eq!((stage.member(BOB).busy.0, stage.member(DAVE).busy.0), (0, 4));
}

#[test]
fn a_market_whose_offers_leave_a_bond_has_no_pools() {
    let mut stage = Stage::new();
    let mut bonded = config(MARKET, 0);
    bonded.offer_bond = 5u64.into();
    let msg = auction::ExecuteMsg::CreateMarket(bonded);
    stage.world.execute("governance", &stage.auction.clone(), &msg).unwrap();
    let mut init = init(&stage.world, &stage.auction);
    init.market = caplet_protocol::MarketId(2);
    let number = stage.world.app.store_code(code());
    let governance = "governance".into_addr();
    let made = stage.world.app.instantiate_contract(number, governance, &init, &[], "pool", None);
    let refusal = made.map(|_| vec![]).map_err(|error| error.to_string());
    refused(refusal, &["offers of market 2 leave a bond of 5", "choose a market without one"]);
}
