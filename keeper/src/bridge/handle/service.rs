//! Calls of a consumer, results of a provider.

use crate::bridge::Refuse;
use crate::bridge::desk::{Answer, Desk};
use crate::registrar::LocalDevice;
use caplet_protocol::{
    LeaseId,
    wire::{Opened, ServiceCall, ServiceResult},
};

pub(super) fn call(
    desk: &Desk,
    device: &LocalDevice,
    opened: &Opened,
    raw: &[u8],
) -> Result<Answer, Refuse> {
    let lease = LeaseId(opened.read::<ServiceCall>()?.view().lease);
    desk.session.pass_on(device.id, lease, opened, raw)?;
    Ok(Answer::Nothing)
}

pub(super) fn result(
    desk: &Desk,
    device: &LocalDevice,
    opened: &Opened,
    raw: &[u8],
) -> Result<Answer, Refuse> {
    desk.session.result(device.id, opened.read::<ServiceResult>()?.into_view(), raw)?;
    Ok(Answer::Nothing)
}
