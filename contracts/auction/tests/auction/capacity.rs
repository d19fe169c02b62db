//! The capacity ledger: nothing is promised twice, by whichever door.

use crate::suite::{
    ALICE, BOB, CAROL, DAVE, EPOCH, MARKET, Outcome, SLOT, Suite, market_config, refused,
};
use caplet_api::auction::{
    CapacityResponse, ExecuteMsg, MAX_SLOTS, MarketConfig, QueryMsg, ReserversResponse,
};
use caplet_api::escrow::{self, CloseInput, CloseReason};
use caplet_api::layout::{
    ALLOWANCE_KEY, AllowanceRecord, EVIDENCE, EvidenceRecord, Pages, STAKED, StakedRecord,
};
use caplet_base::pages::PageSet;
use caplet_protocol::layout::Side;
use caplet_protocol::{DeviceId, Lots};
use cosmwasm_std::Storage;
use cw_multi_test::IntoAddr;

impl Suite {
    pub(crate) fn declare(&mut self, device: DeviceId, lots: Option<u16>) -> Outcome {
        let lots = lots.map(Lots);
        let msg = ExecuteMsg::SetCapacity { market: MARKET, device, lots };
        self.send(Self::owner(device), &msg)
    }

    /// Lets `futures` reserve.
    pub(crate) fn with_reserver(mut self) -> Self {
        let contracts = vec!["futures".into_addr().to_string()];
        self.send("governance", &ExecuteMsg::SetReservers { contracts }).unwrap();
        self
    }

    pub(crate) fn reserve(
        &mut self,
        device: DeviceId,
        first: u32,
        slots: u16,
        lots: u16,
    ) -> Outcome {
        let (market, lots) = (MARKET, Lots(lots));
        let msg = ExecuteMsg::Reserve { market, device, first_slot: first, slots, lots };
        self.send("futures", &msg)
    }

    pub(crate) fn release(
        &mut self,
        device: DeviceId,
        first: u32,
        slots: u16,
        lots: u16,
    ) -> Outcome {
        let (market, lots) = (MARKET, Lots(lots));
        let msg = ExecuteMsg::Release { market, device, first_slot: first, slots, lots };
        self.send("futures", &msg)
    }

    pub(crate) fn capacity(&self, device: DeviceId, first: Option<u32>) -> CapacityResponse {
        let msg = QueryMsg::Capacity { market: MARKET, device, first_slot: first, slots: Some(3) };
        self.ask(&msg).unwrap()
    }

    /// Lots free in the slot that runs.
    fn free_now(&self, device: DeviceId) -> u16 {
        self.capacity(device, None).slots[0].free.0
    }

    fn try_offer(&mut self, device: DeviceId, batch: u16, instant: u16) -> Outcome {
        let mut offer = self.offer(device, 10, batch);
        offer.instant = Lots(instant);
        let msg = ExecuteMsg::Place { market: MARKET, offers: vec![offer], demands: vec![] };
        self.send(Self::owner(device), &msg)
    }

    fn give_back(&mut self, lease: u64) -> Outcome {
        self.send("stranger", &ExecuteMsg::Return { market: MARKET, leases: vec![lease.into()] })
    }

    fn end(&mut self, lease: u64) {
        let items = vec![CloseInput {
            lease: lease.into(),
            reason: CloseReason::ConsumerClosed,
            signature: None,
        }];
        self.tell_escrow("alice", &escrow::ExecuteMsg::Close { items }).unwrap();
    }
}

#[test]
fn a_device_is_on_the_ledger_by_its_owners_word_alone() {
    let mut suite = Suite::new();
    suite.try_offer(CAROL, 60_000, 0).unwrap(); // not on it: bound by its reputation alone
    assert_eq!(suite.capacity(CAROL, None).capacity, None);
    let msg = ExecuteMsg::SetCapacity { market: MARKET, device: DAVE, lots: Some(Lots(3)) };
    for sender in ["carol", "gw2", "governance"] {
        refused(suite.send(sender, &msg), &["does not own device 4", "its owner declares"]);
    }
    suite.declare(DAVE, Some(3)).unwrap();
    assert_eq!(suite.capacity(DAVE, None).capacity, Some(Lots(3)));
    refused(suite.declare(DAVE, Some(0)), &["a capacity of 0 lots", "take it off"]);
    suite.declare(DAVE, None).unwrap();
    assert_eq!(suite.capacity(DAVE, None).capacity, None);
}

