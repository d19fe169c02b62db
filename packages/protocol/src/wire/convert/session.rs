//! The hello of a metering session, as a device is asked to sign it.

use crate::{
    Lane, LeaseId, layout,
    wire::{
        self, FieldError, Schema,
        field::{In, empty_if_zero},
    },
};

impl TryFrom<&wire::SessionHello> for layout::SessionHello {
    type Error = FieldError;

    fn try_from(from: &wire::SessionHello) -> Result<Self, FieldError> {
        let at = In(wire::SessionHello::NAME);
        Ok(Self {
            lease: LeaseId(from.lease),
            lane: Lane(at.u16("lane", from.lane)?),
            epoch: from.epoch,
            payer: at.bytes("payer", &from.payer)?,
            payee: at.bytes("payee", &from.payee)?,
            nonce: at.bytes("nonce", &from.nonce)?,
            exporter: at.bytes("exporter", &from.exporter)?,
            voucher: at.bytes_or_zero("voucher", &from.voucher)?,
            counted: from.counted,
            k: at.u16("k", from.k)?,
            link: at.bytes_or_zero("link", &from.link)?,
        })
    }
}

impl From<&layout::SessionHello> for wire::SessionHello {
    fn from(from: &layout::SessionHello) -> Self {
        Self {
            lease: from.lease.0,
            lane: from.lane.0.into(),
            epoch: from.epoch,
            payer: from.payer.into(),
            payee: from.payee.into(),
            nonce: from.nonce.into(),
            exporter: from.exporter.into(),
            voucher: empty_if_zero(from.voucher),
            counted: from.counted,
            k: from.k.into(),
            link: empty_if_zero(from.link),
        }
    }
}
