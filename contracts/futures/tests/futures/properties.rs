//! Random lives of series with many parties. The suite checks before and after every message that what escrow has
//! ordered for each account is what futures counts, that no slot is promised beyond its capacity, and that a
//! refusal changes nothing; here, that in the end every series closes and all money is somebody's.

use crate::market::Msg as Market;
use crate::suite::{
    ALICE, BOB, CAROL, CAROL_TOO, DAVE, ERIN, GRACE_SECS, RICHES, Suite, UCAP, owner, refused,
};
use caplet_api::escrow::LeaseState;
use caplet_api::event::FutureExercised;
use caplet_api::futures::{
    ExecuteMsg, PositionResponse, PositionsResponse, QueryMsg, Sale, SeriesListResponse,
};
use caplet_api::registry::DeviceStatus;
use caplet_protocol::{Bps, DeviceId, Lots};
use proptest::prelude::*;
use proptest::sample::select;

/// Everybody whose money moves.
const NAMES: [&str; 5] = ["alice", "bob", "carol", "dave", "erin"];

#[derive(Clone, Debug)]
enum Step {
    Issue { device: DeviceId, lots: u16, price: u64, reservation: u16, auction: bool, more: u64 },
    Buy { device: DeviceId, series: u32, from: u16, slots: u16, lots: u16 },
    Bid { device: DeviceId, series: u32, lots: u16, limit: u64 },
    CloseAuction(u32),
    EndSale(u32),
    Transfer { from: DeviceId, to: DeviceId, series: u32, first: u16, lots: u16 },
    List { device: DeviceId, series: u32, first: u16, lots: u16, price: u64 },
    Take { device: DeviceId, listing: u64, lots: u16 },
    Exercise { device: DeviceId, series: u32, ahead: u16, lots: u16 },
    Use { at: usize, share: u64, end: bool },
    Settle { device: DeviceId, series: u32 },
    Base(u16),
    Call(u32),
    TopUp(u32, u64),
    Release(u32, u64),
    Default(u32),
    Substitute(u32, DeviceId),
    Novate(u32, DeviceId, u64),
    Suspend(DeviceId, bool),
    Freeze(DeviceId, bool),
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let seller = || select(vec![CAROL, DAVE, CAROL_TOO]);
    let buyer = || select(vec![ALICE, BOB, ERIN]);
    let series = || 1u32..4;
    prop_oneof![
        3 => (seller(), 1u16..8, 60u64..150, 0u16..=4, any::<bool>(), 0u64..2_000).prop_map(
            |(device, lots, price, share, auction, more)| Step::Issue {
                device, lots, price, reservation: share * 2_500, auction, more }),
        6 => (buyer(), series(), 0u16..4, 1u16..5, 1u16..5)
            .prop_map(|(device, series, from, slots, lots)| Step::Buy { device, series, from, slots, lots }),
        3 => (buyer(), series(), 1u16..5, 60u64..200)
            .prop_map(|(device, series, lots, limit)| Step::Bid { device, series, lots, limit }),
        2 => series().prop_map(Step::CloseAuction),
        1 => series().prop_map(Step::EndSale),
        2 => (buyer(), buyer(), series(), 0u16..4, 1u16..4)
            .prop_map(|(from, to, series, first, lots)| Step::Transfer { from, to, series, first, lots }),
        2 => (buyer(), series(), 0u16..4, 1u16..4, 20u64..200)
            .prop_map(|(device, series, first, lots, price)| Step::List { device, series, first, lots, price }),
        2 => (buyer(), 1u64..5, 1u16..4)
            .prop_map(|(device, listing, lots)| Step::Take { device, listing, lots }),
        4 => (buyer(), series(), 0u16..2, 1u16..4)
            .prop_map(|(device, series, ahead, lots)| Step::Exercise { device, series, ahead, lots }),
        4 => (0usize..8, 0u64..=4, any::<bool>()).prop_map(|(at, share, end)| Step::Use { at, share, end }),
        3 => (buyer(), series()).prop_map(|(device, series)| Step::Settle { device, series }),
        2 => (5u16..25).prop_map(Step::Base),
        2 => series().prop_map(Step::Call),
        1 => (series(), 1u64..5_000).prop_map(|(series, amount)| Step::TopUp(series, amount)),
        1 => (series(), 1u64..2_000).prop_map(|(series, amount)| Step::Release(series, amount)),
        2 => series().prop_map(Step::Default),
        1 => (series(), seller()).prop_map(|(series, device)| Step::Substitute(series, device)),
        1 => (series(), seller(), 1u64..9_000).prop_map(|(series, device, c)| Step::Novate(series, device, c)),
        1 => (seller(), any::<bool>()).prop_map(|(device, bad)| Step::Suspend(device, bad)),
        1 => (seller(), any::<bool>()).prop_map(|(device, bad)| Step::Freeze(device, bad)),
        3 => select(vec![60u64, 700, 1_800, 3_600]).prop_map(Step::Wait),
    ]
}

