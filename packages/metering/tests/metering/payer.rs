//! What a payer says, and when.

use crate::disk::Disk;
use crate::lane::{SECRET, key, public, terms, view};
use crate::world::{APayer, World};
use caplet_metering::payer::Connection;
use caplet_metering::*;
use caplet_protocol::layout::QosReport;

fn live(pace: Pace, risk: Risk) -> World {
    let mut world = World::new(pace, risk, true);
    world.connect(4).unwrap();
    world
}

fn next(world: &mut World) -> Option<Statement> {
    world.payer.statement(world.now).unwrap()
}

/// What the next statement is worth; it has to be a voucher.
fn voucher(world: &mut World) -> Proof {
    match next(world) {
        Some(Statement::Voucher { proof, .. }) => proof,
        other => panic!("{other:?} is no voucher"),
    }
}

const CREDIT: Risk = Risk { cap: 10_000 };

#[test]
fn a_stranger_pays_one_segment_ahead_and_no_more() {
    let mut world = live(Pace::vouchers(100), Risk::stranger());
    assert_eq!(voucher(&mut world).worth(), 30);
    assert_eq!(next(&mut world), None);
    world.payer.count(50);
    assert_eq!(voucher(&mut world).worth(), 45);
}

#[test]
fn what_is_only_paid_ahead_never_empties_a_lane() {
    let mut world = live(Pace::vouchers(100), Risk::stranger());
    let cap = u128::from(world.view.cap);
    let all = world.terms.units_for(cap);
    world.payer.count(all - 60);
    assert_eq!(voucher(&mut world).worth(), cap - 1, "escrow closes a lane that is paid up");
    world.payer.count(50);
    assert_eq!(next(&mut world), None);
    // the last is paid when it is waited for, at once and whole
    // (the payee was told of the first only: what was counted since is in what it waits for)
    let pause = Pause { reason: PauseReason::Unpaid, wanted: 60 };
    world.payer.on_pause(&pause);
    assert_eq!(voucher(&mut world).worth(), cap);
}

#[test]
fn what_a_payee_waited_for_in_a_session_that_is_gone_is_not_paid_in_the_next() {
    let mut world = live(Pace::vouchers(100), Risk::stranger());
    let cap = u128::from(world.view.cap);
    world.payer.count(world.terms.units_for(cap) - 60);
    assert_eq!(voucher(&mut world).worth(), cap - 1);
    world.payer.on_pause(&Pause { reason: PauseReason::Unpaid, wanted: 60 });
    world.connect(4).unwrap();
    next(&mut world);
    assert_eq!(world.payer.state().worth(), cap - 1, "it asks again if it still waits");
    world.payer.on_pause(&Pause { reason: PauseReason::Unpaid, wanted: 60 });
    assert_eq!(voucher(&mut world).worth(), cap);
}

proptest::proptest! {
    /// The payee was told of a count, serves on, and waits for a step; meanwhile some of that is counted here.
    #[test]
    fn the_step_that_is_waited_for_is_paid_and_empties_a_lane_only_if_it_reaches_the_end(
        left in 1u64..300, since in 0u64..100, step in 1u64..=100, more in 0u64..=100,
    ) {
        let mut world = live(Pace::vouchers(100), Risk::stranger());
        let cap = u128::from(world.view.cap);
        let told = world.terms.units_owing(cap) - left;
        world.payer.count(told);
        voucher(&mut world);
        world.payer.count(since);
        let pause = Pause { reason: PauseReason::Unpaid, wanted: since + step };
        world.payer.on_pause(&pause);
        world.payer.count(more.min(step));
        let waited = world.terms.owed(told + since + step).min(cap);
        let worth = voucher(&mut world).worth();
        proptest::prop_assert!(worth >= waited, "{} of {} are paid", worth, waited);
        proptest::prop_assert_eq!(worth == cap, waited == cap);
        proptest::prop_assert!(worth <= world.terms.owed(told + since + more.min(step) + 100));
    }
}

#[test]
fn a_payer_with_credit_pays_for_what_it_has_counted() {
    let mut world = live(Pace::vouchers(100), CREDIT);
    assert_eq!(next(&mut world), None);
    world.payer.count(49);
    assert_eq!(voucher(&mut world).worth(), 14, "the first is not waited for");
    world.payer.count(49);
    assert_eq!(next(&mut world), None);
    world.payer.count(1);
    let proof = voucher(&mut world);
    assert_eq!((proof.worth(), proof.units()), (29, 99), "floor(99 * 3 / 10)");
    let preimage = proof.voucher.preimage(&world.terms.domain);
    assert!(public().signed(&preimage, &proof.signature));
}

