//! Who may send which message: one table, checked before any handler runs.

use crate::ContractError;
use caplet_api::attest::ExecuteMsg;
use caplet_api::common::AdminMsg;
use caplet_base::admin;
use cosmwasm_std::{Addr, Storage};

/// Who may send a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// Anybody: the evidence is what counts.
    Anyone,
    /// The contract's owner.
    Governance,
    /// Whom the contract's owner proposed.
    ProposedOwner,
}

/// Who may send `msg`.
#[must_use]
pub const fn of(msg: &ExecuteMsg) -> Permission {
    match msg {
        ExecuteMsg::Verify(_) => Permission::Anyone,
        ExecuteMsg::RenewRoot { .. } | ExecuteMsg::SetPolicy(_) => Permission::Governance,
        ExecuteMsg::Admin(AdminMsg::AcceptOwner {}) => Permission::ProposedOwner,
        ExecuteMsg::Admin(_) => Permission::Governance,
    }
}

/// Passes if `sender` may send `msg`; a proposed owner is known only to the handler that accepts it.
///
/// # Errors
/// Whose message it would have been.
pub fn check(storage: &dyn Storage, sender: &Addr, msg: &ExecuteMsg) -> Result<(), ContractError> {
    match of(msg) {
        Permission::Anyone | Permission::ProposedOwner => Ok(()),
        Permission::Governance => Ok(admin::assert_owner(storage, sender)?),
    }
}
