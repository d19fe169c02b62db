//! Futures and spot sell the same devices' capacity, beside the real auction, in whatever order: no slot is promised
//! beyond it, nothing that is promised is called free, and who holds a lot gets it in its slot.

use crate::auctioned::Stage;
use crate::suite::{ALICE, BOB, CAPACITY, CAROL, DAVE, ERIN, MARKET, owner};
use caplet_api::auction::{self, CapacityResponse, SlotResponse};
use caplet_api::escrow::{LeaseResponse, LeaseState};
use caplet_api::event::{FutureExercised, LeasesOpened};
use caplet_api::futures::{
    ExecuteMsg, PositionResponse, QueryMsg, RunResponse, SeriesListResponse, SeriesResponse,
};
use caplet_protocol::{DeviceId, Lots};
use caplet_testkit::orders::{find, number};
use caplet_testkit::spot::SLOT;
use proptest::prelude::*;
use proptest::sample::select;

/// Slots that are looked at after every step: no series and no offer reaches further.
const LOOKED_AT: u16 = 12;

/// What sells capacity ahead and at once, and what uses it.
#[derive(Clone, Copy, Debug)]
enum Step {
    Issue { device: DeviceId, ahead: u32, slots: u16, lots: u16 },
    EndSale(u32),
    Buy { device: DeviceId, series: u32, lots: u16 },
    Exercise { device: DeviceId, series: u32, early: u16 },
    Novate { series: u32, to: DeviceId },
    Offer { device: DeviceId, lots: u16, secs: u64 },
    Take { offer: usize, lots: u16 },
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let seller = || select(vec![CAROL, DAVE]);
    let buyer = || select(vec![ALICE, ERIN]);
    let series = || 1u32..6;
    prop_oneof![
        5 => (seller(), 1u32..5, 1u16..5, 1u16..8)
            .prop_map(|(device, ahead, slots, lots)| Step::Issue { device, ahead, slots, lots }),
        1 => series().prop_map(Step::EndSale),
        5 => (buyer(), series(), 1u16..5)
            .prop_map(|(device, series, lots)| Step::Buy { device, series, lots }),
        4 => (buyer(), series(), 0u16..2)
            .prop_map(|(device, series, early)| Step::Exercise { device, series, early }),
        1 => (series(), seller()).prop_map(|(series, to)| Step::Novate { series, to }),
        5 => (seller(), 1u16..9, select(vec![60, 4_000, 9_000]))
            .prop_map(|(device, lots, secs)| Step::Offer { device, lots, secs }),
        4 => (0usize..6, 1u16..5).prop_map(|(offer, lots)| Step::Take { offer, lots }),
        3 => select(vec![600, SLOT, 2 * SLOT]).prop_map(Step::Wait),
    ]
}

/// What was sold so far.
#[derive(Default)]
struct Sold {
    offers: Vec<u64>,
    leases: Vec<u64>,
}

fn all(stage: &Stage) -> Vec<SeriesResponse> {
    let ask = QueryMsg::AllSeries { start_after: None, limit: Some(100) };
    stage.world.ask::<_, SeriesListResponse>(&stage.futures, &ask).series
}

fn one(stage: &Stage, number: u32) -> Option<SeriesResponse> {
    all(stage).into_iter().find(|series| series.series == number)
}

/// Lots of a slot of a series.
fn at(runs: &[RunResponse], slot: u32) -> u32 {
    let there = |run: &&RunResponse| (u32::from(run.from)..u32::from(run.to)).contains(&slot);
    runs.iter().filter(there).map(|run| run.lots).sum()
}

