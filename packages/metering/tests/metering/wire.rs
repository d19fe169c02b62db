//! The messages over a socket: length, kind, fields. The fabric has its own framing.

use caplet_metering::sqlite::Durable;
use caplet_metering::{
    Challenge, Hello, Meter, Pause, PauseReason, PayerState, Resume, Statement, Tick,
};
use caplet_protocol::{Lane, LeaseId, layout::SessionHello};
use std::io::{Read, Result, Write};

#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant)]
pub(crate) enum Frame {
    Challenge(Challenge),
    Hello(Hello),
    Resume(Resume),
    Meter(Meter),
    Statement(Statement),
    Request(u64),
    Served(u64),
    Pause(Pause),
    End,
}

/// A proof and a report, as the store writes them.
fn state(
    best: Option<caplet_metering::Proof>,
    report: Option<caplet_protocol::layout::QosReport>,
) -> Vec<u8> {
    PayerState { best, report, ..PayerState::default() }.encode()
}

pub(crate) fn send(to: &mut impl Write, frame: &Frame) -> Result<()> {
    let mut out = vec![0; 4];
    let numbers = |out: &mut Vec<u8>, kind: u8, numbers: &[u64]| {
        out.push(kind);
        numbers.iter().for_each(|number| out.extend(number.to_be_bytes()));
    };
    match frame {
        Frame::Challenge(c) => {
            numbers(&mut out, 0, &[c.epoch]);
            out.extend(c.nonce);
        }
        Frame::Hello(h) => {
            let s = &h.hello;
            numbers(&mut out, 1, &[s.lease.0, s.lane.0.into(), s.epoch, s.counted, s.k.into()]);
            for bytes in [s.payer, s.payee, s.nonce, s.exporter, s.voucher, s.link] {
                out.extend(bytes);
            }
            out.extend(h.signature);
            out.extend(state(h.best, None));
        }
        Frame::Resume(r) => {
            numbers(&mut out, 2, &[r.epoch, r.served]);
            out.extend(r.credit.to_be_bytes());
            out.extend(state(r.best, None));
        }
        Frame::Meter(m) => numbers(&mut out, 3, &[m.lease.0, m.lane.0.into(), m.epoch, m.units]),
        Frame::Statement(Statement::Voucher { proof, report }) => {
            out.push(4);
            out.extend(state(Some(*proof), *report));
        }
        Frame::Statement(Statement::Tick(t)) => {
            numbers(&mut out, 5, &[t.lease.0, t.lane.0.into(), t.k.into()]);
            out.extend(t.amount.to_be_bytes());
            out.extend(t.link);
        }
        Frame::Request(units) => numbers(&mut out, 6, &[*units]),
        Frame::Served(units) => numbers(&mut out, 7, &[*units]),
        Frame::Pause(p) => {
            numbers(&mut out, 8, &[p.wanted, u64::from(p.reason == PauseReason::Unpaid)])
        }
        Frame::End => out.push(9),
    }
    let length = (out.len() - 4) as u32;
    out[..4].copy_from_slice(&length.to_be_bytes());
    to.write_all(&out)
}

struct Cursor<'a>(&'a [u8]);

impl Cursor<'_> {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        let (taken, rest) = self.0.split_first_chunk().unwrap();
        self.0 = rest;
        *taken
    }

    fn n(&mut self) -> u64 {
        u64::from_be_bytes(self.take())
    }

    fn lane(&mut self) -> (LeaseId, Lane) {
        (LeaseId(self.n()), Lane(self.n() as u16))
    }

    fn state(&mut self) -> PayerState {
        PayerState::decode(self.0).unwrap()
    }
}

pub(crate) fn receive(from: &mut impl Read) -> Result<Frame> {
    let mut length = [0; 4];
    from.read_exact(&mut length)?;
    let mut bytes = vec![0; u32::from_be_bytes(length) as usize];
    from.read_exact(&mut bytes)?;
    let mut c = Cursor(&bytes);
    let [kind] = c.take();
    Ok(match kind {
        0 => Frame::Challenge(Challenge { epoch: c.n(), nonce: c.take() }),
        1 => {
            let (lease, lane) = c.lane();
            let (epoch, counted, k) = (c.n(), c.n(), c.n() as u16);
            let hello = SessionHello {
                lease,
                lane,
                epoch,
                counted,
                k,
                payer: c.take(),
                payee: c.take(),
                nonce: c.take(),
                exporter: c.take(),
                voucher: c.take(),
                link: c.take(),
            };
            Frame::Hello(Hello { hello, signature: c.take(), best: c.state().best })
        }
        2 => {
            let (epoch, served) = (c.n(), c.n());
            let credit = u128::from_be_bytes(c.take());
            Frame::Resume(Resume { epoch, served, credit, best: c.state().best })
        }
        3 => {
            let (lease, lane) = c.lane();
            Frame::Meter(Meter { lease, lane, epoch: c.n(), units: c.n() })
        }
        4 => {
            let state = c.state();
            let proof = state.best.unwrap();
            Frame::Statement(Statement::Voucher { proof, report: state.report })
        }
        5 => {
            let (lease, lane) = c.lane();
            let k = c.n() as u16;
            let amount = u128::from_be_bytes(c.take());
            Frame::Statement(Statement::Tick(Tick { lease, lane, k, amount, link: c.take() }))
        }
        6 => Frame::Request(c.n()),
        7 => Frame::Served(c.n()),
        8 => {
            let wanted = c.n();
            let unpaid = c.n() == 1;
            let reason = if unpaid { PauseReason::Unpaid } else { PauseReason::CountMismatch };
            Frame::Pause(Pause { reason, wanted })
        }
        _ => Frame::End,
    })
}