fn issue(
    suite: &mut Suite,
    device: DeviceId,
    lots: u16,
    price: u64,
    auction: bool,
) -> caplet_api::futures::IssueInput {
    let mut input = suite.input();
    (input.device, input.lots) = (device, Lots(lots));
    let until = (suite.now() + 500).into();
    input.sale = match auction {
        true => Sale::Auction { reserve: price.into(), until },
        false => Sale::Fixed { price: price.into() },
    };
    input
}

fn carry_out(suite: &mut Suite, leases: &mut Vec<u64>, step: &Step) {
    use ExecuteMsg as M;
    let (sender, msg) = match step.clone() {
        Step::Issue { device, lots, price, reservation, auction, more } => {
            let mut input = issue(suite, device, lots, price, auction);
            input.reservation = Bps(reservation);
            input.collateral = (u64::from(lots) * 4 * 120 + more).into();
            (owner(device), M::Issue(input))
        }
        Step::Buy { device, series, from, slots, lots } => {
            let (to, lots) = ((from + slots).min(4), Lots(lots));
            (owner(device), M::Buy { series, device, from, to, lots })
        }
        Step::Bid { device, series, lots, limit } => {
            (owner(device), M::Bid { series, device, lots: Lots(lots), limit: limit.into() })
        }
        Step::CloseAuction(series) => ("keeper", M::CloseAuction { series }),
        Step::EndSale(series) => (seller(suite, series), M::EndSale { series }),
        Step::Transfer { from, to, series, first, lots } => {
            let (end, lots) = ((first + 2).min(4), Lots(lots));
            (owner(from), M::Transfer { series, from, to, first, end, lots })
        }
        Step::List { device, series, first, lots, price } => {
            let (to, lots, price) = ((first + 2).min(4), Lots(lots), price.into());
            (owner(device), M::List { series, device, from: first, to, lots, price })
        }
        Step::Take { device, listing, lots } => {
            let (listing, lots, limit) = (listing.into(), Lots(lots), u64::MAX.into());
            (owner(device), M::Take { listing, device, lots, limit })
        }
        Step::Exercise { device, series, ahead, lots } => {
            let slot = current(suite, series) + ahead;
            let lots = Lots(lots);
            (owner(device), M::Exercise { series, device, slot, lots, consumer: None })
        }
        Step::Use { at, share, end } => return use_lease(suite, leases, at, share, end),
        Step::Settle { device, series } => ("keeper", M::Settle { series, devices: vec![device] }),
        Step::Base(tick) => {
            suite.tell_market(&Market::SetBase { tick }).unwrap();
            return;
        }
        Step::Call(series) => ("keeper", M::Call { series }),
        Step::TopUp(series, amount) => {
            (seller(suite, series), M::TopUp { series, amount: amount.into() })
        }
        Step::Release(series, amount) => {
            (seller(suite, series), M::Release { series, amount: amount.into() })
        }
        Step::Default(series) => ("keeper", M::Default { series }),
        Step::Substitute(series, device) => {
            (seller(suite, series), M::Substitute { series, device })
        }
        Step::Novate(series, device, collateral) => {
            let _ =
                suite.send(seller(suite, series), &M::OfferNovation { series, to: Some(device) });
            (owner(device), M::Novate { series, device, collateral: collateral.into() })
        }
        Step::Suspend(device, bad) => return suite.stand(device, 0, bad),
        Step::Freeze(device, bad) => {
            let status = if bad { DeviceStatus::Frozen } else { DeviceStatus::Active };
            return suite.set_status(device, status);
        }
        Step::Wait(seconds) => return suite.wait(seconds),
    };
    // most do not fit where they fall; what is refused must change nothing, which the suite checks
    if let Ok(events) = suite.send(sender, &msg) {
        let opened = events.iter().find_map(|event| FutureExercised::try_from(event).ok());
        leases.extend(opened.map(|event| event.lease).filter(|lease| *lease > 0));
    }
}

fn seller(suite: &Suite, series: u32) -> &'static str {
    let found: Result<caplet_api::futures::SeriesResponse, _> =
        suite.ask(&QueryMsg::Series { series });
    found.map_or("carol", |found| owner(found.seller))
}

