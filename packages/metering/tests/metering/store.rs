//! The SQLite store: durable, grouped, and patient with a full disk.

use crate::lane::{SECRET, key, public, terms, view};
use caplet_metering::payer::Connection;
use caplet_metering::sqlite::{Durable, LaneJournal, Options, Reader, Store};
use caplet_metering::*;
use caplet_protocol::{
    Lane, LeaseId,
    layout::{QosReport, Voucher},
};
use proptest::prelude::*;

fn proof() -> impl Strategy<Value = Proof> {
    (any::<[u64; 4]>(), any::<[u8; 32]>(), any::<u128>(), 0u16..=1024).prop_map(
        |([a, b, c, d], hash, amount, k)| Proof {
            voucher: Voucher {
                lease: LeaseId(a),
                lane: Lane(k),
                links: k,
                link_units: b as u32,
                amount,
                units: c,
                link_amount: d,
                anchor: hash,
                evidence: hash,
            },
            signature: [hash[0]; 64],
            k,
            link: hash,
        },
    )
}

fn report() -> impl Strategy<Value = QosReport> {
    any::<u64>().prop_map(|units| QosReport { units, ..QosReport::default() })
}

proptest! {
    #[test]
    fn states_come_back_as_they_were(
        n in any::<[u64; 5]>(),
        best in prop::option::of(proof()),
        report in prop::option::of(report()),
        flags in any::<[bool; 2]>(),
        end in prop::option::of(prop::sample::select(vec![1u8, 3, 4, 9])),
        cut in any::<prop::sample::Index>(),
    ) {
        let payer = PayerState {
            rates: Rates::default(),
            epoch: n[0], counted: n[1], believed: n[2], redeemed: n[3],
            exact: flags[0], ended: flags[1], best, report,
        };
        prop_assert_eq!(PayerState::decode(&payer.encode()), Some(payer));
        let payee = PayeeState {
            rates: Rates::default(),
            epoch: n[0], served: n[1], reserved: n[2], written_off: n[3], forgiven: n[4],
            strikes: 2, recovered: flags[0], end: end.and_then(End::from_u8), best, report,
        };
        let bytes = payee.encode();
        prop_assert_eq!(PayeeState::decode(&bytes), Some(payee));
        prop_assert_eq!(PayeeState::decode(&bytes[..cut.index(bytes.len())]), None);
    }

    #[test]
    fn bytes_that_are_no_state_are_refused_quietly(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let state = PayerState::decode(&bytes);
        prop_assert!(state.is_none_or(|state| state.encode() == bytes));
    }
}

fn state(epoch: u64) -> PayerState {
    PayerState { epoch, ..PayerState::default() }
}

#[test]
fn the_latest_state_of_each_lane_is_there_after_reopening() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("metering.db");
    let store = Store::open(&path, Options::default()).unwrap();
    for lease in 0..50 {
        let mut journal: LaneJournal<PayerState> = store.journal(LeaseId(lease), Lane(1));
        journal.write(&state(lease)).unwrap();
        let ticket = journal.write(&state(lease + 1)).unwrap();
        if lease == 49 {
            journal.sync().unwrap();
            assert!(journal.synced() >= ticket);
        }
    }
    assert!(store.commits() < 50, "writes are grouped");
    drop(store);
    let store = Store::open(&path, Options::default()).unwrap();
    let all = store.all::<PayerState>().unwrap();
    assert_eq!(all.len(), 50);
    assert!(all.iter().all(|(lease, _, state)| state.epoch == lease.0 + 1));
    assert!(store.all::<PayeeState>().unwrap().is_empty());
}

#[test]
fn a_store_is_read_while_its_keeper_writes_it_and_none_is_made_by_reading() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("metering.db");
    assert!(Reader::open(&path).is_err());
    assert!(!path.exists());
    let store = Store::open(&path, Options::default()).unwrap();
    let mut journal: LaneJournal<PayerState> = store.journal(LeaseId(7), Lane(1));
    journal.write(&state(1)).unwrap();
    journal.sync().unwrap();
    let reader = Reader::open(&path).unwrap();
    assert_eq!(reader.all::<PayerState>().unwrap(), [(LeaseId(7), Lane(1), state(1))]);
    journal.write(&state(2)).unwrap();
    journal.sync().unwrap();
    assert_eq!(reader.all::<PayerState>().unwrap(), [(LeaseId(7), Lane(1), state(2))]);
    assert!(reader.all::<PayeeState>().unwrap().is_empty());
    // what nobody has open any more is read too
    drop((journal, store, reader));
    let reader = Reader::open(&path).unwrap();
    assert_eq!(reader.all::<PayerState>().unwrap(), [(LeaseId(7), Lane(1), state(2))]);
}

