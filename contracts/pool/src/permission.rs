//! Who may send which message, and what a pause stops: one table, checked before any handler runs.

use crate::{ContractError, state::config};
use caplet_api::common::AdminMsg;
use caplet_api::pool::ExecuteMsg;
use caplet_base::admin;
use cosmwasm_std::{MessageInfo, Storage};

/// Who may send a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// Anybody.
    Anyone,
    /// The owner of the device named.
    DeviceOwner,
    /// The owner of the member that serves the lease.
    ServingOwner,
    /// The owner of the member that would take the lease over.
    NextOwner,
    /// The manager.
    Manager,
    /// The manager; anybody while the pool is paused.
    ManagerOrPaused,
    /// The contract's owner.
    Governance,
    /// Whom the contract's owner proposed.
    ProposedOwner,
}

/// Who may send `msg`.
#[must_use]
pub const fn of(msg: &ExecuteMsg) -> Permission {
    use ExecuteMsg as M;
    match msg {
        M::Bind { .. } | M::Offer { .. } | M::Issue { .. } => Permission::Manager,
        M::Cancel { .. } => Permission::ManagerOrPaused,
        M::Join { .. } | M::Leave { .. } => Permission::DeviceOwner,
        M::Admit { .. }
        | M::Depart { .. }
        | M::Assign { .. }
        | M::Account { .. }
        | M::TakeOver { .. }
        | M::Claim { .. }
        | M::Collect {} => Permission::Anyone,
        M::Challenge { .. } => Permission::NextOwner,
        M::Answer { .. } | M::HandOver { .. } => Permission::ServingOwner,
        M::SetManager { .. } => Permission::Governance,
        M::Admin(AdminMsg::AcceptOwner {}) => Permission::ProposedOwner,
        M::Admin(_) => Permission::Governance,
    }
}

/// Whether a pause stops `msg`: new members, offers and quarrels; never service or what lets money out.
#[must_use]
pub const fn stops_in_pause(msg: &ExecuteMsg) -> bool {
    use ExecuteMsg as M;
    matches!(
        msg,
        M::Join { .. } | M::Admit { .. } | M::Offer { .. } | M::Issue { .. } | M::Challenge { .. }
    )
}

/// Passes if nobody sent coins: money comes in through escrow only.
///
/// # Errors
/// Which coins.
pub fn no_coins(info: &MessageInfo) -> Result<(), ContractError> {
    if info.funds.is_empty() {
        return Ok(());
    }
    let coins: Vec<String> = info.funds.iter().map(ToString::to_string).collect();
    Err(ContractError::UnexpectedCoins { coins: coins.join(", ") })
}

/// Passes if the sender may send `msg` now; owners of devices are checked by the handler that reads them.
///
/// # Errors
/// Whose message it would have been, or that the pool is paused or takes no coins.
pub fn check(
    storage: &dyn Storage,
    info: &MessageInfo,
    msg: &ExecuteMsg,
) -> Result<(), ContractError> {
    if stops_in_pause(msg) {
        admin::assert_running(storage)?;
    }
    let manager = || config::assert_manager(storage, &info.sender);
    match of(msg) {
        Permission::Governance => admin::assert_owner(storage, &info.sender)?,
        Permission::Manager => manager()?,
        Permission::ManagerOrPaused if admin::query(storage)?.paused => {}
        Permission::ManagerOrPaused => manager()?,
        _ => {}
    }
    no_coins(info)
}
