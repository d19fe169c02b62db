//! Lets a device's key commit its owner's money.

use super::account;
use crate::{
    ContractError,
    error::PartyError,
    state::{allowances::Allowances, books::Books},
};
use caplet_api::event::AllowanceSet;
use caplet_base::peer::Registry;
use caplet_protocol::{AssetId, DeviceId};
use cosmwasm_std::{Addr, Response, Storage};

/// Sets what the device's key may commit over what it has committed so far.
pub(super) fn authorise(
    storage: &mut dyn Storage,
    registry: &mut Registry<'_>,
    sender: &Addr,
    device: DeviceId,
    asset: AssetId,
    limit: u64,
) -> Result<Response, ContractError> {
    let record = registry.device(device)?.ok_or(PartyError::UnknownDevice { device })?;
    if record.owner() != Some(account(registry, sender)?) {
        return Err(PartyError::NotDeviceOwner { device, sender: sender.clone() }.into());
    }
    Books::default().of(storage, asset)?;
    let mut allowances = Allowances::default();
    allowances.limit(storage, device, asset, limit)?;
    allowances.flush(storage);
    let event = AllowanceSet { device: device.0, asset: asset.0, limit };
    Ok(Response::new().add_event(event))
}
