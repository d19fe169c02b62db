//! Random lives of a market by several parties. The suite checks the invariants of auction and escrow
//! before and after every message, and that a refusal changes nothing; here it is checked too that
//! the honest solver is never refused, that no lease opens with a device that is suspended or frozen at
//! that moment, whichever message opens it, and that in the end all money is where it belongs.

use crate::parties::{signed_cancel, signed_demand, signed_offer};
use crate::suite::{ALICE, ALICE_SELLS, BOB, CAROL, DAVE, MARKET, RICHES, Suite, market_config};
use caplet_api::auction::{CancelInput, ExecuteMsg, OrderResponse, QueryMsg, StandingsResponse};
use caplet_api::escrow::{self, LeaseResponse, LeasesResponse};
use caplet_api::registry::{self, DeviceResponse, DeviceStatus};
use caplet_base::peer::Standings;
use caplet_protocol::layout::{OrderFlags, Side};
use caplet_protocol::{DeviceId, Lots};
use proptest::prelude::*;
use proptest::sample::select;
use std::collections::BTreeSet;

/// Prices in ticks, lots, what is asked for beside, seconds until the end, signed by the device.
#[derive(Clone, Copy, Debug)]
struct Shape {
    price: u64,
    lots: u16,
    instant: u16,
    variety: u8,
    holds: u64,
    signed: bool,
}

#[derive(Clone, Debug)]
enum Step {
    Sell(DeviceId, Shape),
    Buy(DeviceId, Shape),
    Cancel(Side, usize, bool),
    Expire(Side, usize),
    Take(DeviceId, usize, Shape),
    Clear,
    Wait(u64),
    Stand(DeviceId, u8, bool),
    Freeze(DeviceId, bool),
    Declare(DeviceId, Option<u16>),
    Reserve(DeviceId, u32, u16, u16, bool),
    Renew(Side, usize),
    Return(u64),
    Scan(u32),
    Reclass(Side),
}

