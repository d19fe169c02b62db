//! Moves a device to another gateway.

use crate::{
    ContractError,
    state::{devices, gateways},
};
use caplet_api::event::DeviceMoved;
use caplet_protocol::DeviceId;
use cosmwasm_std::{Event, Storage};

/// Gives the device the gateway and its present cell. To the gateway where it already is, this only
/// fetches a cell that was assigned since.
pub(super) fn move_gateway(
    storage: &mut dyn Storage,
    device: DeviceId,
    gateway: &str,
) -> Result<Vec<Event>, ContractError> {
    let (account, cell) = gateways::resolve(storage, gateway)?;
    devices::update(storage, device, |device| {
        device.record.gateway = account.0;
        device.record.cell = cell.0;
    })?;
    Ok(vec![DeviceMoved { device: device.0, gateway: gateway.into(), cell: cell.0 }.into()])
}
