//! Futures beside the real auction: its capacity ledger, its instant lane, its leases.

use crate::suite::{
    ALICE, BOB, CAPACITY, CAROL, DAVE, ERIN, MARKET, OWNERS, UCAP, add_futures, owner, refused,
    world,
};
use caplet_api::auction;
use caplet_api::escrow;
use caplet_api::event::{FutureExercised, LeasesOpened, SeriesIssued};
use caplet_api::futures::{ExecuteMsg, IssueInput, MarkResponse, QueryMsg, Sale};
use caplet_protocol::{Bps, DeviceId, Lots};
use caplet_testkit::orders::{self, find, number};
use caplet_testkit::spot::{SLOT, config};
use caplet_testkit::world::{Outcome, World};
use cosmwasm_std::{Addr, Uint64};
use cw_multi_test::IntoAddr;
use std::collections::BTreeMap;

pub(crate) struct Stage {
    pub(crate) world: World,
    pub(crate) auction: Addr,
    pub(crate) futures: Addr,
    sequences: BTreeMap<DeviceId, u32>,
}

impl Stage {
    /// Carol and Dave do ten lots at a time, in a market of hours.
    pub(crate) fn new() -> Self {
        let mut world = world();
        let (auction, _) = world.add_auction();
        let futures = add_futures(&mut world, &auction);
        world.open_market(&auction, config(MARKET, 7), &[&futures]);
        let mut stage = Self { world, auction, futures, sequences: BTreeMap::new() };
        for device in [CAROL, DAVE] {
            let lots = Some(Lots(CAPACITY));
            let msg = auction::ExecuteMsg::SetCapacity { market: MARKET, device, lots };
            stage.spot(owner(device), &msg).unwrap();
        }
        stage
    }

    fn spot(&mut self, sender: &str, msg: &auction::ExecuteMsg) -> Outcome {
        let outcome = self.world.execute(sender, &self.auction.clone(), msg);
        self.hold();
        outcome
    }

    pub(crate) fn send(&mut self, sender: &str, msg: &ExecuteMsg) -> Outcome {
        let outcome = self.world.execute(sender, &self.futures.clone(), msg);
        self.hold();
        outcome
    }

    /// The invariants of all three, and that orders and futures together are what escrow has ordered.
    fn hold(&self) {
        let app = &self.world.app;
        let ours = {
            let storage = app.contract_storage(&self.futures);
            caplet_futures::invariants::check(&*storage, self.world.now()).unwrap()
        };
        let theirs = {
            let storage = app.contract_storage(&self.auction);
            caplet_auction::invariants::check_capacity(&*storage, self.world.now()).unwrap();
            caplet_auction::invariants::check(&*storage).unwrap()
        };
        let ledger = escrow::QueryMsg::Ledger { asset: UCAP };
        let ledger: escrow::LedgerResponse = self.world.ask(&self.world.escrow, &ledger);
        let prepaid: u128 =
            ours.iter().filter(|((asset, _), _)| *asset == UCAP).map(|(_, amount)| *amount).sum();
        let orders = theirs.get(&UCAP).copied().unwrap_or_default();
        assert_eq!(ledger.ordered.u128(), prepaid + orders);
    }

    fn next(&mut self, device: DeviceId) -> u32 {
        let last = self.sequences.entry(device).or_default();
        *last += 1;
        *last
    }

    fn slot(&self) -> u32 {
        (self.world.now() / SLOT) as u32
    }

    /// To the first second of a slot of the market.
    fn until(&mut self, slot: u32) {
        self.world.wait((u64::from(slot) * SLOT).saturating_sub(self.world.now()));
    }

    /// Instant lots at an ask, open to the end of the slot that runs.
    fn offer(&mut self, device: DeviceId, ask: u64, instant: u16) -> Outcome {
        let not_after = (u64::from(self.slot()) + 1) * SLOT - 1;
        self.offer_until(device, ask, instant, not_after)
    }

    pub(crate) fn offer_until(
        &mut self,
        device: DeviceId,
        ask: u64,
        instant: u16,
        not_after: u64,
    ) -> Outcome {
        let offer = orders::offer(device, self.next(device), ask, instant, not_after);
        let msg =
            auction::ExecuteMsg::Place { market: MARKET, offers: vec![offer], demands: vec![] };
        self.spot(owner(device), &msg)
    }

    fn offered(&mut self, device: DeviceId, ask: u64, instant: u16) -> u64 {
        let events = self.offer(device, ask, instant).unwrap();
        number(&events)
    }

    pub(crate) fn take(&mut self, consumer: DeviceId, offer: u64, lots: u16) -> Outcome {
        let (sequence, not_after) = (self.next(consumer), self.world.now() + 60);
        let demand = orders::demand(consumer, sequence, 10_000, lots, not_after);
        let msg =
            auction::ExecuteMsg::Take { offer: offer.into(), demand, market: MARKET, lease: None };
        self.spot(owner(consumer), &msg)
    }

    /// Carol promises lots in four slots from the next one on, at 100.
    fn issue(&mut self, lots: u16) -> Result<u32, String> {
        self.issue_of(CAROL, (1, 4), lots)
    }

