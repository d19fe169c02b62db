//! Signed orders. They are acknowledged when they are held, and again, with their number, when the
//! chain has placed them.

use crate::bridge::Refuse;
use crate::bridge::desk::{Answer, Desk};
use crate::registrar::LocalDevice;
use caplet_protocol::wire::Opened;

pub(super) fn offer(desk: &Desk, device: &LocalDevice, opened: &Opened) -> Result<Answer, Refuse> {
    desk.placer.offer(device, opened)?;
    Ok(Answer::Ack(0))
}

pub(super) fn demand(desk: &Desk, device: &LocalDevice, opened: &Opened) -> Result<Answer, Refuse> {
    desk.placer.demand(device, opened)?;
    Ok(Answer::Ack(0))
}

pub(super) fn cancel(desk: &Desk, device: &LocalDevice, opened: &Opened) -> Result<Answer, Refuse> {
    desk.placer.cancel(device, opened)?;
    Ok(Answer::Nothing)
}
