//! Capability and demand profiles.

use crate::bridge::Refuse;
use crate::bridge::desk::{Answer, Desk};
use crate::registrar::LocalDevice;
use caplet_protocol::wire::Opened;

pub(super) async fn capability(
    desk: &Desk,
    device: &LocalDevice,
    opened: &Opened,
) -> Result<Answer, Refuse> {
    desk.registrar.profile(device, opened).await?;
    Ok(Answer::Ack(0))
}

pub(super) async fn demand(
    desk: &Desk,
    device: &LocalDevice,
    opened: &Opened,
) -> Result<Answer, Refuse> {
    desk.placer.demand_profile(device, opened).await?;
    Ok(Answer::Ack(0))
}
