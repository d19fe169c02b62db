//! Names the device that the pool sells as.

use super::Work;
use crate::ContractError;
use crate::state::config;
use caplet_protocol::{AccountId, DeviceId};

/// Binds a device that this contract owns, once.
pub(super) fn bind(work: &mut Work<'_, '_>, device: DeviceId) -> Result<(), ContractError> {
    if let Some(device) = work.context.config.device {
        let found = format!("device {device}");
        let remedy = "it cannot be changed; make another pool";
        return Err(ContractError::Binding { found, remedy });
    }
    let owner = AccountId(work.context.device(device)?.owner);
    if work.context.account()? != Some(owner) {
        let found = "another's".into();
        let remedy = "register one whose owner is this contract";
        return Err(ContractError::Binding { found, remedy });
    }
    work.context.config.device = Some(device);
    config::save(work.storage, &work.context.config)?;
    work.declare()
}
