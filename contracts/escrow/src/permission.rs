//! Who may send which message, what a pause stops and what takes coins: one table, checked before
//! any handler runs; `goldens/permissions.txt` turns every change of it into a reviewed diff.

use crate::{ContractError, state::config};
use caplet_api::common::AdminMsg;
use caplet_api::escrow::ExecuteMsg;
use caplet_base::admin;
use cosmwasm_std::{MessageInfo, Storage};

/// Who may send a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// Anybody.
    Anyone,
    /// Anybody who has an account; only its own money moves.
    AccountHolder,
    /// An accepted token contract.
    Token,
    /// The owner of the device that the message names.
    DeviceOwner,
    /// A contract that governance lets lock and open.
    Opener,
    /// The owner of each lease's providing device.
    Payee,
    /// The account that pays for each lease.
    Payer,
    /// The owner of the side that the reason belongs to, or anybody with its device's signed
    /// statement; anybody at all for reasons that registry or reputation show.
    SideOrStatement,
    /// The contract's owner.
    Governance,
    /// Whom the contract's owner proposed.
    ProposedOwner,
}

/// What the table says of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The message's name in JSON.
    pub name: &'static str,
    /// Who may send it.
    pub permission: Permission,
    /// Whether a pause stops it.
    pub pausable: bool,
    /// Whether it takes coins.
    pub coins: bool,
}

impl Rule {
    const fn new(name: &'static str, permission: Permission) -> Self {
        Self { name, permission, pausable: false, coins: false }
    }
}

/// What the table says of `msg`.
#[must_use]
pub const fn of(msg: &ExecuteMsg) -> Rule {
    use Permission::*;
    match msg {
        ExecuteMsg::Deposit { .. } => Rule { coins: true, ..Rule::new("deposit", Anyone) },
        ExecuteMsg::Receive(_) => Rule::new("receive", Token),
        ExecuteMsg::Withdraw { .. } => Rule::new("withdraw", AccountHolder),
        ExecuteMsg::Authorise { .. } => Rule::new("authorise", DeviceOwner),
        ExecuteMsg::Lock { .. } => Rule { pausable: true, ..Rule::new("lock", Opener) },
        ExecuteMsg::Unlock { .. } => Rule::new("unlock", Opener),
        ExecuteMsg::Open { .. } => Rule { pausable: true, ..Rule::new("open", Opener) },
        ExecuteMsg::OpenShared { .. } => {
            Rule { pausable: true, ..Rule::new("open_shared", Opener) }
        }
        ExecuteMsg::TopUp { .. } => Rule { pausable: true, ..Rule::new("top_up", Opener) },
        ExecuteMsg::MoveCap { .. } => Rule::new("move_cap", Payer),
        ExecuteMsg::SettleList { .. } => Rule::new("settle_list", Anyone),
        ExecuteMsg::SetReputation { .. } => Rule::new("set_reputation", Governance),
        ExecuteMsg::Settle { .. } => Rule::new("settle", Anyone),
        ExecuteMsg::Redeem { .. } => Rule::new("redeem", Anyone),
        ExecuteMsg::Notice { .. } => Rule::new("notice", Payee),
        ExecuteMsg::Close { .. } => Rule::new("close", SideOrStatement),
        ExecuteMsg::Finish { .. } => Rule::new("finish", SideOrStatement),
        ExecuteMsg::Poke { .. } => Rule::new("poke", Anyone),
        ExecuteMsg::Sweep { .. } => Rule::new("sweep", Anyone),
        ExecuteMsg::SweepFees { .. } => Rule::new("sweep_fees", Anyone),
        ExecuteMsg::AddAsset(_) => Rule::new("add_asset", Governance),
        ExecuteMsg::SetFees(_) => Rule::new("set_fees", Governance),
        ExecuteMsg::SetOpeners { .. } => Rule::new("set_openers", Governance),
        ExecuteMsg::Admin(AdminMsg::AcceptOwner {}) => {
            Rule::new("admin.accept_owner", ProposedOwner)
        }
        ExecuteMsg::Admin(AdminMsg::ProposeOwner { .. }) => {
            Rule::new("admin.propose_owner", Governance)
        }
        ExecuteMsg::Admin(AdminMsg::Pause {}) => Rule::new("admin.pause", Governance),
        ExecuteMsg::Admin(AdminMsg::Unpause {}) => Rule::new("admin.unpause", Governance),
    }
}

/// Passes if the sender may send `msg` now, with the coins that came with it.
///
/// Devices' owners, sides, tokens and the proposed owner are checked by the handler that reads them.
///
/// # Errors
/// Whose message it would have been, or that it is paused or takes no coins.
pub fn check(
    storage: &dyn Storage,
    info: &MessageInfo,
    msg: &ExecuteMsg,
) -> Result<(), ContractError> {
    let rule = of(msg);
    match rule.permission {
        Permission::Governance => admin::assert_owner(storage, &info.sender)?,
        Permission::Opener => config::assert_opener(storage, &info.sender)?,
        Permission::Anyone
        | Permission::AccountHolder
        | Permission::Token
        | Permission::DeviceOwner
        | Permission::Payee
        | Permission::Payer
        | Permission::SideOrStatement
        | Permission::ProposedOwner => {}
    }
    if rule.pausable {
        admin::assert_running(storage)?;
    }
    if !rule.coins && !info.funds.is_empty() {
        let coins: Vec<String> = info.funds.iter().map(ToString::to_string).collect();
        return Err(ContractError::UnexpectedCoins { name: rule.name, coins: coins.join(", ") });
    }
    Ok(())
}
