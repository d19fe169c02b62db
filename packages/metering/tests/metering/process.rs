//! One end of a session as a process of its own: what `kill.rs` starts and kills.

use crate::lane::{SECRET, key, public, terms};
use crate::wire::{Frame, receive, send};
use caplet_metering::payer::Connection;
use caplet_metering::sqlite::{LaneJournal, Options, Store};
use caplet_metering::*;
use caplet_protocol::layout::QosReport;
use ed25519_dalek::SigningKey;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Units a segment.
pub(crate) const PACE: Pace = Pace::ticks(16, 8);
pub(crate) const RISK: Risk = Risk { cap: 12 };
pub(crate) const CAP: u64 = 1_000_000;
pub(crate) const REPORT_SCORE: u16 = 9_000;

/// What the parent says to its children.
pub(crate) struct Orders {
    pub(crate) dir: PathBuf,
    /// Chain time at start.
    pub(crate) time: u64,
    pub(crate) redeemed: u64,
    /// Units to ask for before the last voucher; 0 for no end.
    pub(crate) units: u64,
}

impl Orders {
    pub(crate) fn to_text(&self) -> String {
        format!("{} {} {} {}", self.time, self.redeemed, self.units, self.dir.display())
    }

    pub(crate) fn from_env() -> Option<Self> {
        let text = std::env::var("CAPLET_METERING_END").ok()?;
        let mut words = text.splitn(4, ' ');
        let mut number = || words.next().and_then(|word| word.parse().ok());
        let (time, redeemed, units) = (number()?, number()?, number()?);
        Some(Self { dir: words.next()?.into(), time, redeemed, units })
    }

    fn view(&self) -> View {
        View { at: ChainTime(self.time), redeemed: self.redeemed, cap: CAP }
    }
}

/// Chain time as a keeper has it: the header's, and what a monotonic clock adds.
struct Clock(u64, Instant);

impl Clock {
    fn now(&self) -> ChainTime {
        ChainTime(self.0 + self.1.elapsed().as_millis() as u64)
    }
}

fn log(dir: &Path, name: &str) -> File {
    OpenOptions::new().create(true).append(true).open(dir.join(name)).unwrap()
}

fn connection(nonce: [u8; 32]) -> Connection {
    Connection { payer: [1; 32], payee: [2; 32], exporter: nonce }
}

/// Serves one connection after another.
pub(crate) fn payee(orders: &Orders) {
    let store = Store::open(&orders.dir.join("payee.db"), Options::default()).unwrap();
    let terms = terms(PACE);
    let terms = Terms { exposure_cap: CAP, ..terms };
    let journal = store.journal(terms.lease, terms.lane);
    let mut payee = Payee::open(terms, RISK, public(), journal, orders.view()).unwrap();
    let clock = Clock(orders.time, Instant::now());
    let path = orders.dir.join("socket");
    drop(std::fs::remove_file(&path));
    let listener = UnixListener::bind(&path).unwrap();
    let mut nonce = orders.time;
    while let Ok((mut stream, _)) = listener.accept() {
        nonce += 1;
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&nonce.to_be_bytes());
        if let Ok(true) = serve(&mut payee, &store, &mut stream, bytes, &clock) {
            payee.rest().unwrap();
            return;
        }
        payee.disconnect();
    }
}

type ThePayee = Payee<Ed25519Key, LaneJournal<PayeeState>>;

