//! Who may send which message: one table, checked before any handler runs.

use crate::{
    ContractError,
    state::{attestations, devices},
};
use caplet_api::common::AdminMsg;
use caplet_api::registry::ExecuteMsg;
use caplet_base::admin;
use caplet_protocol::DeviceId;
use cosmwasm_std::{Addr, Storage};

/// Who may send a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// Anybody.
    Anyone,
    /// Anybody may bring it; the device's signature inside is what counts.
    DeviceSignature,
    /// The contract's owner.
    Governance,
    /// Whom the contract's owner proposed.
    ProposedOwner,
    /// The owner of this device.
    DeviceOwner(DeviceId),
    /// An attester that governance appointed.
    Attester,
    /// An attester its own; the owner of this device and governance all.
    AttesterDeviceOwnerOrGovernance,
    /// The owner of the device; anybody else with the present key's consent.
    DeviceOwnerOrConsent,
}

/// Who may send `msg`.
#[must_use]
pub const fn of(msg: &ExecuteMsg) -> Permission {
    match msg {
        ExecuteMsg::OpenAccount { .. }
        | ExecuteMsg::RegisterGateway(_)
        | ExecuteMsg::Measure { .. }
        | ExecuteMsg::Locate { .. }
        | ExecuteMsg::Recount { .. } => Permission::Anyone,
        ExecuteMsg::AssignCell { .. }
        | ExecuteMsg::SetAttester { .. }
        | ExecuteMsg::SetAttestationRules(_) => Permission::Governance,
        ExecuteMsg::Register { .. }
        | ExecuteMsg::Announce { .. }
        | ExecuteMsg::Grant { .. }
        | ExecuteMsg::RegisterEnclave(_) => Permission::DeviceSignature,
        ExecuteMsg::Attest(_) => Permission::Attester,
        ExecuteMsg::RevokeAttestation { .. } => Permission::AttesterDeviceOwnerOrGovernance,
        ExecuteMsg::Rotate(input) if input.compromised => Permission::DeviceOwner(input.device),
        ExecuteMsg::Rotate(_) => Permission::DeviceOwnerOrConsent,
        ExecuteMsg::SetStatus { device, .. } | ExecuteMsg::MoveGateway { device, .. } => {
            Permission::DeviceOwner(*device)
        }
        ExecuteMsg::Admin(AdminMsg::AcceptOwner {}) => Permission::ProposedOwner,
        ExecuteMsg::Admin(_) => Permission::Governance,
    }
}

/// Passes if `sender` may send `msg`.
///
/// What only a signature or the proposal shows is checked by the handler that reads it.
///
/// # Errors
/// Whose message it would have been.
pub fn check(storage: &dyn Storage, sender: &Addr, msg: &ExecuteMsg) -> Result<(), ContractError> {
    match of(msg) {
        Permission::Anyone
        | Permission::DeviceSignature
        | Permission::DeviceOwnerOrConsent
        | Permission::AttesterDeviceOwnerOrGovernance
        | Permission::ProposedOwner => Ok(()),
        Permission::Governance => Ok(admin::assert_owner(storage, sender)?),
        Permission::Attester => attestations::assert_attester(storage, sender),
        Permission::DeviceOwner(device) => devices::assert_owner(storage, device, sender),
    }
}