#[test]
fn value_and_time_call_for_a_statement_too() {
    let pace = Pace { value: 6, ..Pace::vouchers(1_000_000) };
    let mut world = live(pace, Risk { cap: 1_000_000 });
    world.payer.count(1);
    assert_eq!(next(&mut world), None, "a tenth of what a base unit is paid for");
    world.payer.count(19);
    assert_eq!(voucher(&mut world).worth(), 6);
    world.payer.count(19);
    assert_eq!(next(&mut world), None);
    world.now = ChainTime(world.now.0 + 10_000);
    assert_eq!(voucher(&mut world).worth(), 11);
    world.payer.count(21);
    assert_eq!(voucher(&mut world).worth(), 18);
}

#[test]
fn links_are_revealed_between_vouchers_and_a_new_chain_follows_the_last() {
    let mut world = live(Pace::ticks(3, 20), CREDIT);
    world.payer.count(20);
    let first = voucher(&mut world);
    assert_eq!((first.voucher.links, first.voucher.link_amount, first.worth()), (3, 6, 6));
    for k in 1..=3 {
        world.payer.count(20);
        let Some(Statement::Tick(tick)) = next(&mut world) else { panic!("no tick") };
        assert_eq!((tick.k, tick.amount), (k, 6));
        assert!(first.voucher.proves(&world.terms.domain, k, &tick.link));
    }
    world.payer.count(20);
    let second = voucher(&mut world);
    assert_eq!((second.worth(), second.units()), (30, 100));
    assert_ne!(second.voucher.anchor, first.voucher.anchor);
}

#[test]
fn a_chain_fits_under_the_cap_and_nothing_is_signed_beyond_it() {
    let mut world = live(Pace::ticks(1_000, 20), CREDIT);
    let cap = 17;
    world.view.cap = cap;
    world.see_chain();
    world.payer.count(20);
    assert_eq!(voucher(&mut world).voucher.links, 1, "6 and 6 fit, 6 more do not");
    world.payer.count(1_000);
    assert!(matches!(next(&mut world), Some(Statement::Tick(_))));
    let last = voucher(&mut world);
    assert_eq!((last.worth(), last.voucher.links), (u128::from(cap), 0));
    world.payer.count(1_000);
    assert_eq!(next(&mut world), None);
}

#[test]
fn a_settler_gets_a_voucher_without_a_chain_for_the_same_money() {
    let mut world = live(Pace::ticks(30, 20), CREDIT);
    for _ in 0..4 {
        world.payer.count(20);
        next(&mut world).unwrap();
    }
    assert_eq!((world.payer.state().worth(), world.payer.state().best.unwrap().k), (24, 3));
    world.payer.consolidate();
    let proof = voucher(&mut world);
    assert_eq!((proof.voucher.links, proof.worth()), (0, 24));
    assert_eq!(next(&mut world), None);
}

#[test]
fn nothing_is_said_before_it_is_on_disk() {
    let mut world = World::new(Pace::vouchers(100), Risk::stranger(), false);
    world.connect(4).unwrap();
    assert_eq!(next(&mut world), None);
    world.payer_disk.land(1);
    let said = voucher(&mut world);
    assert_eq!(world.payer_disk.durable().unwrap().best, Some(said));
}

#[test]
fn a_disk_hurries_only_for_what_somebody_waits_for() {
    let hurries = |world: &mut World, units: u64| {
        world.payer.count(units);
        let before = world.payer_disk.hurried();
        assert_eq!(next(world), None, "it is not on disk yet");
        let hurried = world.payer_disk.hurried() > before;
        world.payer_disk.land(usize::MAX);
        next(world).unwrap();
        hurried
    };
    let slow = |pace, risk| {
        let mut world = World::new(pace, risk, false);
        world.connect(4).unwrap();
        world
    };
    // on credit nothing is waited for, until the payee has paused
    let mut world = slow(Pace::vouchers(100), CREDIT);
    assert!(!hurries(&mut world, 100));
    world.payer.on_pause(&Pause { reason: PauseReason::Unpaid, wanted: 10 });
    assert!(hurries(&mut world, 100));
    assert!(!hurries(&mut world, 100));
    // who pays ahead is waited for at a voucher, not at a link while a segment is paid
    let mut world = slow(Pace::ticks(3, 20), Risk::stranger());
    assert!(hurries(&mut world, 0));
    assert!(!hurries(&mut world, 20));
    world.payer.on_pause(&Pause { reason: PauseReason::Unpaid, wanted: 10 });
    assert!(hurries(&mut world, 20));
}

