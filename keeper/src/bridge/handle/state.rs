//! Birth and death.

use crate::bridge::Refuse;
use crate::bridge::desk::{Answer, Desk};
use crate::observe;
use crate::registrar::LocalDevice;
use caplet_protocol::wire::{Opened, State};

/// A device that came back is told again what it may have missed.
pub(in crate::bridge) async fn state(
    desk: &Desk,
    device: &LocalDevice,
    opened: &Opened,
) -> Result<Answer, Refuse> {
    let state = opened.read::<State>()?;
    observe::device_state(device.id, state.view().up);
    if state.view().up {
        desk.session.reborn(device.id);
        desk.placer.reborn(device.id);
    }
    Ok(Answer::Nothing)
}
