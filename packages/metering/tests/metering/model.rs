//! Any interleaving of service, payment, loss, repetition, reordering, crashes, backups, full disks.

use crate::world::World;
use caplet_metering::{ChainTime, End, Gate, Meter, Pace, Risk};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Act {
    Serve(u64),
    Accept,
    Say,
    /// A statement arrives, and is still on its way: repeated and reordered.
    Hear(prop::sample::Index),
    Lose(prop::sample::Index),
    LoseConnection,
    Connect(usize),
    Pause,
    LandPayer(usize),
    LandPayee(usize),
    KillPayer(usize),
    KillPayee(usize),
    /// The payer's disk as it was some writes ago.
    RestorePayer(usize),
    /// The payee's disk as it was some writes ago.
    RestorePayee(usize),
    RestPayer,
    RestPayee,
    Settle,
    SeeChain,
    Wait(u64),
    Full(bool),
    /// A consumer that lies.
    Lie(u64),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        12 => (1u64..60).prop_map(Act::Serve),
        8 => Just(Act::Accept),
        8 => Just(Act::Say),
        8 => any::<prop::sample::Index>().prop_map(Act::Hear),
        2 => any::<prop::sample::Index>().prop_map(Act::Lose),
        1 => Just(Act::LoseConnection),
        3 => (0usize..8).prop_map(Act::Connect),
        3 => Just(Act::Pause),
        4 => (0usize..4).prop_map(Act::LandPayer),
        4 => (0usize..4).prop_map(Act::LandPayee),
        1 => (0usize..4).prop_map(Act::KillPayer),
        1 => (0usize..4).prop_map(Act::KillPayee),
        1 => (0usize..20).prop_map(Act::RestorePayer),
        1 => Just(Act::RestPayer),
        1 => Just(Act::RestPayee),
        1 => Just(Act::Settle),
        1 => Just(Act::SeeChain),
        2 => (0u64..20_000).prop_map(Act::Wait),
        1 => any::<bool>().prop_map(Act::Full),
        2 => (0u64..400).prop_map(Act::Lie),
    ]
}

fn pace() -> impl Strategy<Value = Pace> {
    prop_oneof![
        (1u64..100).prop_map(Pace::vouchers),
        (1u16..40, 1u32..50).prop_map(|(count, units)| Pace::ticks(count, units)),
    ]
}

fn risk() -> impl Strategy<Value = Risk> {
    prop_oneof![Just(Risk::stranger()), (1u128..100).prop_map(|cap| Risk { cap })]
}

/// Errors are part of life here (full disks, messages out of turn): that nothing goes wrong by them is
/// what is checked after each act.
fn play(world: &mut World, act: &Act) {
    match act {
        Act::Serve(units) => drop(world.serve(*units)),
        Act::Accept => world.accept(),
        Act::Say => drop(world.say()),
        Act::Hear(index) if !world.said.is_empty() => {
            let statement = *index.get(&world.said);
            drop(world.hear(&statement));
        }
        Act::Lose(index) if !world.said.is_empty() => {
            let at = index.index(world.said.len());
            world.said.remove(at);
        }
        Act::Hear(_) | Act::Lose(_) => {}
        Act::LoseConnection => world.lose_connection(),
        Act::Connect(cut) => drop(world.connect(*cut)),
        Act::Pause => {
            if let Gate::Pause(pause) = world.serve(1) {
                let meter = world.payer.on_pause(&pause);
                drop(world.payee.on_meter(&meter, world.now));
            }
        }
        Act::LandPayer(writes) => world.payer_disk.land(*writes),
        Act::LandPayee(writes) => world.payee_disk.land(*writes),
        Act::KillPayer(writes) => {
            world.payer_disk.lose_power(*writes);
            world.restart_payer();
        }
        Act::RestorePayer(writes) => {
            world.payer_disk.restore(*writes);
            world.restart_payer();
        }
        Act::KillPayee(writes) => {
            world.payee_disk.lose_power(*writes);
            world.restart_payee();
        }
        Act::RestorePayee(writes) => {
            world.payee_disk.restore(*writes);
            world.restart_payee();
        }
        Act::RestPayer => drop(world.payer.rest()),
        Act::RestPayee => drop(world.payee.rest()),
        Act::Settle => world.settle(),
        Act::SeeChain => world.see_chain(),
        Act::Wait(ms) => world.now = ChainTime(world.now.0 + ms),
        Act::Full(full) => {
            world.payer_disk.set_full(*full);
            world.payee_disk.set_full(*full);
        }
        Act::Lie(units) => {
            let lie = Meter { units: *units, ..world.payer.meter() };
            drop(world.payee.on_meter(&lie, world.now));
        }
    }
}