fn current(suite: &Suite, series: u32) -> u16 {
    let found: Result<caplet_api::futures::SeriesResponse, _> =
        suite.ask(&QueryMsg::Series { series });
    found.map_or(0, |found| found.current)
}

/// Pays quarters of a lease; perhaps its provider ends it, and it is reckoned.
fn use_lease(suite: &mut Suite, leases: &mut Vec<u64>, at: usize, share: u64, end: bool) {
    let Some(at) = at.checked_rem(leases.len()) else { return };
    let lease = leases[at];
    let cap = suite.lease(lease).lanes[0].cap.u64();
    if suite.lease(lease).state != LeaseState::Closed {
        if share > 0 && cap * share / 4 > suite.lease(lease).lanes[0].redeemed.u64() {
            suite.pay(lease, cap * share / 4);
        }
        if end && suite.lease(lease).state != LeaseState::Closed {
            suite.finish(lease);
        }
    }
    if suite.lease(lease).state == LeaseState::Closed {
        suite.reckon(lease).unwrap();
        leases.remove(at);
    }
}

/// Three holders of two lots each use the first slot, and pay quarters of it.
fn used(suite: &mut Suite, shares: &[u64]) -> Vec<u64> {
    let input = issue(suite, CAROL, 6, 100, false);
    let series = suite.issue(input);
    let holders = [ALICE, BOB, ERIN];
    for device in holders {
        suite.buy(series, device, 0, 4, 2).unwrap();
    }
    suite.until_slot(series, 0);
    let exercise = |device| suite.exercise(series, device, 0, 2).unwrap().lease;
    let leases = holders.map(exercise).to_vec();
    for (lease, share) in leases.iter().zip(shares).filter(|(_, share)| **share > 0) {
        suite.pay(*lease, 200 * share / 4);
    }
    leases
}

/// Every provider ends what runs, and all leases are reckoned, the one with the least turn first.
fn reckon_all(suite: &mut Suite, leases: &mut Vec<u64>, turn: impl Fn(u64) -> u64) {
    for lease in leases.iter() {
        if suite.lease(*lease).state != LeaseState::Closed {
            suite.finish(*lease);
        }
    }
    leases.sort_by_key(|lease| turn(*lease));
    for lease in leases.drain(..) {
        suite.reckon(lease).unwrap();
    }
}

/// Whether any of these holds a lot of a slot that is over or was defaulted on.
fn is_due(suite: &Suite, series: u32, devices: &[DeviceId]) -> bool {
    let now = suite.series(series);
    let gone = now.defaults.iter().map(|gone| gone.from).min().unwrap_or(now.slots);
    devices.iter().any(|device| {
        let ask = QueryMsg::Position { series, device: *device };
        let held: PositionResponse = suite.ask(&ask).unwrap();
        held.runs.iter().any(|run| run.from < now.current || run.to > gone)
    })
}

/// Settles holders: what is due to one of them is all settled then, and where nothing is, that is why it is refused.
fn settle(suite: &mut Suite, series: u32, devices: &[DeviceId]) {
    let due = is_due(suite, series, devices);
    let settled = suite.settle(series, devices);
    if due {
        settled.unwrap();
        assert!(!is_due(suite, series, devices), "something was left");
    } else {
        refused(settled, &["nothing to do"]);
    }
}

