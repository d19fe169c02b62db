//! Vouchers and ticks of a consumer: to the provider's gateway, which answers with a receipt. Signatures
//! that this gateway has asked for: to the session that waits for them.

use crate::bridge::Refuse;
use crate::bridge::desk::{Answer, Desk};
use crate::registrar::LocalDevice;
use caplet_protocol::{
    LeaseId,
    wire::{LaneSignature, Opened, SignedVoucher, Tick},
};

pub(super) fn voucher(
    desk: &Desk,
    device: &LocalDevice,
    opened: &Opened,
    raw: &[u8],
) -> Result<Answer, Refuse> {
    let document = opened.read::<SignedVoucher>()?;
    let lease = document.view().voucher.as_ref().map_or(0, |voucher| voucher.lease);
    desk.session.pass_on(device.id, LeaseId(lease), opened, raw)?;
    Ok(Answer::Nothing)
}

pub(super) fn tick(
    desk: &Desk,
    device: &LocalDevice,
    opened: &Opened,
    raw: &[u8],
) -> Result<Answer, Refuse> {
    let document = opened.read::<Tick>()?;
    desk.session.pass_on(device.id, LeaseId(document.view().lease), opened, raw)?;
    Ok(Answer::Nothing)
}

pub(super) fn signature(
    desk: &Desk,
    device: &LocalDevice,
    opened: &Opened,
) -> Result<Answer, Refuse> {
    desk.asks.answer(device, opened.read::<LaneSignature>()?.view())?;
    Ok(Answer::Nothing)
}