/// Serves until the connection or the lane ends; `true` for the lane.
fn serve(
    payee: &mut ThePayee,
    store: &Store,
    stream: &mut UnixStream,
    nonce: [u8; 32],
    clock: &Clock,
) -> std::io::Result<bool> {
    send(stream, &Frame::Challenge(payee.challenge(nonce)))?;
    loop {
        match receive(stream)? {
            Frame::Hello(hello) => match payee.on_hello(&hello, &connection(nonce)) {
                Ok(resume) => send(stream, &Frame::Resume(resume))?,
                Err(refused) => panic!("hello: {refused}"),
            },
            Frame::Meter(meter) => payee.on_meter(&meter, clock.now()).unwrap(),
            Frame::Statement(statement) => {
                payee.on_statement(&statement, clock.now()).unwrap();
            }
            Frame::Request(units) => loop {
                match payee.charge(units, clock.now()) {
                    Gate::Go => {
                        send(stream, &Frame::Served(units))?;
                        break;
                    }
                    Gate::Pause(Pause { reason: PauseReason::Storing, .. }) => {
                        let mut journal: LaneJournal<PayeeState> =
                            store.journal(payee.terms().lease, payee.terms().lane);
                        journal.sync().unwrap();
                    }
                    Gate::Pause(pause) => {
                        send(stream, &Frame::Pause(pause))?;
                        break;
                    }
                    Gate::End(_) => {
                        send(stream, &Frame::End)?;
                        return Ok(true);
                    }
                }
            },
            other => panic!("{other:?}"),
        }
    }
}

type ThePayer = Payer<SigningKey, LaneJournal<PayerState>>;

/// Asks for units over one connection after another.
pub(crate) fn payer(orders: &Orders) {
    let store = Store::open(&orders.dir.join("payer.db"), Options::default()).unwrap();
    let terms = Terms { exposure_cap: CAP, ..terms(PACE) };
    let journal = store.journal(terms.lease, terms.lane);
    let mut payer = Payer::open(terms, key(), SECRET, journal, orders.view()).unwrap();
    let clock = Clock(orders.time, Instant::now());
    let mut had = log(&orders.dir, "had");
    let mut left = orders.units;
    loop {
        let Ok(mut stream) = UnixStream::connect(orders.dir.join("socket")) else {
            std::thread::yield_now();
            continue;
        };
        if ask(&mut payer, &store, &mut stream, &mut had, &mut left, orders, &clock).is_ok() {
            payer.rest().unwrap();
            return;
        }
        payer.disconnect();
    }
}

fn ask(
    payer: &mut ThePayer,
    store: &Store,
    stream: &mut UnixStream,
    had: &mut File,
    left: &mut u64,
    orders: &Orders,
    clock: &Clock,
) -> std::io::Result<()> {
    let mut older = None;
    loop {
        match receive(stream)? {
            Frame::Challenge(challenge) => {
                let hello = payer.hello(&challenge, &connection(challenge.nonce)).unwrap();
                send(stream, &Frame::Hello(hello))?;
                continue;
            }
            Frame::Resume(resume) => {
                let meter = payer.on_resume(&resume).unwrap();
                send(stream, &Frame::Meter(meter))?;
            }
            Frame::Served(units) => {
                // the application has it, whatever happens to its gateway now
                had.write_all(&vec![1; units as usize])?;
                payer.count(units);
                *left = left.saturating_sub(units);
            }
            Frame::Pause(pause) => {
                let meter = payer.on_pause(&pause);
                send(stream, &Frame::Meter(meter))?;
            }
            Frame::End => return Ok(()),
            other => panic!("{other:?}"),
        }
        if orders.units > 0 && *left == 0 {
            let report = QosReport {
                lease: payer.terms().lease,
                units: payer.state().counted,
                score: REPORT_SCORE.into(),
                ..QosReport::default()
            };
            send(stream, &Frame::Statement(payer.last(report).unwrap()))?;
        } else {
            let mut statement = payer.statement(clock.now()).unwrap();
            if statement.is_none() {
                let mut journal: LaneJournal<PayerState> =
                    store.journal(payer.terms().lease, payer.terms().lane);
                journal.sync().unwrap();
                statement = payer.statement(clock.now()).unwrap();
            }
            if let Some(statement) = statement {
                send(stream, &Frame::Statement(statement))?;
                // said twice, and an old one after it
                send(stream, &Frame::Statement(statement))?;
                if let Some(older) = older.replace(statement) {
                    send(stream, &Frame::Statement(older))?;
                }
            }
        }
        send(stream, &Frame::Request(1))?;
    }
}
