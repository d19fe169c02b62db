//! States as bytes: version, fixed fields, then what is there of voucher and report.

use crate::{End, PayeeState, PayerState, Proof, Rates};
use caplet_protocol::{
    Lane, LeaseId,
    layout::{QosReport, Voucher},
};

const VERSION: u8 = 1;
const HAS_BEST: u8 = 1;
const HAS_REPORT: u8 = 2;
const FIRST: u8 = 4;
const SECOND: u8 = 8;
/// Rates follow the fixed fields; without it the full price holds.
const HAS_RATES: u8 = 16;

pub(super) fn payer(state: &PayerState) -> Vec<u8> {
    let flags = flag(state.exact, FIRST) | flag(state.ended, SECOND) | priced(&state.rates);
    let mut out = opening(flags, state.best.as_ref(), state.report.as_ref());
    for number in [state.epoch, state.counted, state.believed, state.redeemed] {
        out.extend(number.to_be_bytes());
    }
    put_rates(&mut out, &state.rates);
    tail(out, state.best.as_ref(), state.report.as_ref())
}

pub(super) fn payee(state: &PayeeState) -> Vec<u8> {
    let flags = flag(state.recovered, FIRST) | priced(&state.rates);
    let mut out = opening(flags, state.best.as_ref(), state.report.as_ref());
    for number in [state.epoch, state.served, state.reserved, state.written_off, state.forgiven] {
        out.extend(number.to_be_bytes());
    }
    out.extend([state.strikes, state.end.map_or(0, |end| end as u8)]);
    put_rates(&mut out, &state.rates);
    tail(out, state.best.as_ref(), state.report.as_ref())
}

pub(super) fn to_payer(bytes: &[u8]) -> Option<PayerState> {
    let mut from = Reader(bytes);
    let flags = from.opening()?;
    let (epoch, counted) = (from.u64()?, from.u64()?);
    let (believed, redeemed) = (from.u64()?, from.u64()?);
    let rates = from.rates(flags)?;
    let (best, report) = from.tail(flags)?;
    let (exact, ended) = (flags & FIRST != 0, flags & SECOND != 0);
    Some(PayerState { epoch, counted, believed, exact, ended, redeemed, rates, best, report })
}

pub(super) fn to_payee(bytes: &[u8]) -> Option<PayeeState> {
    let mut from = Reader(bytes);
    let flags = from.opening()?;
    let (epoch, served, reserved) = (from.u64()?, from.u64()?, from.u64()?);
    let (written_off, forgiven) = (from.u64()?, from.u64()?);
    let [strikes, end] = from.take::<2>()?;
    let end = if end == 0 { None } else { Some(End::from_u8(end)?) };
    let rates = from.rates(flags)?;
    let (best, report) = from.tail(flags)?;
    let recovered = flags & FIRST != 0;
    Some(PayeeState {
        epoch,
        served,
        reserved,
        written_off,
        forgiven,
        strikes,
        recovered,
        end,
        rates,
        best,
        report,
    })
}

fn priced(rates: &Rates) -> u8 {
    flag(*rates != Rates::default(), HAS_RATES)
}

fn put_rates(out: &mut Vec<u8>, rates: &Rates) {
    if priced(rates) != 0 {
        out.extend(rates.encode());
    }
}

const fn flag(set: bool, bit: u8) -> u8 {
    if set { bit } else { 0 }
}

fn opening(flags: u8, best: Option<&Proof>, report: Option<&QosReport>) -> Vec<u8> {
    let mut out = Vec::with_capacity(320);
    let flags = flags | flag(best.is_some(), HAS_BEST) | flag(report.is_some(), HAS_REPORT);
    out.extend([VERSION, flags]);
    out
}

fn tail(mut out: Vec<u8>, best: Option<&Proof>, report: Option<&QosReport>) -> Vec<u8> {
    if let Some(Proof { voucher, signature, k, link }) = best {
        out.extend(voucher.lease.0.to_be_bytes());
        out.extend(voucher.lane.0.to_be_bytes());
        out.extend(voucher.links.to_be_bytes());
        out.extend(voucher.link_units.to_be_bytes());
        out.extend(voucher.amount.to_be_bytes());
        out.extend(voucher.units.to_be_bytes());
        out.extend(voucher.link_amount.to_be_bytes());
        out.extend(voucher.anchor);
        out.extend(voucher.evidence);
        out.extend(signature);
        out.extend(k.to_be_bytes());
        out.extend(link);
    }
    if let Some(report) = report {
        out.extend(report.encode());
    }
    out
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*taken)
    }

    fn u64(&mut self) -> Option<u64> {
        self.take().map(u64::from_be_bytes)
    }

    fn u16(&mut self) -> Option<u16> {
        self.take().map(u16::from_be_bytes)
    }

    fn opening(&mut self) -> Option<u8> {
        let [version, flags] = self.take::<2>()?;
        (version == VERSION && flags < 32).then_some(flags)
    }

    fn rates(&mut self, flags: u8) -> Option<Rates> {
        if flags & HAS_RATES == 0 {
            return Some(Rates::default());
        }
        let rates = Rates::decode(&self.take::<{ Rates::LEN }>()?)?;
        // the full price is never written out
        (rates != Rates::default()).then_some(rates)
    }

    fn proof(&mut self) -> Option<Proof> {
        Some(Proof {
            voucher: Voucher {
                lease: LeaseId(self.u64()?),
                lane: Lane(self.u16()?),
                links: self.u16()?,
                link_units: self.take().map(u32::from_be_bytes)?,
                amount: self.take().map(u128::from_be_bytes)?,
                units: self.u64()?,
                link_amount: self.u64()?,
                anchor: self.take()?,
                evidence: self.take()?,
            },
            signature: self.take()?,
            k: self.u16()?,
            link: self.take()?,
        })
    }

    fn tail(&mut self, flags: u8) -> Option<(Option<Proof>, Option<QosReport>)> {
        let best = if flags & HAS_BEST == 0 { None } else { Some(self.proof()?) };
        let report = if flags & HAS_REPORT == 0 {
            None
        } else {
            Some(QosReport::decode(&self.take::<{ QosReport::LEN }>()?)?)
        };
        self.0.is_empty().then_some((best, report))
    }
}
