//! Who may send which message, and what a pause stops: one table, checked before any handler runs.

use crate::{ContractError, peers};
use caplet_api::auction::ExecuteMsg;
use caplet_api::common::AdminMsg;
use caplet_base::admin;
use cosmwasm_std::{Addr, Storage};

/// Who may send a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// Anybody.
    Anyone,
    /// The owner of each device named; anybody else with the device's signature, order by order.
    DeviceOwnerOrSignature,
    /// Anybody may bring it; the devices' signatures inside are what counts.
    DeviceSignature,
    /// The owner of the device named.
    DeviceOwner,
    /// A contract that governance named: futures, pools.
    Reserver,
    /// The contract's owner.
    Governance,
    /// Whom the contract's owner proposed.
    ProposedOwner,
}

/// Who may send `msg`.
#[must_use]
pub const fn of(msg: &ExecuteMsg) -> Permission {
    match msg {
        ExecuteMsg::CreateMarket(_)
        | ExecuteMsg::SetLatency { .. }
        | ExecuteMsg::SetReservers { .. } => Permission::Governance,
        ExecuteMsg::Reserve { .. } | ExecuteMsg::Release { .. } => Permission::Reserver,
        ExecuteMsg::SetCapacity { .. } => Permission::DeviceOwner,
        ExecuteMsg::Place { .. } | ExecuteMsg::Take { .. } | ExecuteMsg::Cancel { .. } => {
            Permission::DeviceOwnerOrSignature
        }
        ExecuteMsg::Relay { .. } => Permission::DeviceSignature,
        ExecuteMsg::Expire { .. }
        | ExecuteMsg::Clear { .. }
        | ExecuteMsg::BeginClear { .. }
        | ExecuteMsg::ContinueClear { .. }
        | ExecuteMsg::Renew { .. }
        | ExecuteMsg::Reclass { .. }
        | ExecuteMsg::Return { .. }
        | ExecuteMsg::RefreshLatency { .. } => Permission::Anyone,
        ExecuteMsg::Admin(AdminMsg::AcceptOwner {}) => Permission::ProposedOwner,
        ExecuteMsg::Admin(_) => Permission::Governance,
    }
}

/// Whether a pause stops `msg`: what brings new orders or leases, never what gives money back.
#[must_use]
pub const fn stops_in_pause(msg: &ExecuteMsg) -> bool {
    match msg {
        ExecuteMsg::Place { .. }
        | ExecuteMsg::Relay { .. }
        | ExecuteMsg::Take { .. }
        | ExecuteMsg::Clear { .. }
        | ExecuteMsg::BeginClear { .. }
        | ExecuteMsg::ContinueClear { .. }
        | ExecuteMsg::Renew { .. }
        | ExecuteMsg::Reserve { .. } => true,
        ExecuteMsg::CreateMarket(_)
        | ExecuteMsg::SetLatency { .. }
        | ExecuteMsg::Cancel { .. }
        | ExecuteMsg::Expire { .. }
        | ExecuteMsg::Reclass { .. }
        | ExecuteMsg::SetCapacity { .. }
        | ExecuteMsg::SetReservers { .. }
        | ExecuteMsg::Release { .. }
        | ExecuteMsg::Return { .. }
        | ExecuteMsg::RefreshLatency { .. }
        | ExecuteMsg::Admin(_) => false,
    }
}

/// Passes if `sender` may send `msg` now.
///
/// What only a signature or the proposal shows is checked by the handler that reads it.
///
/// # Errors
/// Whose message it would have been, or that the contract is paused.
pub fn check(storage: &dyn Storage, sender: &Addr, msg: &ExecuteMsg) -> Result<(), ContractError> {
    if stops_in_pause(msg) {
        admin::assert_running(storage)?;
    }
    match of(msg) {
        Permission::Anyone
        | Permission::DeviceOwnerOrSignature
        | Permission::DeviceSignature
        | Permission::DeviceOwner
        | Permission::ProposedOwner => Ok(()),
        Permission::Reserver if peers::reservers(storage)?.contains(sender) => Ok(()),
        Permission::Reserver => Err(ContractError::NotReserver { sender: sender.clone() }),
        Permission::Governance => Ok(admin::assert_owner(storage, sender)?),
    }
}
