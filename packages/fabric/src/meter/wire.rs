//! Between the messages of the wire and those of `caplet-metering`.

use crate::link::{Link, LinkError};
use caplet_metering::payer::Connection;
use caplet_metering::{
    Challenge, Hello, Meter, Pause, PauseReason, Proof, Resume, Statement, Tick,
};
use caplet_protocol::{
    Lane, LeaseId,
    layout::{QosReport, SessionHello, Voucher},
    wire::{self, FieldError, HoldReason, Signed, amount_bytes, amount_of},
};
use prost::Message as _;

/// Label under which keying material is exported.
const LABEL: &[u8] = b"EXPORTER-caplet-session";

/// A message that is none.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Malformed {
    #[error(transparent)]
    Field(#[from] FieldError),
    #[error("{0} has a field of a wrong length")]
    Length(&'static str),
}

fn fixed<const N: usize>(bytes: &[u8], of: &'static str) -> Result<[u8; N], Malformed> {
    bytes.try_into().map_err(|_| Malformed::Length(of))
}

/// This connection, as a hello is bound to it. The exporter's context is the nonce.
pub(crate) fn connection(
    link: &dyn Link,
    nonce: &[u8; 32],
    pays: bool,
) -> Result<Connection, LinkError> {
    let exporter = link.export(LABEL, nonce)?;
    let (here, there) = (link.local(), link.peer());
    let (payer, payee) = if pays { (here, there) } else { (there, here) };
    Ok(Connection { payer, payee, exporter })
}

pub(crate) fn signed(proof: &Proof, report: Option<&QosReport>) -> wire::SignedVoucher {
    let signed = Signed { layout: proof.voucher, signature: proof.signature };
    wire::SignedVoucher {
        revealed: proof.k.into(),
        link: if proof.k == 0 { Vec::new() } else { proof.link.to_vec() },
        report: report.map(Into::into),
        ..signed.into()
    }
}

pub(crate) fn proof(message: &wire::SignedVoucher) -> Result<Proof, Malformed> {
    let Signed { layout, signature } = Signed::<Voucher>::try_from(message)?;
    let (k, link) = message.revealed_link()?.unwrap_or((0, [0; 32]));
    Ok(Proof { voucher: layout, signature, k, link })
}

pub(crate) fn challenge(message: &wire::Challenge) -> Result<Challenge, Malformed> {
    Ok(Challenge { nonce: fixed(&message.nonce, "the challenge")?, epoch: message.epoch })
}

pub(crate) fn hello_message(hello: &Hello) -> wire::Hello {
    let said = &hello.hello;
    wire::Hello {
        lease: said.lease.0,
        lane: said.lane.0.into(),
        epoch: said.epoch,
        payer: said.payer.to_vec(),
        payee: said.payee.to_vec(),
        nonce: said.nonce.to_vec(),
        exporter: said.exporter.to_vec(),
        counted: said.counted,
        best: hello.best.as_ref().map(|best| signed(best, None)),
        signature: hello.signature.to_vec(),
    }
}

pub(crate) fn hello(
    message: &wire::Hello,
    escrow: &caplet_protocol::Domain,
) -> Result<Hello, Malformed> {
    let of = "the hello";
    let best = message.best.as_ref().map(proof).transpose()?;
    let hello = SessionHello {
        lease: LeaseId(message.lease),
        lane: Lane(u16::try_from(message.lane).map_err(|_| Malformed::Length(of))?),
        epoch: message.epoch,
        payer: fixed(&message.payer, of)?,
        payee: fixed(&message.payee, of)?,
        nonce: fixed(&message.nonce, of)?,
        exporter: fixed(&message.exporter, of)?,
        voucher: best.as_ref().map_or([0; 32], |best| best.digest(escrow)),
        counted: message.counted,
        k: best.as_ref().map_or(0, |best| best.k),
        link: best.as_ref().map_or([0; 32], |best| best.link),
    };
    Ok(Hello { hello, signature: fixed(&message.signature, of)?, best })
}

pub(crate) fn resume_message(resume: &Resume) -> wire::Resume {
    wire::Resume {
        trailers: true,
        epoch: resume.epoch,
        best: resume.best.as_ref().map(|best| signed(best, None)),
        served: resume.served,
        credit: amount_bytes(resume.credit),
    }
}

pub(crate) fn resume(message: &wire::Resume) -> Result<Resume, Malformed> {
    Ok(Resume {
        epoch: message.epoch,
        best: message.best.as_ref().map(proof).transpose()?,
        served: message.served,
        credit: amount_of(&message.credit).ok_or(Malformed::Length("the resume"))?,
    })
}

pub(crate) fn count(meter: &Meter) -> wire::Count {
    wire::Count { epoch: meter.epoch, units: meter.units }
}

pub(crate) fn meter(message: &wire::Count, lease: LeaseId, lane: Lane) -> Meter {
    Meter { lease, lane, epoch: message.epoch, units: message.units }
}

pub(crate) fn says(statement: &Statement) -> wire::control::Body {
    match statement {
        Statement::Voucher { proof, report } => {
            wire::control::Body::Voucher(signed(proof, report.as_ref()))
        }
        Statement::Tick(tick) => wire::control::Body::Tick(wire::Tick {
            lease: tick.lease.0,
            lane: tick.lane.0.into(),
            amount: amount_bytes(tick.amount),
            link_number: tick.k.into(),
            link: tick.link.to_vec(),
        }),
    }
}

pub(crate) fn voucher(message: &wire::SignedVoucher) -> Result<Statement, Malformed> {
    let report = message.report.as_ref().map(QosReport::try_from).transpose()?;
    Ok(Statement::Voucher { proof: proof(message)?, report })
}

pub(crate) fn tick(message: &wire::Tick) -> Result<Statement, Malformed> {
    let (lane, amount, k, link) = message.parts()?;
    Ok(Statement::Tick(Tick { lease: LeaseId(message.lease), lane, amount, k, link }))
}

pub(crate) fn hold(pause: &Pause) -> wire::Hold {
    let reason = match pause.reason {
        PauseReason::NotResumed => HoldReason::NotResumed,
        PauseReason::Unpaid => HoldReason::Unpaid,
        PauseReason::StaleView => HoldReason::StaleView,
        PauseReason::Exposure => HoldReason::Exposure,
        PauseReason::CountMismatch => HoldReason::CountMismatch,
        PauseReason::Storing | PauseReason::StoreFull | PauseReason::StoreBroken => {
            HoldReason::Store
        }
    };
    wire::Hold { reason: reason.into(), wanted: pause.wanted, words: pause.reason.to_string() }
}

pub(crate) fn pause(hold: &wire::Hold) -> Option<Pause> {
    let reason = match hold.reason() {
        HoldReason::Unspecified | HoldReason::OwnUse => return None,
        HoldReason::NotResumed => PauseReason::NotResumed,
        HoldReason::Unpaid => PauseReason::Unpaid,
        HoldReason::StaleView => PauseReason::StaleView,
        HoldReason::Exposure => PauseReason::Exposure,
        HoldReason::CountMismatch => PauseReason::CountMismatch,
        HoldReason::Store => PauseReason::StoreFull,
    };
    Some(Pause { reason, wanted: hold.wanted })
}

/// Whether what the bytes are as messages of a metering session, if anything, is written as what reads the same; the fuzz
/// target runs it.
#[must_use]
pub fn reads_back(bytes: &[u8]) -> bool {
    let escrow = caplet_protocol::Domain([7; 32]);
    let statements = [
        wire::SignedVoucher::decode(bytes).ok().and_then(|message| voucher(&message).ok()),
        wire::Tick::decode(bytes).ok().and_then(|message| tick(&message).ok()),
    ];
    let said = statements.into_iter().flatten().all(|statement| {
        let again = match says(&statement) {
            wire::control::Body::Voucher(message) => voucher(&message).ok(),
            wire::control::Body::Tick(message) => tick(&message).ok(),
            _ => None,
        };
        again == Some(statement)
    });
    let greeted = wire::Hello::decode(bytes).ok().and_then(|message| hello(&message, &escrow).ok());
    let greeted =
        greeted.is_none_or(|read| hello(&hello_message(&read), &escrow).ok() == Some(read));
    let resumed = wire::Resume::decode(bytes).ok().and_then(|message| resume(&message).ok());
    let resumed = resumed.is_none_or(|read| resume(&resume_message(&read)).ok() == Some(read));
    let counted = wire::Count::decode(bytes).ok().is_none_or(|message| {
        let read = meter(&message, LeaseId(1), Lane(2));
        meter(&count(&read), LeaseId(1), Lane(2)) == read
    });
    let held = wire::Hold::decode(bytes).ok().and_then(|message| pause(&message));
    let held = held.is_none_or(|read| pause(&hold(&read)) == Some(read));
    let _ = wire::Challenge::decode(bytes).is_ok_and(|message| challenge(&message).is_ok());
    said && greeted && resumed && counted && held
}