#[test]
fn a_full_disk_keeps_a_payer_silent_and_room_lets_it_speak() {
    let mut world = live(Pace::vouchers(100), Risk::stranger());
    world.payer_disk.set_full(true);
    let refused = world.payer.statement(world.now);
    assert_eq!(refused, Err(Refusal::Journal(JournalError::Full)));
    assert_eq!(world.payer.state().worth(), 0, "what is not stored is not signed for");
    world.payer_disk.set_full(false);
    assert_eq!(voucher(&mut world).worth(), 30);
}

#[test]
fn a_payee_that_claims_more_than_was_counted_is_not_believed() {
    let mut world = live(Pace::vouchers(100), CREDIT);
    world.payer.count(10);
    let connection = Connection::default();
    let challenge = Challenge { nonce: [3; 32], epoch: 0 };
    let epoch = world.payer.hello(&challenge, &connection).unwrap().hello.epoch;
    let resume = Resume { epoch, best: None, served: 1_000, credit: 0 };
    assert_eq!(world.payer.on_resume(&resume).unwrap().units, 10);
    assert_eq!(voucher(&mut world).worth(), 33, "10 counted and 100 ahead");
    let pause = Pause { reason: PauseReason::Unpaid, wanted: u64::MAX };
    world.payer.on_pause(&pause);
    assert_eq!(voucher(&mut world).worth(), 33, "a pause gets no more than a segment either");
}

#[test]
fn after_a_crash_a_payer_takes_at_most_a_segment_on_the_payees_word() {
    let mut world = live(Pace::vouchers(100), CREDIT);
    world.payer.count(10);
    next(&mut world).unwrap();
    world.payer_disk.lose_power(0);
    world.restart_payer();
    let challenge = Challenge { nonce: [3; 32], epoch: 0 };
    let epoch = world.payer.hello(&challenge, &Connection::default()).unwrap().hello.epoch;
    let resume = Resume { epoch, best: None, served: 1_000, credit: u128::MAX };
    assert_eq!(world.payer.on_resume(&resume).unwrap().units, 110);
    assert_eq!(world.payer.state().believed, 100);
}

#[test]
fn after_a_rest_there_is_nothing_to_believe() {
    let mut world = live(Pace::vouchers(100), CREDIT);
    world.payer.count(10);
    world.payer.rest().unwrap();
    world.restart_payer();
    let challenge = Challenge { nonce: [3; 32], epoch: 0 };
    let epoch = world.payer.hello(&challenge, &Connection::default()).unwrap().hello.epoch;
    let resume = Resume { epoch, best: None, served: 1_000, credit: u128::MAX };
    assert_eq!(world.payer.on_resume(&resume).unwrap().units, 10);
}

#[test]
fn a_payer_takes_its_own_higher_voucher_and_nobody_elses() {
    let mut world = live(Pace::ticks(10, 20), CREDIT);
    for _ in 0..5 {
        world.payer.count(20);
        next(&mut world).unwrap();
    }
    let best = world.payer.state().best.unwrap();
    world.payer_disk.restore(4);
    world.restart_payer();
    assert!(world.payer.state().worth() < best.worth());
    let resume = |payer: &mut APayer, best| {
        let challenge = Challenge { nonce: [3; 32], epoch: 0 };
        let epoch = payer.hello(&challenge, &Connection::default()).unwrap().hello.epoch;
        payer.on_resume(&Resume { epoch, best: Some(best), served: 0, credit: u128::MAX })
    };
    let mut forged = best;
    forged.voucher.amount += 1_000;
    assert_eq!(resume(&mut world.payer, forged), Err(Refusal::BadSignature));
    let wrong = Proof { link: [1; 32], ..best };
    assert_eq!(resume(&mut world.payer, wrong), Err(Refusal::BadLink { k: best.k }));
    assert_eq!(resume(&mut world.payer, best).unwrap().units, 100);
    // and it goes on with the very same chain
    world.payer.count(20);
    let Some(Statement::Tick(tick)) = next(&mut world) else { panic!("no tick") };
    assert_eq!(tick.k, best.k + 1);
    assert!(best.voucher.proves(&world.terms.domain, tick.k, &tick.link));
}

