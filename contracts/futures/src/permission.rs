//! Who may send which message, and what a pause stops: one table, checked before any handler runs.

use crate::ContractError;
use caplet_api::common::AdminMsg;
use caplet_api::futures::ExecuteMsg;
use caplet_base::admin;
use cosmwasm_std::{MessageInfo, Storage};

/// Who may send a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// Anybody.
    Anyone,
    /// Anybody who has an account, for itself.
    AccountHolder,
    /// The owner of the device named, or an operator it approved.
    DeviceOwner,
    /// The owner of the series' delivering device, or an operator it approved.
    Seller,
    /// The owner of the device that backs the series, the delivering one unless another was named, or an operator it
    /// approved.
    Backer,
    /// Either.
    SellerOrBacker,
    /// The owner of the device that the seller named.
    NamedSuccessor,
    /// The owner of the listing's device; anybody once its slots are over.
    ListerOrOver,
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
        M::CloseAuction { .. }
        | M::Settle { .. }
        | M::Reckon { .. }
        | M::Observe { .. }
        | M::Call { .. }
        | M::Default { .. }
        | M::Close { .. } => Permission::Anyone,
        M::Approve { .. } => Permission::AccountHolder,
        M::Issue(_)
        | M::IssueBacked { .. }
        | M::Buy { .. }
        | M::Bid { .. }
        | M::Transfer { .. }
        | M::List { .. }
        | M::Take { .. }
        | M::Exercise { .. } => Permission::DeviceOwner,
        M::EndSale { .. } => Permission::SellerOrBacker,
        M::TopUp { .. } | M::Release { .. } => Permission::Backer,
        M::Substitute { .. } | M::OfferNovation { .. } => Permission::Seller,
        M::Novate { .. } => Permission::NamedSuccessor,
        M::Unlist { .. } => Permission::ListerOrOver,
        M::SetRules(_) => Permission::Governance,
        M::Admin(AdminMsg::AcceptOwner {}) => Permission::ProposedOwner,
        M::Admin(_) => Permission::Governance,
    }
}

/// Whether a pause stops `msg`: what brings new business, never what lets money out or covers a debt.
#[must_use]
pub const fn stops_in_pause(msg: &ExecuteMsg) -> bool {
    use ExecuteMsg as M;
    matches!(
        msg,
        M::Issue(_)
            | M::IssueBacked { .. }
            | M::Buy { .. }
            | M::Bid { .. }
            | M::List { .. }
            | M::Take { .. }
            | M::Novate { .. }
            | M::Observe { .. }
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
/// Whose message it would have been, or that the contract is paused or takes no coins.
pub fn check(
    storage: &dyn Storage,
    info: &MessageInfo,
    msg: &ExecuteMsg,
) -> Result<(), ContractError> {
    if stops_in_pause(msg) {
        admin::assert_running(storage)?;
    }
    if of(msg) == Permission::Governance {
        admin::assert_owner(storage, &info.sender)?;
    }
    no_coins(info)
}
