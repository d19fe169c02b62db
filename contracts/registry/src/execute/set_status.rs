//! Freezes, thaws or retires a device.

use crate::{ContractError, state::devices};
use caplet_api::{event::StatusChanged, registry::DeviceStatus};
use caplet_protocol::DeviceId;
use cosmwasm_std::{Event, Storage};

/// Sets the status of a device that is not retired.
pub(super) fn set_status(
    storage: &mut dyn Storage,
    device: DeviceId,
    status: DeviceStatus,
) -> Result<Vec<Event>, ContractError> {
    devices::update(storage, device, |device| device.record.status = status as u8)?;
    Ok(vec![StatusChanged { device: device.0, status: status as u8 }.into()])
}
