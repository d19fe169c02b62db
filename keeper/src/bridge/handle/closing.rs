//! Closing statements of either side: to the chain, by this gateway's settler.

use crate::bridge::Refuse;
use crate::bridge::desk::{Answer, Desk};
use crate::registrar::LocalDevice;
use caplet_protocol::wire::{Opened, SignedClosing};

pub(super) fn closing(
    desk: &Desk,
    device: &LocalDevice,
    opened: &Opened,
) -> Result<Answer, Refuse> {
    desk.session.closing(device, opened.read::<SignedClosing>()?.view())?;
    Ok(Answer::Ack(0))
}
