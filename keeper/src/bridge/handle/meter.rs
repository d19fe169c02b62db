//! Counts of units as a device sees them.

use crate::bridge::Refuse;
use crate::bridge::desk::{Answer, Desk};
use crate::registrar::LocalDevice;
use caplet_protocol::wire::{Meter, Opened};

pub(super) fn meter(desk: &Desk, device: &LocalDevice, opened: &Opened) -> Result<Answer, Refuse> {
    desk.session.meter(device.id, opened.read::<Meter>()?.view())?;
    Ok(Answer::Ack(0))
}