    /// A device promises lots from so many slots ahead on, in so many of them.
    pub(crate) fn issue_of(
        &mut self,
        device: DeviceId,
        (ahead, slots): (u32, u16),
        lots: u16,
    ) -> Result<u32, String> {
        let input = IssueInput {
            device,
            market: MARKET,
            latency: 0,
            throughput: 0,
            accuracy: 0,
            tags: 0,
            first_slot: self.slot() + ahead,
            slots,
            lots: Lots(lots),
            sale: Sale::Fixed { price: 100u64.into() },
            reservation: Bps(10_000),
            collateral: 4_000u64.into(),
        };
        let events = self.send(owner(device), &ExecuteMsg::Issue(input))?;
        Ok(find::<SeriesIssued>(&events).series)
    }

    fn buy(&mut self, series: u32, device: DeviceId, lots: u16) {
        let msg = ExecuteMsg::Buy { series, device, from: 0, to: 4, lots: Lots(lots) };
        self.send(owner(device), &msg).unwrap();
    }
}

#[test]
fn exercise_opens_an_ordinary_lease_at_the_strike_with_priority_over_spot() {
    let mut stage = Stage::new();
    let series = stage.issue(6).unwrap();
    stage.buy(series, ALICE, 6);
    let first = stage.slot() + 1;
    stage.until(first);
    // spot is sold out at three times the strike before Alice comes
    let offer = stage.offered(CAROL, 300, 4);
    stage.take(BOB, offer, 4).unwrap();
    refused(stage.offer(CAROL, 300, 1), &["3", "0"]);
    let msg =
        ExecuteMsg::Exercise { series, device: ALICE, slot: 0, lots: Lots(6), consumer: None };
    let events = stage.send("alice", &msg).unwrap();
    let exercised: FutureExercised = find(&events);
    let lease = stage.world.lease(exercised.lease);
    assert_eq!((lease.price.u64(), lease.lots.0, lease.provider), (100, 6, CAROL));
    assert_eq!((lease.consumer, lease.terms.market), (ALICE, MARKET));
    assert_eq!(lease.terms.end.u64(), u64::from(first + 1) * SLOT);
}

#[test]
fn capacity_promised_in_futures_is_not_sold_on_spot_nor_the_other_way() {
    let mut stage = Stage::new();
    let series = stage.issue(6).unwrap();
    stage.until(stage.slot() + 1);
    refused(stage.offer(CAROL, 100, 5), &["it offers 5 lots, device 3 has 4 free"]);
    stage.offered(CAROL, 100, 4);
    // unsold lots go back
    stage.send("carol", &ExecuteMsg::EndSale { series }).unwrap();
    stage.offered(CAROL, 100, 6);

    let mut stage = Stage::new();
    // a lease of such an offer may run into the next slot, so the ledger counts it there
    stage.offered(CAROL, 100, 8);
    refused(stage.issue(6).map(|_| vec![]), &["device 3 has 2 lots free", "asked are 6"]);
    stage.issue(2).unwrap();
}

#[test]
fn what_was_exercised_and_ran_out_leaves_the_slot_to_spot_and_lapsed_lots_pay() {
    let mut stage = Stage::new();
    let series = stage.issue(6).unwrap();
    stage.buy(series, ALICE, 6);
    let first = stage.slot() + 1;
    stage.until(first + 4);
    let before = stage.world.balance(&"carol".into_addr(), UCAP).free.u128();
    let msg = ExecuteMsg::Settle { series, devices: vec![ALICE] };
    stage.send("stranger", &msg).unwrap();
    stage.send("stranger", &ExecuteMsg::Close { series }).unwrap();
    let after = stage.world.balance(&"carol".into_addr(), UCAP);
    // take-or-pay for 24 lots, and the collateral
    assert_eq!(after.free.u128(), before + 2_400 + 4_000);
    assert_eq!(after.ordered.u128(), 0);
    stage.offered(CAROL, 100, CAPACITY);
}

#[test]
fn the_index_is_made_of_the_auctions_leases() {
    let mut stage = Stage::new();
    let mark = QueryMsg::Mark { market: MARKET };
    let before: MarkResponse = stage.world.ask(&stage.futures, &mark);
    assert_eq!((before.index, before.mark.u64()), (None, 100), "the real auction's base price");
    let mut leases = Vec::new();
    // three owners on each side; the third seller is Erin, who is on no ledger
    for (consumer, provider) in [(ALICE, CAROL), (BOB, DAVE), (DeviceId(7), ERIN)] {
        let offer = stage.offered(provider, 150, 2);
        let events = stage.take(consumer, offer, 2).unwrap();
        leases.extend(find::<LeasesOpened>(&events).leases.into_iter().map(Uint64::new));
    }
    stage.send("keeper", &ExecuteMsg::Observe { market: MARKET, leases }).unwrap();
    let after: MarkResponse = stage.world.ask(&stage.futures, &mark);
    assert_eq!((after.index.map(|index| index.u64()), after.trades), (Some(150), 3));
    assert_eq!(OWNERS[6], "frank");
}