#[test]
fn both_lanes_of_all_offers_share_what_a_device_can_do() {
    let mut suite = Suite::new();
    suite.declare(CAROL, Some(5)).unwrap();
    suite.try_offer(CAROL, 2, 1).unwrap();
    assert_eq!((suite.capacity(CAROL, None).open.0, suite.free_now(CAROL)), (3, 2));
    refused(suite.try_offer(CAROL, 2, 1), &["offers 3 lots", "has 2 free in slot"]);
    suite.try_offer(CAROL, 0, 2).unwrap();
    refused(suite.declare(CAROL, Some(4)), &["capacity of 4 lots, 5 are promised"]);
    refused(suite.declare(CAROL, None), &["5 are promised"]);
}

#[test]
fn a_lease_holds_its_lots_until_it_ends_and_no_longer() {
    let mut suite = Suite::new();
    suite.declare(CAROL, Some(2)).unwrap();
    let mut offer = suite.offer(CAROL, 10, 1);
    offer.instant = Lots(1);
    let offer = suite.place_offer(offer);
    let demand = suite.demand(BOB, 40, 1);
    let take = ExecuteMsg::Take { offer: offer.into(), demand, market: MARKET, lease: None };
    suite.send("bob", &take).unwrap();
    suite.buy(ALICE, 40, 1);
    suite.next_epoch();
    suite.clear().unwrap();
    let shown = suite.capacity(CAROL, None);
    assert_eq!((shown.open.0, shown.slots[0].leased.0, shown.slots[0].free.0), (0, 2, 0));
    refused(suite.try_offer(CAROL, 1, 0), &["has 0 free in slot"]);
    // the instant lease began an epoch earlier, and ends that much earlier
    suite.wait(SLOT - EPOCH);
    assert_eq!(suite.free_now(CAROL), 1);
    suite.wait(EPOCH);
    assert_eq!(suite.free_now(CAROL), 2);
    suite.try_offer(CAROL, 2, 0).unwrap();
}

#[test]
fn what_is_left_of_a_slot_returns_when_its_lease_ends_early_once() {
    let mut suite = Suite::new();
    suite.declare(CAROL, Some(1)).unwrap();
    suite.sell(CAROL, 10, 1);
    suite.buy(ALICE, 40, 1);
    suite.next_epoch();
    suite.clear().unwrap();
    let lease = suite.leases()[0].lease.u64();
    refused(suite.give_back(lease), &["returns nothing", "it runs: end it first"]);
    suite.end(lease);
    suite.give_back(lease).unwrap();
    assert_eq!(suite.free_now(CAROL), 1);
    suite.try_offer(CAROL, 1, 0).unwrap();
    refused(suite.give_back(lease), &["it was returned"]);
    refused(suite.give_back(lease + 700), &["there is no such lease"]);
    suite.wait(SLOT);
    refused(suite.give_back(lease), &["its slot is over"]);
}

#[test]
fn a_lease_of_a_device_off_the_ledger_returns_nothing() {
    let mut suite = Suite::new();
    suite.sell(CAROL, 10, 1);
    suite.buy(ALICE, 40, 1);
    suite.next_epoch();
    suite.clear().unwrap();
    let lease = suite.leases()[0].lease.u64();
    suite.end(lease);
    refused(suite.give_back(lease), &["its device was not on the ledger"]);
}

#[test]
fn an_order_that_ends_returns_its_lots() {
    let mut suite = Suite::new();
    suite.declare(CAROL, Some(4)).unwrap();
    let first = suite.sell(CAROL, 10, 2);
    let mut brief = suite.offer(CAROL, 10, 1);
    brief.not_after = (suite.now() + 5).into();
    let brief = suite.place_offer(brief);
    suite.cancel("carol", Side::Offer, first).unwrap();
    suite.wait(6);
    let orders = vec![brief.into()];
    suite
        .send("keeper", &ExecuteMsg::Expire { market: MARKET, side: Side::Offer, orders })
        .unwrap();
    assert_eq!(suite.capacity(CAROL, None).open, Lots(0));
    // cancelled while its book is frozen, it may still be filled: batch lots return with the fold
    let mut offer = suite.offer(CAROL, 10, 1);
    offer.instant = Lots(2);
    let offer = suite.place_offer(offer);
    suite.next_epoch();
    suite.cancel("carol", Side::Offer, offer).unwrap();
    assert_eq!(suite.capacity(CAROL, None).open, Lots(1));
    suite.clear().unwrap();
    assert_eq!(suite.capacity(CAROL, None).open, Lots(0));
}