#[test]
fn the_last_voucher_is_for_what_was_counted_carries_the_report_and_ends_it() {
    let mut world = live(Pace::vouchers(100), CREDIT);
    world.payer.count(77);
    let report = QosReport { units: 77, ..QosReport::default() };
    let said = world.payer.last(report).unwrap();
    let Statement::Voucher { proof, report: Some(sent) } = said else { panic!("{said:?}") };
    assert_eq!((proof.worth(), sent), (23, report));
    assert_eq!(proof.voucher.evidence, report.evidence());
    world.payer.count(1_000);
    assert_eq!(next(&mut world), None);
    assert_eq!(world.payer.last(QosReport::default()).unwrap(), said, "asked again, said again");
    world.restart_payer();
    let refused = world.payer.last(report);
    assert!(matches!(refused, Err(Refusal::OutOfTurn { .. })), "not before it has resumed");
}

#[test]
fn a_payer_signs_nothing_before_it_has_resumed() {
    let disk = Disk::new(true);
    let terms = terms(Pace::vouchers(10));
    let mut payer = Payer::open(terms, key(), SECRET, disk, view()).unwrap();
    payer.count(1_000);
    assert_eq!(payer.statement(view().at).unwrap(), None);
    // nor when the chain shows that its store is old
    let connection = Connection::default();
    let challenge = Challenge { nonce: [3; 32], epoch: 41 };
    assert_eq!(payer.hello(&challenge, &connection).unwrap().hello.epoch, 42);
    payer.on_resume(&Resume { epoch: 42, best: None, served: 0, credit: 0 }).unwrap();
    assert!(payer.is_live());
    payer.on_view(View { redeemed: 5, ..view() });
    assert_eq!(payer.statement(view().at).unwrap(), None);
}

/// A key that is somewhere else: it signs when it is let.
#[derive(Clone, Debug, Default)]
struct Remote(std::rc::Rc<std::cell::RefCell<(Vec<Vec<u8>>, bool)>>);

impl Remote {
    fn signs<const N: usize>(&self, preimage: &[u8; N]) -> Option<[u8; 64]> {
        let mut asked = self.0.borrow_mut();
        if !asked.1 {
            asked.0.push(preimage.to_vec());
            return None;
        }
        asked.1 = false;
        Some(caplet_protocol::sign::sign(&key(), preimage))
    }

    fn let_sign(&self) {
        self.0.borrow_mut().1 = true;
    }
}

impl Sign for Remote {
    fn voucher(
        &self,
        voucher: &caplet_protocol::layout::Voucher,
        domain: &caplet_protocol::Domain,
    ) -> Option<[u8; 64]> {
        self.signs(&voucher.preimage(domain))
    }

    fn hello(
        &self,
        hello: &caplet_protocol::layout::SessionHello,
        domain: &caplet_protocol::Domain,
    ) -> Option<[u8; 64]> {
        self.signs(&hello.preimage(domain))
    }

    fn signed(&self, preimage: &[u8; 160], signature: &[u8; 64]) -> bool {
        key().signed(preimage, signature)
    }
}

#[test]
fn a_key_elsewhere_is_asked_for_the_very_same_bytes_until_it_has_signed() {
    let (terms, remote) = (terms(Pace::vouchers(100)), Remote::default());
    let disk = Disk::new(true);
    let mut payer = Payer::open(terms, remote.clone(), SECRET, disk, view()).unwrap();
    let challenge = Challenge { nonce: [7; 32], epoch: 3 };
    let connection = Connection::default();
    for _ in 0..3 {
        assert_eq!(payer.hello(&challenge, &connection), Err(Refusal::Signing));
    }
    assert!(remote.0.borrow().0.windows(2).all(|two| two[0] == two[1]), "one hello, one epoch");
    remote.let_sign();
    let hello = payer.hello(&challenge, &connection).unwrap();
    assert_eq!(hello.hello.epoch, 4);
    let resume = Resume { epoch: 4, best: None, served: 0, credit: 0 };
    payer.on_resume(&resume).unwrap();
    remote.0.borrow_mut().0.clear();
    for counted in 0..5 {
        assert_eq!(payer.statement(view().at), Ok(None));
        payer.count(counted);
    }
    let asked = remote.0.borrow().0.clone();
    assert!(
        asked.len() == 5 && asked.windows(2).all(|two| two[0] == two[1]),
        "counts go on meanwhile"
    );
    assert_eq!(payer.state().worth(), 0, "nothing is promised before it is signed");
    remote.let_sign();
    let said = payer.statement(view().at).unwrap();
    assert!(matches!(said, Some(Statement::Voucher { proof, .. }) if proof.worth() == 30));
    assert_eq!(payer.last(QosReport::default()), Err(Refusal::Signing));
    remote.let_sign();
    assert!(payer.last(QosReport::default()).is_ok());
}
