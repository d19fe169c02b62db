//! Who may send which message: one table, checked before any handler runs.

use crate::ContractError;
use caplet_api::common::AdminMsg;
use caplet_api::reputation::ExecuteMsg;
use caplet_base::admin;
use cosmwasm_std::{Addr, Storage};

/// Who may send a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// Anybody: what is true is read from escrow and the registry.
    Anyone,
    /// The contract's owner.
    Governance,
    /// Whoever owns the device, as the registry knows it.
    DeviceOwner,
    /// Whoever put up the stake.
    Staker,
    /// Whom the contract's owner proposed.
    ProposedOwner,
}

/// Who may send `msg`.
#[must_use]
pub const fn of(msg: &ExecuteMsg) -> Permission {
    match msg {
        ExecuteMsg::Rate { .. } | ExecuteMsg::Reinstate { .. } | ExecuteMsg::Slash { .. } => {
            Permission::Anyone
        }
        ExecuteMsg::Stake { .. } => Permission::DeviceOwner,
        ExecuteMsg::Unstake { .. } | ExecuteMsg::Withdraw { .. } => Permission::Staker,
        ExecuteMsg::SetRules(_) => Permission::Governance,
        ExecuteMsg::Admin(AdminMsg::AcceptOwner {}) => Permission::ProposedOwner,
        ExecuteMsg::Admin(_) => Permission::Governance,
    }
}

/// Passes if `sender` may send `msg`; a proposed owner, a device's and a staker are known only to the handlers.
///
/// # Errors
/// Whose message it would have been.
pub fn check(storage: &dyn Storage, sender: &Addr, msg: &ExecuteMsg) -> Result<(), ContractError> {
    match of(msg) {
        Permission::Anyone
        | Permission::DeviceOwner
        | Permission::Staker
        | Permission::ProposedOwner => Ok(()),
        Permission::Governance => Ok(admin::assert_owner(storage, sender)?),
    }
}