#[test]
fn only_named_contracts_reserve_and_release() {
    let mut suite = Suite::new();
    suite.declare(CAROL, Some(4)).unwrap();
    refused(suite.reserve(CAROL, 9, 1, 1), &["may not reserve or release"]);
    let mut suite = suite.with_reserver();
    let named: ReserversResponse = suite.ask(&QueryMsg::Reservers {}).unwrap();
    assert_eq!(named.contracts, [suite.app.api().addr_make("futures").to_string()]);
    let first = suite.capacity(CAROL, None).current + 2;
    suite.reserve(CAROL, first, 1, 1).unwrap();
    let release = ExecuteMsg::Release {
        market: MARKET,
        device: CAROL,
        first_slot: first,
        slots: 1,
        lots: Lots(1),
    };
    for sender in ["governance", "carol"] {
        refused(suite.send(sender, &release), &["may not reserve or release"]);
    }
}

#[test]
fn futures_and_spot_never_exceed_capacity_in_any_slot() {
    let mut suite = Suite::new().with_reserver();
    suite.declare(CAROL, Some(4)).unwrap();
    let current = suite.capacity(CAROL, None).current;
    suite.reserve(CAROL, current + 3, 10, 3).unwrap();
    refused(suite.reserve(CAROL, current + 5, 1, 2), &["has 1 lots free in slot", "asked are 2"]);
    // an offer of an hour reaches the reserved slots, one that ends at once does not
    refused(suite.try_offer(CAROL, 2, 0), &["has 1 free in slot"]);
    let mut brief = suite.offer(CAROL, 10, 4);
    brief.not_after = (suite.now() + 1).into();
    suite.place_offer(brief);
    refused(suite.try_offer(CAROL, 1, 0), &["has 0 free in slot"]);
    refused(suite.reserve(CAROL, current + 1, 1, 1), &["has 0 lots free in slot"]);
    refused(suite.declare(CAROL, Some(2)), &["are promised in some slot"]);
}

#[test]
fn a_reservation_comes_back_slot_by_slot_and_never_twice() {
    let mut suite = Suite::new().with_reserver();
    suite.declare(CAROL, Some(4)).unwrap();
    let first = suite.capacity(CAROL, None).current + 60; // across a page of slots
    suite.reserve(CAROL, first, 10, 2).unwrap();
    suite.release(CAROL, first + 4, 2, 1).unwrap();
    let shown = suite.capacity(CAROL, Some(first + 3)).slots;
    let reserved: Vec<u16> = shown.iter().map(|slot| slot.reserved.0).collect();
    assert_eq!(reserved, [2, 1, 1]);
    refused(
        suite.release(CAROL, first, 10, 2),
        &["has 1 lots reserved in slot", "asked to release are 2"],
    );
    refused(suite.release(CAROL, first + 10, 1, 1), &["has 0 lots reserved"]);
    suite.release(CAROL, first, 10, 1).unwrap();
    suite.wait(SLOT * 80);
    suite.release(CAROL, first, 4, 1).unwrap(); // of slots that are past
}

#[test]
fn what_is_reserved_must_be_there_and_make_sense() {
    let mut suite = Suite::new().with_reserver();
    let current = suite.capacity(CAROL, None).current;
    refused(suite.reserve(CAROL, current, 1, 1), &["device 3 is not on the capacity ledger"]);
    suite.declare(CAROL, Some(4)).unwrap();
    refused(suite.reserve(CAROL, current - 1, 1, 1), &["is past", "reserve from there on"]);
    refused(suite.reserve(CAROL, current, 0, 1), &["0 slots in one message"]);
    refused(suite.reserve(CAROL, current, MAX_SLOTS + 1, 1), &["1025 slots", "1 to 1024"]);
    refused(suite.reserve(CAROL, current, 1, 0), &["0 lots in one message"]);
    suite.stand(CAROL, 0, true);
    refused(suite.reserve(CAROL, current, 1, 1), &["device 3 is suspended"]);
    suite.stand(CAROL, 0, false);
    let mut long = suite.offer(CAROL, 10, 1);
    long.not_after = (suite.now() + SLOT * 1_100).into();
    let msg = ExecuteMsg::Place { market: MARKET, offers: vec![long], demands: vec![] };
    refused(suite.send("carol", &msg), &["slots ahead, at most 1024 are kept"]);
}