fn check(world: &World, act: &Act) {
    assert!(
        world.loss() <= world.most_loss(),
        "after {act:?} the payee can lose {}, at most {} was agreed",
        world.loss(),
        world.most_loss()
    );
    assert!(
        world.signed <= world.most_signed(),
        "after {act:?} {} is signed for, at most {} was agreed",
        world.signed,
        world.most_signed()
    );
    let doubted = world.payer_restarts * world.terms.pace.segment;
    assert!(world.believed <= doubted, "the payer believed {} units", world.believed);
    assert!(world.signed <= world.view.cap.into());
    let durable = world.payee_disk.durable().map_or(0, |state| state.worth());
    assert!(durable <= world.signed, "what is stored was signed");
}

/// A working network and disks again; the honest two go on, or have ended for a reason.
fn heal(world: &mut World) {
    world.payer_disk.set_full(false);
    world.payee_disk.set_full(false);
    world.see_chain();
    let mut connected = world.connect(4);
    for _ in 0..3 {
        world.now = ChainTime(world.now.0 + 10_000);
        world.see_chain();
        if world.payee.state().strikes > 0 {
            connected = world.connect(4);
        }
    }
    connected.unwrap();
    let mut served = 0;
    for _ in 0..40 {
        match world.step(1) {
            Ok(()) => served += 1,
            Err(Gate::End(End::CountMismatch)) => return,
            Err(gate) => panic!("an honest session is refused: {gate:?}"),
        }
        world.now = ChainTime(world.now.0 + 10_000);
        world.see_chain();
    }
    assert_eq!(served, 40);
    world.payer.rest().unwrap();
    world.payee.rest().unwrap();
    assert_eq!(world.payer.state().counted, world.payee.state().served, "the counts agree");
}

/// What a pair of honest gateways goes through.
fn hardship() -> impl Strategy<Value = Act> {
    prop_oneof![
        8 => (1u64..20).prop_map(Act::Serve),
        8 => Just(Act::Accept),
        6 => Just(Act::Say),
        6 => any::<prop::sample::Index>().prop_map(Act::Hear),
        2 => any::<prop::sample::Index>().prop_map(Act::Lose),
        3 => Just(Act::Connect(4)),
        2 => (0usize..4).prop_map(Act::LandPayee),
        2 => (0usize..4).prop_map(Act::LandPayer),
        1 => (0usize..20).prop_map(Act::RestorePayer),
        1 => (0usize..20).prop_map(Act::RestorePayee),
        1 => Just(Act::Settle),
        1 => Just(Act::SeeChain),
        1 => (0u64..20_000).prop_map(Act::Wait),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn both_restored_from_old_backups_find_each_other_again(
        pace in pace(),
        risk in risk(),
        acts in prop::collection::vec(hardship(), 1..150),
    ) {
        let mut world = World::new(pace, risk, true);
        world.connect(4).unwrap();
        for act in &acts {
            play(&mut world, act);
            prop_assert!(world.signed <= world.most_signed(), "{act:?}");
            prop_assert!(u128::from(world.view.redeemed) <= world.signed, "paid twice: {act:?}");
        }
        world.terms.pace = pace;
        world.see_chain();
        let known = world.payer.state().worth().max(world.payee.state().worth());
        heal(&mut world);
        let paid = world.payee.state().worth().max(world.view.redeemed.into());
        prop_assert!(paid >= known);
        if world.payee.state().end.is_none() {
            prop_assert_eq!(world.payee.state().best, world.payer.state().best);
        }
    }

    #[test]
    fn neither_side_loses_more_than_agreed_whatever_happens(
        pace in pace(),
        risk in risk(),
        eager in any::<bool>(),
        acts in prop::collection::vec(act(), 1..150),
    ) {
        let mut world = World::new(pace, risk, eager);
        world.connect(4).unwrap();
        for act in &acts {
            play(&mut world, act);
            check(&world, act);
        }
        heal(&mut world);
        check(&world, &Act::Accept);
    }
}
