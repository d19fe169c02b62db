//! Rotation and grants: brought to the chain alone, answered when the chain has.

use crate::bridge::Refuse;
use crate::bridge::desk::{Answer, Desk};
use crate::outbox::Lane;
use crate::registrar::LocalDevice;
use caplet_protocol::wire::Opened;

pub(super) fn rotation(
    desk: &Desk,
    device: &LocalDevice,
    opened: &Opened,
) -> Result<Answer, Refuse> {
    let msg = desk.registrar.rotation(device, opened)?;
    desk.send_alone(Lane::Identity, device.id, opened, msg);
    Ok(Answer::Nothing)
}

pub(super) fn grant(desk: &Desk, device: &LocalDevice, opened: &Opened) -> Result<Answer, Refuse> {
    let msg = desk.registrar.grant(device, opened)?;
    desk.send_alone(Lane::Identity, device.id, opened, msg);
    Ok(Answer::Nothing)
}