#[test]
fn closing_the_store_commits_what_is_left() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("metering.db");
    let store = Store::open(&path, Options::default()).unwrap();
    let mut journal: LaneJournal<PayerState> = store.journal(LeaseId(u64::MAX), Lane(1));
    journal.write(&state(3)).unwrap();
    drop(store);
    assert!(matches!(journal.write(&state(4)), Err(JournalError::Broken(_))));
    let store = Store::open(&path, Options::default()).unwrap();
    let mut journal: LaneJournal<PayerState> = store.journal(LeaseId(u64::MAX), Lane(1));
    assert_eq!(journal.load().unwrap(), Some(state(3)));
}

/// The quota is SQLite's own page limit, so the error is the one that a full disk gives.
#[test]
fn a_full_disk_pauses_service_with_a_clear_reason_and_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("metering.db");
    let store = Store::open(&path, Options { most_pages: Some(40), ..Options::default() }).unwrap();
    let payer_store = Store::open(&dir.path().join("payer.db"), Options::default()).unwrap();
    let (terms, view) = (terms(Pace::vouchers(20)), view());
    let journal = store.journal(terms.lease, terms.lane);
    let mut payee = Payee::open(terms, Risk::stranger(), public(), journal, view).unwrap();
    let journal = payer_store.journal(terms.lease, terms.lane);
    let mut payer = Payer::open(terms, key(), SECRET, journal, view).unwrap();
    let connection = Connection::default();
    let hello = payer.hello(&payee.challenge([5; 32]), &connection).unwrap();
    let meter = payer.on_resume(&payee.on_hello(&hello, &connection).unwrap()).unwrap();
    payee.on_meter(&meter, view.at).unwrap();

    let mut served = 0;
    let mut filler = 0;
    let refused = loop {
        match serve(&mut payer, &mut payee, &store, &payer_store) {
            Ok(()) => served += 1,
            Err(reason) => break reason,
        }
        // other lanes grow until there is no room
        let mut other: LaneJournal<PayeeState> = store.journal(LeaseId(1_000 + filler), Lane(1));
        let best = payee.state().best;
        drop(other.write(&PayeeState { best, ..PayeeState::default() }));
        filler += 1;
        assert!(filler < 10_000, "the quota is never reached");
    };
    assert_eq!(refused, PauseReason::StoreFull);
    assert!(refused.to_string().contains("disk is full"));
    assert!(served > 0);

    // whoever looks at the file finds the paid vouchers; with more room the same session goes on
    let signed = payer.state().worth();
    let counted = payer.state().counted;
    drop(payee);
    drop(store);
    let store = Store::open(&path, Options::default()).unwrap();
    let journal = store.journal(terms.lease, terms.lane);
    let mut payee = Payee::open(terms, Risk::stranger(), public(), journal, view).unwrap();
    let hello = payer.hello(&payee.challenge([6; 32]), &connection).unwrap();
    let meter = payer.on_resume(&payee.on_hello(&hello, &connection).unwrap()).unwrap();
    payee.on_meter(&meter, view.at).unwrap();
    assert_eq!((payee.state().worth(), payee.served()), (signed, counted));
    serve(&mut payer, &mut payee, &store, &payer_store).unwrap();
}

/// One unit served and counted, or why not.
fn serve(
    payer: &mut Payer<ed25519_dalek::SigningKey, LaneJournal<PayerState>>,
    payee: &mut Payee<Ed25519Key, LaneJournal<PayeeState>>,
    store: &Store,
    payer_store: &Store,
) -> Result<(), PauseReason> {
    let now = view().at;
    for _ in 0..1_000 {
        if let Some(statement) = payer.statement(now).unwrap() {
            // not taken is not lost: the payer says it again when service pauses
            drop(payee.on_statement(&statement, now));
        }
        match payee.charge(1, now) {
            Gate::Go => {
                payer.count(1);
                return Ok(());
            }
            Gate::Pause(pause) if pause.reason == PauseReason::Storing => wait_for(store),
            Gate::Pause(pause) if pause.reason == PauseReason::Unpaid => {
                let meter = payer.on_pause(&pause);
                wait_for(payer_store);
                if let Err(Refusal::Journal(JournalError::Full)) = payee.on_meter(&meter, now) {
                    return Err(PauseReason::StoreFull);
                }
            }
            Gate::Pause(pause) => return Err(pause.reason),
            Gate::End(end) => panic!("{end:?}"),
        }
    }
    panic!("no progress")
}

/// Until what was written is committed, or cannot be.
fn wait_for(store: &Store) {
    let mut journal: LaneJournal<PayerState> = store.journal(LeaseId(0), Lane(0));
    drop(journal.sync());
}