/// Everything runs out, is settled, reckoned and closed.
fn wind_up(suite: &mut Suite, leases: &mut Vec<u64>) {
    suite.wait(6 * 3_600);
    while let Some(lease) = leases.pop() {
        if suite.lease(lease).state != LeaseState::Closed {
            suite.run_out(lease);
        }
        suite.reckon(lease).unwrap();
    }
    let all: SeriesListResponse =
        suite.ask(&QueryMsg::AllSeries { start_after: None, limit: None }).unwrap();
    for one in all.series {
        let series = one.series;
        if one.strike.is_none() {
            suite.send("keeper", &ExecuteMsg::CloseAuction { series }).unwrap();
        }
        let held: PositionsResponse =
            suite.ask(&QueryMsg::Positions { series, start_after: None, limit: None }).unwrap();
        let devices: Vec<DeviceId> = held.positions.iter().map(|one| one.device).collect();
        if !devices.is_empty() {
            suite.settle(series, &devices).unwrap();
        }
        suite.send("keeper", &ExecuteMsg::Close { series }).unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_sequence_of_messages_breaks_an_invariant_or_keeps_money(steps in prop::collection::vec(step(), 1..70)) {
        let mut suite = Suite::new();
        let (before, mut leases) = (suite.all_money(UCAP), Vec::new());
        // something to trade from the start
        let input = issue(&mut suite, CAROL, 6, 100, false);
        suite.issue(input);
        for step in &steps {
            carry_out(&mut suite, &mut leases, step);
        }
        wind_up(&mut suite, &mut leases);
        prop_assert_eq!(suite.all_money(UCAP), before);
        for name in NAMES {
            prop_assert_eq!(suite.balance(name, UCAP).ordered.u128(), 0);
        }
    }

    #[test]
    fn the_order_of_settlement_does_not_matter(
        lots in prop::collection::vec(1u16..4, 3), tick in 11u16..40, after in 0u16..4, turned in Just(vec![ALICE, BOB, ERIN]).prop_shuffle(), alone: bool,
    ) {
        let outcome = |order: &[DeviceId], alone: bool| {
            let mut suite = Suite::new();
            let series = suite.issue(suite.input());
            for (device, lots) in [ALICE, BOB, ERIN].into_iter().zip(&lots) {
                suite.buy(series, device, 0, 4, *lots).unwrap();
            }
            suite.until_slot(series, after);
            suite.tell_market(&Market::SetBase { tick }).unwrap();
            if suite.send("keeper", &ExecuteMsg::Call { series }).is_ok() {
                suite.wait(600);
                suite.send("keeper", &ExecuteMsg::Default { series }).unwrap();
            }
            if alone {
                for device in order {
                    settle(&mut suite, series, &[*device]);
                }
            }
            suite.until_slot(series, 4);
            settle(&mut suite, series, order);
            suite.send("keeper", &ExecuteMsg::Close { series }).unwrap();
            ["alice", "bob", "erin", "carol"].map(|name| suite.free(name))
        };
        prop_assert_eq!(outcome(&turned, alone), outcome(&[ALICE, BOB, ERIN], false));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever happened before, and however little stands behind the leases: who is reckoned first gets what it would
    /// have got as the last one, and so does everybody in the end.
    #[test]
    fn the_order_of_reckoning_does_not_matter(
        steps in prop::collection::vec(step(), 0..25), shares in prop::collection::vec(0u64..4, 3), tick in 5u16..40, turns: u64,
    ) {
        let outcome = |turns: u64| {
            let mut suite = Suite::new();
            let mut leases = used(&mut suite, &shares);
            for step in &steps {
                carry_out(&mut suite, &mut leases, step);
            }
            suite.tell_market(&Market::SetBase { tick }).unwrap();
            reckon_all(&mut suite, &mut leases, |lease| lease.wrapping_mul(turns | 1));
            let reckoned = NAMES.map(|name| suite.free(name));
            wind_up(&mut suite, &mut leases);
            (reckoned, NAMES.map(|name| suite.free(name)))
        };
        prop_assert_eq!(outcome(turns), outcome(1));
    }
}

/// What moves a margin, and who acts on it.
#[derive(Clone, Copy, Debug)]
enum Turn {
    Base(u16),
    Wait(u64),
    Call,
    TopUp(u64),
    Release(u64),
    Buy,
    Default,
}

fn turn() -> impl Strategy<Value = Turn> {
    prop_oneof![
        4 => (8u16..16).prop_map(Turn::Base),
        4 => select(vec![60u64, 300, 600, 1_200]).prop_map(Turn::Wait),
        4 => Just(Turn::Call),
        1 => (1u64..1_500).prop_map(Turn::TopUp),
        1 => (1u64..1_500).prop_map(Turn::Release),
        1 => Just(Turn::Buy),
        4 => Just(Turn::Default),
    ]
}

/// Does a turn. `called` is when the call was begun that nobody has ended since: everybody who comes by ends one that is
/// met, and one whose grace has passed twice is void. What went through and what was refused must be as that says.
fn move_on(suite: &mut Suite, series: u32, called: Option<u64>, turn: Turn) -> Option<u64> {
    let grace = u64::from(GRACE_SECS);
    let (before, now) = (suite.series(series), suite.now());
    let short = |of: &caplet_api::futures::SeriesResponse| {
        u128::from(of.collateral.u64()) < of.required.u128()
    };
    let is_short = short(&before);
    let stands = called.filter(|at| now < at + 2 * grace);
    assert_eq!(before.called.map(|at| at.u64()), stands, "the call that is shown");
    let went = match turn {
        Turn::Base(tick) => suite.tell_market(&Market::SetBase { tick }),
        Turn::Wait(seconds) => {
            suite.wait(seconds);
            return called;
        }
        Turn::Call => suite.send("keeper", &ExecuteMsg::Call { series }),
        Turn::TopUp(amount) => {
            suite.send("carol", &ExecuteMsg::TopUp { series, amount: amount.into() })
        }
        Turn::Release(amount) => {
            suite.send("carol", &ExecuteMsg::Release { series, amount: amount.into() })
        }
        Turn::Buy => suite.buy(series, BOB, before.current, 4, 1),
        Turn::Default => suite.send("keeper", &ExecuteMsg::Default { series }),
    };
    let went = went.is_ok();
    let over = stands.is_some_and(|at| now >= at + grace);
    match turn {
        Turn::Call => {
            let due = if is_short { stands.is_none() } else { called.is_some() };
            assert_eq!(went, due, "a call goes through if it begins or ends one");
            if is_short { stands.or(Some(now)) } else { None }
        }
        Turn::Default => {
            assert_eq!(
                went,
                is_short && over,
                "short, and after the whole grace of a call that stands"
            );
            if went { None } else { called }
        }
        Turn::Buy if is_short && called.is_some() => {
            assert!(!went, "who is called and short sells no more");
            called
        }
        Turn::TopUp(_) | Turn::Release(_) | Turn::Buy if went => {
            called.filter(|_| short(&suite.series(series)))
        }
        _ => called,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// An old call that was met in between is nothing to hold against a seller, whatever the mark does.
    #[test]
    fn a_seller_that_serves_defaults_only_while_short_and_after_the_whole_grace_of_a_call_that_stands(
        turns in prop::collection::vec(turn(), 1..60),
    ) {
        let mut suite = Suite::new();
        let series = suite.issue(suite.input());
        suite.buy(series, ALICE, 0, 4, 8).unwrap();
        let mut called = None;
        for turn in turns {
            called = move_on(&mut suite, series, called, turn);
        }
    }
}

/// Carol's collateral is exactly what the margin asks for.
fn meet(suite: &mut Suite, series: u32) {
    let shown = suite.series(series);
    let (has, asked) = (shown.collateral.u64(), u64::try_from(shown.required.u128()).unwrap());
    let msg = match asked > has {
        true => ExecuteMsg::TopUp { series, amount: (asked - has).into() },
        false => ExecuteMsg::Release { series, amount: (has - asked).into() },
    };
    if asked != has {
        suite.send("carol", &msg).unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever the price did while the margin was met, and whoever holds how much: from there up to `(1 + h)` times it, each
    /// lot that is not delivered costs at least what it could be sold for beyond the strike, and the penalty.
    #[test]
    fn a_default_is_never_profitable_up_to_the_headroom(
        price in 60u64..150, lots in prop::collection::vec(1u16..4, 3), ticks in prop::collection::vec(5u16..25, 0..5),
        rise in 0u64..=5_000, walks_away: bool,
    ) {
        let mut suite = Suite::new();
        let mut input = issue(&mut suite, CAROL, 9, price, false);
        input.collateral = 4_000u64.into();
        let series = suite.issue(input);
        let holders = [ALICE, BOB, ERIN];
        for (device, lots) in holders.into_iter().zip(&lots) {
            suite.buy(series, device, 0, 4, *lots).unwrap();
        }
        let held = |suite: &Suite| holders.map(|device| suite.held_lots(series, device)).iter().sum::<u64>();
        let (all, mut mark) = (held(&suite), 10);
        meet(&mut suite, series);
        for tick in ticks {
            suite.tell_market(&Market::SetBase { tick }).unwrap();
            meet(&mut suite, series);
            mark = tick;
        }
        let risen = u16::try_from(u64::from(mark) * (10_000 + rise) / 10_000).unwrap();
        suite.tell_market(&Market::SetBase { tick: risen }).unwrap();
        if walks_away {
            suite.set_status(CAROL, DeviceStatus::Retired);
        } else if suite.send("keeper", &ExecuteMsg::Call { series }).is_ok() {
            suite.wait(GRACE_SECS.into());
        }
        if suite.send("keeper", &ExecuteMsg::Default { series }).is_ok() {
            let worth = u64::from(risen) * 10;
            let due = worth.saturating_sub(price) + price / 10;
            // without what was on sale all is covered, perhaps: then nothing is due
            settle(&mut suite, series, &holders);
            let gone = all - held(&suite);
            prop_assert!(!walks_away || gone == all, "{gone} of {all} lots are paid out of who is gone");
            let carol = suite.balance("carol", UCAP);
            let lost = RICHES - (carol.free + carol.ordered).u128();
            prop_assert!(lost >= u128::from(gone * due), "{lost} lost for {gone} lots at {worth}, sold at {price}");
        } else {
            prop_assert!(!walks_away, "who is retired is in default");
        }
    }
}
