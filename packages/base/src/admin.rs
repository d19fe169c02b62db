//! Ownership in two steps and pause, the same in every contract.

use caplet_api::common::{AdminMsg, AdminResponse};
use caplet_api::event::AdminChanged;
use cosmwasm_schema::cw_serde;
use cosmwasm_std::{Addr, Api, Event, StdError, StdResult, Storage};
use cw_storage_plus::Item;
use thiserror::Error;

#[cw_serde]
struct Admin {
    owner: Addr,
    pending: Option<Addr>,
    paused: bool,
}

/// The contract's administration.
const ADMIN: Item<Admin> = Item::new("admin");

/// Why an administrative check failed.
#[derive(Debug, Error)]
pub enum AdminError {
    /// Storage or address trouble.
    #[error(transparent)]
    Std(#[from] StdError),
    /// Only the owner may do this.
    #[error("{sender} is not the owner {owner}: send it from the owner's account")]
    NotOwner {
        /// Who sent.
        sender: Addr,
        /// Who owns.
        owner: Addr,
    },
    /// Nobody proposed the sender.
    #[error("{sender} was not proposed as owner: the owner must propose it first")]
    NotProposed {
        /// Who sent.
        sender: Addr,
    },
    /// New business is stopped.
    #[error(
        "the contract is paused: nothing new starts until its owner unpauses; what lets money out still works"
    )]
    Paused,
}

/// Sets the first owner.
///
/// # Errors
/// If the address is not one of this chain.
pub fn init(
    storage: &mut dyn Storage,
    api: &dyn Api,
    owner: Option<String>,
    sender: &Addr,
) -> StdResult<()> {
    let owner = match owner {
        Some(owner) => api.addr_validate(&owner)?,
        None => sender.clone(),
    };
    ADMIN.save(storage, &Admin { owner, pending: None, paused: false })
}

/// Carries out an administrative message.
///
/// # Errors
/// If the sender may not.
pub fn execute(
    storage: &mut dyn Storage,
    api: &dyn Api,
    sender: &Addr,
    msg: AdminMsg,
) -> Result<Event, AdminError> {
    let mut admin = ADMIN.load(storage)?;
    match msg {
        AdminMsg::ProposeOwner { address } => {
            only_owner(&admin, sender)?;
            admin.pending = address.map(|a| api.addr_validate(&a)).transpose()?;
        }
        AdminMsg::AcceptOwner {} => {
            if admin.pending.as_ref() != Some(sender) {
                return Err(AdminError::NotProposed { sender: sender.clone() });
            }
            admin = Admin { owner: sender.clone(), pending: None, ..admin };
        }
        AdminMsg::Pause {} => {
            only_owner(&admin, sender)?;
            admin.paused = true;
        }
        AdminMsg::Unpause {} => {
            only_owner(&admin, sender)?;
            admin.paused = false;
        }
    }
    ADMIN.save(storage, &admin)?;
    let pending = admin.pending.map(String::from).unwrap_or_default();
    Ok(AdminChanged { owner: admin.owner.into(), pending, paused: admin.paused }.into())
}

fn only_owner(admin: &Admin, sender: &Addr) -> Result<(), AdminError> {
    if admin.owner == *sender {
        return Ok(());
    }
    Err(AdminError::NotOwner { sender: sender.clone(), owner: admin.owner.clone() })
}

/// Passes for the owner only.
///
/// # Errors
/// [`AdminError::NotOwner`] for anybody else.
pub fn assert_owner(storage: &dyn Storage, sender: &Addr) -> Result<(), AdminError> {
    only_owner(&ADMIN.load(storage)?, sender)
}

/// Passes unless the contract is paused.
///
/// # Errors
/// [`AdminError::Paused`].
pub fn assert_running(storage: &dyn Storage) -> Result<(), AdminError> {
    if ADMIN.load(storage)?.paused { Err(AdminError::Paused) } else { Ok(()) }
}

/// Answers the `Admin` query.
///
/// # Errors
/// Storage trouble.
pub fn query(storage: &dyn Storage) -> StdResult<AdminResponse> {
    let Admin { owner, pending, paused } = ADMIN.load(storage)?;
    Ok(AdminResponse { owner: owner.into(), pending: pending.map(Into::into), paused })
}

#[cfg(test)]
mod tests {
    use super::*;
    use cosmwasm_std::testing::{MockApi, MockStorage};

    fn start() -> (MockStorage, MockApi, Addr, Addr) {
        let (mut storage, api) = (MockStorage::new(), MockApi::default());
        let (old, new) = (api.addr_make("old"), api.addr_make("new"));
        init(&mut storage, &api, None, &old).unwrap();
        (storage, api, old, new)
    }

    #[test]
    fn ownership_passes_only_when_it_is_accepted() {
        let (mut storage, api, old, new) = start();
        let propose = AdminMsg::ProposeOwner { address: Some(new.to_string()) };
        assert!(matches!(
            execute(&mut storage, &api, &new, propose.clone()),
            Err(AdminError::NotOwner { .. })
        ));
        execute(&mut storage, &api, &old, propose).unwrap();
        assert_owner(&storage, &old).unwrap();
        assert!(matches!(
            execute(&mut storage, &api, &old, AdminMsg::AcceptOwner {}),
            Err(AdminError::NotProposed { .. })
        ));
        execute(&mut storage, &api, &new, AdminMsg::AcceptOwner {}).unwrap();
        assert_owner(&storage, &new).unwrap();
        assert!(assert_owner(&storage, &old).is_err());
    }

    #[test]
    fn a_withdrawn_proposal_cannot_be_accepted() {
        let (mut storage, api, old, new) = start();
        execute(
            &mut storage,
            &api,
            &old,
            AdminMsg::ProposeOwner { address: Some(new.to_string()) },
        )
        .unwrap();
        execute(&mut storage, &api, &old, AdminMsg::ProposeOwner { address: None }).unwrap();
        assert!(execute(&mut storage, &api, &new, AdminMsg::AcceptOwner {}).is_err());
    }

    #[test]
    fn only_the_owner_pauses_and_a_pause_shows() {
        let (mut storage, api, old, new) = start();
        assert!(execute(&mut storage, &api, &new, AdminMsg::Pause {}).is_err());
        execute(&mut storage, &api, &old, AdminMsg::Pause {}).unwrap();
        assert!(matches!(assert_running(&storage), Err(AdminError::Paused)));
        assert!(query(&storage).unwrap().paused);
        execute(&mut storage, &api, &old, AdminMsg::Unpause {}).unwrap();
        assert_running(&storage).unwrap();
    }
}
