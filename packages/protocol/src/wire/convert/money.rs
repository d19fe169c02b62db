//! Vouchers, ticks, receipts, closings.

use super::signed;
use crate::{
    Lane, LeaseId,
    chain::{Link, MAX_LINKS},
    layout,
    wire::{
        self, FieldError, Problem, Schema,
        field::{In, amount_bytes, empty_if_zero},
    },
};

signed! {
    SignedVoucher { voucher } = Voucher;
    SignedReceipt { receipt } = Receipt;
    SignedClosing { closing } = Closing;
}

impl TryFrom<&wire::Voucher> for layout::Voucher {
    type Error = FieldError;

    fn try_from(from: &wire::Voucher) -> Result<Self, FieldError> {
        let at = In(wire::Voucher::NAME);
        at.at_most("links", from.links.into(), MAX_LINKS.into())?;
        let voucher = Self {
            lease: LeaseId(from.lease),
            lane: Lane(at.u16("lane", from.lane)?),
            links: at.u16("links", from.links)?,
            link_units: from.link_units,
            amount: at.amount("amount", &from.amount)?,
            units: from.units,
            link_amount: from.link_amount,
            anchor: at.bytes_or_zero("anchor", &from.anchor)?,
            evidence: at.bytes_or_zero("evidence", &from.evidence)?,
        };
        if !voucher.is_well_formed() {
            return Err(at.fail("links", Problem::Chain));
        }
        Ok(voucher)
    }
}

impl From<&layout::Voucher> for wire::Voucher {
    fn from(from: &layout::Voucher) -> Self {
        Self {
            lease: from.lease.0,
            lane: from.lane.0.into(),
            links: from.links.into(),
            link_units: from.link_units,
            amount: amount_bytes(from.amount),
            units: from.units,
            link_amount: from.link_amount,
            anchor: empty_if_zero(from.anchor),
            evidence: empty_if_zero(from.evidence),
        }
    }
}

impl wire::SignedVoucher {
    /// The highest link revealed since the voucher was signed, with its number; not proven yet.
    ///
    /// # Errors
    /// The number is past the chain, or the link has not 32 bytes.
    pub fn revealed_link(&self) -> Result<Option<(u16, Link)>, FieldError> {
        let at = In(Self::NAME);
        if self.revealed == 0 {
            return Ok(None);
        }
        let links = self.voucher.as_ref().map_or(0, |voucher| voucher.links);
        at.at_most("revealed", self.revealed.into(), links.into())?;
        Ok(Some((at.u16("revealed", self.revealed)?, at.bytes("link", &self.link)?)))
    }
}

impl wire::Tick {
    /// Lane, amount of the voucher it extends, number and link.
    ///
    /// # Errors
    /// A number outside 1..=1024, or bytes of a wrong length.
    pub fn parts(&self) -> Result<(Lane, u128, u16, Link), FieldError> {
        let at = In(Self::NAME);
        at.at_least("link_number", self.link_number.into(), 1)?;
        at.at_most("link_number", self.link_number.into(), MAX_LINKS.into())?;
        Ok((
            Lane(at.u16("lane", self.lane)?),
            at.amount("amount", &self.amount)?,
            at.u16("link_number", self.link_number)?,
            at.bytes("link", &self.link)?,
        ))
    }
}

impl TryFrom<&wire::Receipt> for layout::Receipt {
    type Error = FieldError;

    fn try_from(from: &wire::Receipt) -> Result<Self, FieldError> {
        let at = In(wire::Receipt::NAME);
        Ok(Self {
            lease: LeaseId(from.lease),
            lane: Lane(at.u16("lane", from.lane)?),
            amount: at.amount("amount", &from.amount)?,
            units: from.units,
        })
    }
}

impl From<&layout::Receipt> for wire::Receipt {
    fn from(from: &layout::Receipt) -> Self {
        Self {
            lease: from.lease.0,
            lane: from.lane.0.into(),
            amount: amount_bytes(from.amount),
            units: from.units,
        }
    }
}

impl TryFrom<&wire::Closing> for layout::Closing {
    type Error = FieldError;

    fn try_from(from: &wire::Closing) -> Result<Self, FieldError> {
        let at = In(wire::Closing::NAME);
        Ok(Self { lease: LeaseId(from.lease), reason: at.u8("reason", from.reason)? })
    }
}

impl From<&layout::Closing> for wire::Closing {
    fn from(from: &layout::Closing) -> Self {
        Self { lease: from.lease.0, reason: from.reason.into() }
    }
}