/// What a device has promised in each of the slots from now on, by who has the promise: on sale ahead or prepaid, leased,
/// on offer. And what the auction's ledger says is free in it.
fn promised(
    stage: &Stage,
    series: &[SeriesResponse],
    leases: &[LeaseResponse],
    device: DeviceId,
) -> Vec<(u32, u32)> {
    let (first_slot, slots) = (None, Some(LOOKED_AT));
    let ask = auction::QueryMsg::Capacity { market: MARKET, device, first_slot, slots };
    let known: CapacityResponse = stage.world.ask(&stage.auction, &ask);
    assert_eq!(known.slots.len(), usize::from(LOOKED_AT));
    let promised = |shown: &SlotResponse| {
        let slot = shown.slot;
        let own = series.iter().filter(|one| one.seller == device && one.first_slot <= slot);
        let ahead = |one: &SeriesResponse| {
            let slot = slot - one.first_slot;
            at(&one.unsold, slot) + at(&one.sold, slot)
        };
        let ahead: u32 = own.map(ahead).sum();
        let (begins, ends) = (u64::from(slot) * SLOT, (u64::from(slot) + 1) * SLOT);
        let begins = begins.max(stage.world.now());
        let running = leases.iter().filter(|lease| {
            let within = lease.terms.start.u64() < ends && lease.terms.end.u64() > begins;
            lease.provider == device && lease.state != LeaseState::Closed && within
        });
        let leased: u32 = running.map(|lease| u32::from(lease.lots.0)).sum();
        let open = if begins < known.open_until.u64() { known.open.0 } else { 0 };
        (ahead + leased + u32::from(open), u32::from(shown.free.0))
    };
    known.slots.iter().map(promised).collect()
}

/// Everything that a device holds of a slot is exercised, whatever spot sold meanwhile.
fn exercise(stage: &mut Stage, sold: &mut Sold, device: DeviceId, series: u32, early: u16) {
    let Some(found) = one(stage, series) else { return };
    let slot = found.current + early;
    let ask = QueryMsg::Position { series, device };
    let held: PositionResponse = stage.world.ask(&stage.futures, &ask);
    let lots = at(&held.runs, slot.into());
    if slot < found.slots && lots > 0 {
        let lots = Lots(u16::try_from(lots).unwrap());
        let msg = ExecuteMsg::Exercise { series, device, slot, lots, consumer: None };
        let exercised: FutureExercised = find(&stage.send(owner(device), &msg).unwrap());
        assert_ne!(exercised.lease, 0, "{device} was paid in cash by a device that serves");
        sold.leases.push(exercised.lease);
    }
}

/// Does a step, or is refused.
fn carry_out(stage: &mut Stage, sold: &mut Sold, step: Step) {
    match step {
        Step::Issue { device, ahead, slots, lots } => {
            let _ = stage.issue_of(device, (ahead, slots), lots);
        }
        Step::EndSale(series) => {
            if let Some(found) = one(stage, series) {
                let _ = stage.send(owner(found.seller), &ExecuteMsg::EndSale { series });
            }
        }
        Step::Buy { device, series, lots } => {
            if let Some(found) = one(stage, series) {
                let (from, to, lots) = (found.current, found.slots, Lots(lots));
                let msg = ExecuteMsg::Buy { series, device, from, to, lots };
                let _ = stage.send(owner(device), &msg);
            }
        }
        Step::Exercise { device, series, early } => exercise(stage, sold, device, series, early),
        Step::Novate { series, to: device } => {
            if let Some(found) = one(stage, series) {
                let offer = ExecuteMsg::OfferNovation { series, to: Some(device) };
                stage.send(owner(found.seller), &offer).unwrap();
                let collateral = 4_000u64.into();
                let novate = ExecuteMsg::Novate { series, device, collateral };
                let _ = stage.send(owner(device), &novate);
            }
        }
        Step::Offer { device, lots, secs } => {
            let not_after = stage.world.now() + secs;
            if let Ok(events) = stage.offer_until(device, 100, lots, not_after) {
                sold.offers.push(number(&events));
            }
        }
        Step::Take { offer, lots } => {
            let taken = sold.offers.get(offer).map(|offer| stage.take(BOB, *offer, lots));
            if let Some(Ok(events)) = taken {
                sold.leases.extend(find::<LeasesOpened>(&events).leases);
            }
        }
        Step::Wait(secs) => stage.world.wait(secs),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn capacity_promised_in_futures_is_never_sold_on_spot_nor_the_other_way_round(
        steps in prop::collection::vec(step(), 1..40),
    ) {
        let (mut stage, mut sold) = (Stage::new(), Sold::default());
        for step in steps {
            carry_out(&mut stage, &mut sold, step);
            let series = all(&stage);
            let leases: Vec<_> = sold.leases.iter().map(|lease| stage.world.lease(*lease)).collect();
            for device in [CAROL, DAVE] {
                for (promised, free) in promised(&stage, &series, &leases, device) {
                    prop_assert!(
                        promised + free <= CAPACITY.into(),
                        "after {step:?} device {device} promises {promised} lots of a slot, and {free} are free"
                    );
                }
            }
        }
    }
}