/// A market in which 100 base units depend on a lot.
fn guarded() -> Suite {
    Suite::with(MarketConfig { exposure_per_lot: 100u64.into(), ..market_config() })
}

impl Suite {
    /// What every device may start with, in base units; a standard lease burns 100, evidence halves in a day.
    fn starter(&mut self, starter: u64) {
        let rules =
            AllowanceRecord { starter, standard_fee: 100, half_life: 86_400, generation: 1 };
        self.tell_reputation(|storage| storage.set(&ALLOWANCE_KEY, &rules.encode()));
    }

    /// What is at stake for a device, in base units of the present denomination or of one before it.
    fn stake(&mut self, device: DeviceId, amount: u64, generation: u8) {
        let record = StakedRecord { amount, generation };
        self.tell_reputation(|storage| put(storage, STAKED, device, &record.encode()));
    }

    /// Good service of a device up to now, in millionths of a standard lease.
    fn served(&mut self, device: DeviceId, alpha: u64) {
        let updated = self.now() as u32;
        let record = EvidenceRecord { alpha, updated, leases: 1, ..EvidenceRecord::default() };
        self.tell_reputation(|storage| put(storage, EVIDENCE, device, &record.encode()));
    }

    fn tell_reputation(&mut self, tell: impl FnOnce(&mut dyn Storage)) {
        let reputation = self.reputation.clone();
        tell(self.app.contract_storage_mut(&reputation).as_mut());
    }
}

fn put(storage: &mut dyn Storage, pages: Pages, device: DeviceId, record: &[u8]) {
    let mut pages = PageSet::new(pages, &[]);
    pages.put(storage, device.0, record).unwrap();
    pages.flush(storage);
}

#[test]
fn what_a_device_promises_stays_within_what_its_reputation_allows() {
    let mut suite = guarded();
    refused(suite.try_offer(CAROL, 1, 0), &["device 3 has no capacity declared"]);
    suite.declare(CAROL, Some(9)).unwrap();
    refused(suite.try_offer(CAROL, 1, 0), &["its allowance is worth 0", "stake more"]);
    suite.starter(250);
    refused(suite.try_offer(CAROL, 1, 2), &["promised 0 already and its allowance is worth 2"]);
    suite.try_offer(CAROL, 1, 1).unwrap();
    refused(suite.try_offer(CAROL, 1, 0), &["promised 2 already"]);
    // what is at stake and what was burned comes on top, lot by lot; others have theirs
    suite.stake(CAROL, 50, 1);
    suite.served(CAROL, 999_999);
    refused(suite.try_offer(CAROL, 2, 0), &["its allowance is worth 3"]);
    suite.served(CAROL, 1_000_000);
    suite.stake(CAROL, 50, 0);
    refused(suite.try_offer(CAROL, 2, 0), &["its allowance is worth 3"]);
    suite.stake(CAROL, 50, 1);
    suite.try_offer(CAROL, 1, 1).unwrap();
    // evidence fades, and what it allowed with it
    suite.stake(CAROL, 150, 1);
    suite.wait(86_400);
    refused(suite.try_offer(CAROL, 5, 0), &["its allowance is worth 4"]);
    suite.declare(DAVE, Some(9)).unwrap();
    suite.try_offer(DAVE, 2, 0).unwrap();
}

#[test]
fn leases_and_reservations_count_against_the_allowance_until_they_end() {
    let mut suite = guarded().with_reserver();
    suite.starter(200);
    suite.declare(CAROL, Some(9)).unwrap();
    suite.try_offer(CAROL, 1, 0).unwrap();
    suite.buy(ALICE, 40, 1);
    suite.next_epoch();
    suite.clear().unwrap();
    let current = suite.capacity(CAROL, None).current;
    suite.reserve(CAROL, current, 1, 1).unwrap();
    refused(suite.try_offer(CAROL, 1, 0), &["promised 2 already"]);
    // an allowance that fell takes nothing back that is open, and admits nothing new
    suite.starter(0);
    suite.wait(2 * SLOT);
    refused(suite.try_offer(CAROL, 1, 0), &["its allowance is worth 0"]);
    suite.starter(200);
    suite.try_offer(CAROL, 2, 0).unwrap();
}