fn shape() -> impl Strategy<Value = Shape> {
    let short = prop_oneof![3 => Just(100_000u64), 1 => 1u64..150];
    (8u64..16, 1u16..5, 0u16..3, any::<u8>(), short, any::<bool>()).prop_map(
        |(price, lots, instant, variety, holds, signed)| Shape {
            price,
            lots,
            instant,
            variety,
            holds,
            signed,
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    let seller = || select(vec![CAROL, DAVE, ALICE_SELLS]);
    let buyer = || select(vec![ALICE, BOB]);
    let anyone = || select(vec![ALICE, BOB, CAROL, DAVE, ALICE_SELLS]);
    let seldom = || prop::bool::weighted(0.3);
    let side = || select(vec![Side::Offer, Side::Demand]);
    prop_oneof![
        4 => (seller(), shape()).prop_map(|(device, shape)| Step::Sell(device, shape)),
        4 => (buyer(), shape()).prop_map(|(device, shape)| Step::Buy(device, shape)),
        2 => (side(), 0usize..20, any::<bool>()).prop_map(|(s, at, signed)| Step::Cancel(s, at, signed)),
        1 => (side(), 0usize..20).prop_map(|(side, at)| Step::Expire(side, at)),
        // one lot, or hardly any offer would have enough
        3 => (buyer(), 0usize..20, shape())
            .prop_map(|(device, at, shape)| Step::Take(device, at, Shape { lots: 1, ..shape })),
        3 => Just(Step::Clear),
        3 => (1u64..80).prop_map(Step::Wait),
        2 => (seller(), prop::option::of(1u16..9)).prop_map(|(d, lots)| Step::Declare(d, lots)),
        2 => (seller(), 0u32..12, 1u16..5, 1u16..4, any::<bool>())
            .prop_map(|(d, first, slots, lots, back)| Step::Reserve(d, first, slots, lots, back)),
        2 => (side(), 0usize..9).prop_map(|(side, at)| Step::Renew(side, at)),
        1 => (0u64..9).prop_map(Step::Return),
        2 => (1u32..9).prop_map(Step::Scan),
        2 => side().prop_map(Step::Reclass),
        2 => (seller(), 0u8..4, any::<bool>()).prop_map(|(d, tier, bad)| Step::Stand(d, tier, bad)),
        1 => (buyer(), seldom()).prop_map(|(device, bad)| Step::Stand(device, 0, bad)),
        2 => (anyone(), seldom()).prop_map(|(device, frozen)| Step::Freeze(device, frozen)),
    ]
}

/// The `at`-th open order of a side, if there are any.
fn pick(suite: &Suite, side: Side, at: usize) -> Option<OrderResponse> {
    let orders = suite.orders(side);
    orders.get(at.checked_rem(orders.len())?).cloned()
}

fn sell(suite: &mut Suite, device: DeviceId, shape: Shape) {
    let mut offer = suite.offer(device, shape.price, shape.lots);
    offer.instant = Lots(shape.instant);
    offer.not_after = (suite.now() + shape.holds).into();
    if shape.variety.is_multiple_of(3) {
        offer.flags = OrderFlags(OrderFlags::STANDING);
    }
    (offer.latency, offer.tags) = (shape.variety % 3, u32::from(shape.variety / 16 % 4));
    if shape.signed {
        offer = signed_offer(&suite.domain, MARKET, offer);
    }
    let sender = if shape.signed { "keeper" } else { Suite::owner(device) };
    let msg = ExecuteMsg::Place { market: MARKET, offers: vec![offer], demands: vec![] };
    let may = trades(suite, device);
    let outcome = suite.send(sender, &msg); // there may be no room on the ledger
    assert!(may || outcome.is_err(), "device {device} offers though it trades no more");
}

fn demand(
    suite: &mut Suite,
    device: DeviceId,
    shape: Shape,
) -> (&'static str, caplet_api::auction::DemandInput) {
    let mut demand = suite.demand(device, shape.price + 3, shape.lots);
    demand.not_after = (suite.now() + shape.holds).into();
    demand.latency = shape.variety % 2;
    demand.tags = u32::from(shape.variety / 16 % 2);
    demand.reliability = shape.variety / 64 % 2;
    demand.lambda = u16::from(shape.variety % 8) * 10;
    if shape.variety.is_multiple_of(7) {
        demand.flags = OrderFlags(OrderFlags::STANDING);
    }
    if shape.variety.is_multiple_of(5) {
        demand.flags = OrderFlags(OrderFlags::ALL_OR_NOTHING);
    }
    demand.relay_fee = u64::from(shape.variety % 4).into();
    if shape.signed {
        demand = signed_demand(&suite.domain, MARKET, demand);
    }
    (if shape.signed { "keeper" } else { Suite::owner(device) }, demand)
}

fn renew(suite: &mut Suite, side: Side, at: usize) {
    let msg = QueryMsg::Standing { market: MARKET, side, start_after: None, limit: None };
    let waiting: StandingsResponse = suite.ask(&msg).unwrap();
    let orders = waiting.orders.iter().skip(at).take(2).map(|one| one.order).collect();
    let _ = suite.send("keeper", &ExecuteMsg::Renew { market: MARKET, side, orders });
}

fn cancel(suite: &mut Suite, side: Side, at: usize, signed: bool) {
    let Some(order) = pick(suite, side, at) else { return };
    let (number, device) = (order.order, order.device);
    let one = if signed {
        signed_cancel(&suite.domain, MARKET, device, side, number.u64())
    } else {
        CancelInput { side, order: number, signature: None }
    };
    let msg = ExecuteMsg::Cancel { market: MARKET, orders: vec![one] };
    let _ = suite.send(Suite::owner(device), &msg); // pending already, perhaps
}

fn carry_out(suite: &mut Suite, step: &Step) {
    match *step {
        Step::Sell(device, shape) => sell(suite, device, shape),
        Step::Buy(device, shape) => {
            let (sender, demand) = demand(suite, device, shape);
            let msg = ExecuteMsg::Place { market: MARKET, offers: vec![], demands: vec![demand] };
            let (may, outcome) = (trades(suite, device), suite.send(sender, &msg));
            assert_eq!(outcome.is_ok(), may, "{outcome:?}");
        }
        Step::Cancel(side, at, signed) => cancel(suite, side, at, signed),
        Step::Expire(side, at) => {
            if let Some(order) = pick(suite, side, at) {
                let orders = vec![order.order];
                let _ = suite.send("keeper", &ExecuteMsg::Expire { market: MARKET, side, orders });
            }
        }
        Step::Take(device, at, shape) => {
            if let Some(offer) = pick(suite, Side::Offer, at) {
                let (sender, demand) = demand(suite, device, shape);
                let take =
                    ExecuteMsg::Take { offer: offer.order, demand, market: MARKET, lease: None };
                let _ = suite.send(sender, &take); // few fit
            }
        }
        Step::Clear => {
            if suite.market().epoch.clearing.is_some() {
                suite.clear().unwrap();
            }
        }
        Step::Declare(device, lots) => {
            let _ = suite.declare(device, lots); // less than promised, perhaps
        }
        Step::Reserve(device, first, slots, lots, back) => {
            let first = suite.capacity(device, None).current + first;
            let _ = match back {
                true => suite.release(device, first, slots, lots),
                false => suite.reserve(device, first, slots, lots),
            };
        }
        Step::Renew(side, at) => renew(suite, side, at),
        Step::Return(lease) => {
            let leases = vec![lease.into()];
            let _ = suite.send("keeper", &ExecuteMsg::Return { market: MARKET, leases });
        }
        Step::Scan(orders) => {
            if suite.market().epoch.clearing.is_some() {
                let submission = suite.solve();
                suite.begin("gw1", &submission, orders).unwrap();
                if suite.market().epoch.clearing.is_some() {
                    suite.go_on("gw1", submission.epoch, orders).unwrap();
                }
            }
        }
        Step::Reclass(side) => {
            let all: Vec<u64> = suite.orders(side).iter().map(|order| order.order.u64()).collect();
            // in a book that may be cleared, or nothing to do
            let _ = suite.reclass(side, &all);
        }
        Step::Wait(seconds) => suite.wait(seconds),
        Step::Stand(device, tier, suspended) => suite.stand(device, tier, suspended),
        Step::Freeze(device, frozen) => {
            let status = if frozen { DeviceStatus::Frozen } else { DeviceStatus::Active };
            let msg = registry::ExecuteMsg::SetStatus { device, status };
            suite.tell_registry(Suite::owner(device), &msg).unwrap();
        }
    }
}

/// Whether a device is active and not suspended at this moment, as registry and reputation have it.
fn trades(suite: &Suite, device: DeviceId) -> bool {
    let msg = registry::QueryMsg::Device { device };
    let known: DeviceResponse = suite.app.wrap().query_wasm_smart(&suite.registry, &msg).unwrap();
    let (_, suspended) = Standings::new(suite.app.wrap(), &suite.reputation).of(device).unwrap();
    known.status == DeviceStatus::Active && !suspended
}

/// Leases that were not seen before. Their numbers do not rise: every gateway fills pages of its own.
fn opened(suite: &Suite, seen: &mut BTreeSet<u64>) -> Vec<LeaseResponse> {
    let (mut new, mut start_after) = (Vec::new(), None);
    loop {
        let msg = escrow::QueryMsg::Leases { start_after, limit: Some(100) };
        let found: LeasesResponse = suite.app.wrap().query_wasm_smart(&suite.escrow, &msg).unwrap();
        let Some(last) = found.leases.last() else { return new };
        start_after = Some(last.lease);
        new.extend(found.leases.into_iter().filter(|lease| seen.insert(lease.lease.u64())));
    }
}

/// Passes if both devices of every lease that is new trade now: standings and statuses change between messages only.
fn nobody_barred_is_matched(suite: &Suite, seen: &mut BTreeSet<u64>, after: &str) {
    for lease in opened(suite, seen) {
        for device in [lease.consumer, lease.provider] {
            let number = lease.lease;
            assert!(trades(suite, device), "{after} opened lease {number} with device {device}");
        }
    }
}

/// Cancels everything and lets the log run dry.
fn wind_up(suite: &mut Suite) {
    for side in [Side::Offer, Side::Demand] {
        for order in suite.orders(side) {
            let orders = vec![CancelInput { side, order: order.order, signature: None }];
            let msg = ExecuteMsg::Cancel { market: MARKET, orders };
            let _ = suite.send(Suite::owner(order.device), &msg);
        }
    }
    suite.next_epoch();
    suite.clear().unwrap();
}

fn config() -> caplet_api::auction::MarketConfig {
    let mut config = market_config();
    config.price.floor = caplet_protocol::Tick(5);
    config.offer_bond = 9u64.into();
    config
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_sequence_of_messages_breaks_an_invariant(steps in prop::collection::vec(step(), 1..70)) {
        let mut suite = Suite::with(config()).with_reserver();
        suite.deposit("carol");
        suite.deposit("dave");
        let mut seen = BTreeSet::new();
        for step in &steps {
            carry_out(&mut suite, step);
            nobody_barred_is_matched(&suite, &mut seen, &format!("{step:?}"));
        }
        wind_up(&mut suite);
        nobody_barred_is_matched(&suite, &mut seen, "the last clearing");
        prop_assert_eq!(suite.market().open_orders, 0);
        let ledger = suite.ledger();
        prop_assert_eq!(ledger.ordered.u128(), 0);
        let parts = ledger.free.u128() + ledger.reserved.u128() + ledger.bonds.u128() + ledger.fees.u128();
        prop_assert_eq!(parts, 4 * RICHES);
    }
}
