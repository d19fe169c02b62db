//! A device's delegations.

use crate::{
    ContractError,
    state::{devices::Devices, grants},
};
use caplet_api::registry::GrantsResponse;
use caplet_protocol::DeviceId;
use cosmwasm_std::Storage;

/// Grants that delegate something at `now` (Unix seconds); few enough for one answer.
pub(super) fn of(
    storage: &dyn Storage,
    device: DeviceId,
    now: u64,
) -> Result<GrantsResponse, ContractError> {
    Devices::open().get(storage, device)?;
    Ok(GrantsResponse { grants: grants::live(storage, device, now)? })
}
