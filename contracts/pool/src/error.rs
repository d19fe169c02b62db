//! Every way a pool says no, with both sides and the remedy.

use caplet_base::admin::AdminError;
use caplet_protocol::{DeviceId, MarketId};
use cosmwasm_std::{Addr, StdError};
use thiserror::Error;

/// Why a pool refuses. Nothing of the message has happened then.
#[derive(Debug, Error)]
pub enum ContractError {
    /// Storage, query or address trouble.
    #[error(transparent)]
    Std(#[from] StdError),
    /// Governance only, or paused.
    #[error(transparent)]
    Admin(#[from] AdminError),
    /// Coins came.
    #[error("{coins} came with the message, nothing here takes coins: deposit them in escrow")]
    UnexpectedCoins {
        /// Which.
        coins: String,
    },
    /// The manager only.
    #[error("{sender} is not the manager {manager}: send it from the manager's account")]
    NotManager {
        /// Who sent.
        sender: Addr,
        /// Who manages.
        manager: Addr,
    },
    /// Somebody else's device.
    #[error("{sender} does not own device {device}: send it from its owner's account")]
    NotOwner {
        /// The device.
        device: DeviceId,
        /// Who sent.
        sender: Addr,
    },
    /// No such device.
    #[error("device {device} is not registered: register it first")]
    UnknownDevice {
        /// The device.
        device: DeviceId,
    },
    /// A device that cannot serve.
    #[error("device {device} is not active or is suspended: wait until it serves again")]
    CannotServe {
        /// The device.
        device: DeviceId,
    },
    /// A market whose offers leave a bond: the pool's money is its members' earnings, and no bond.
    #[error(
        "offers of market {market} leave a bond of {bond} base units and a pool has no money for it: choose a market without one"
    )]
    OfferBond {
        /// The market.
        market: MarketId,
        /// Base units an offer.
        bond: u64,
    },
    /// The pool has a device, or none.
    #[error("the pool's device is {found}: {remedy}")]
    Binding {
        /// What it is.
        found: String,
        /// What to do.
        remedy: &'static str,
    },
    /// Not a member, or one already.
    #[error("device {device} {is}: {remedy}")]
    Membership {
        /// The device.
        device: DeviceId,
        /// What it is.
        is: &'static str,
        /// What to do.
        remedy: &'static str,
    },
    /// Too early.
    #[error("epoch {epoch} has not come, it is epoch {now}: send it then")]
    Epoch {
        /// When it may be.
        epoch: u64,
        /// The epoch that runs.
        now: u64,
    },
    /// A member that serves.
    #[error(
        "device {device} serves {busy} lots: account their leases when they are closed, or hand them over"
    )]
    Busy {
        /// The member.
        device: DeviceId,
        /// Lots.
        busy: u16,
    },
    /// A number out of its range.
    #[error("{what} is {given}: give {least} to {most}")]
    Range {
        /// Of what.
        what: &'static str,
        /// Given.
        given: u64,
        /// Least.
        least: u64,
        /// Most.
        most: u64,
    },
    /// A lease of another provider, or one that was over.
    #[error("lease {lease} {is}: give leases of the pool's device that it serves")]
    Lease {
        /// The lease.
        lease: u64,
        /// What it is.
        is: &'static str,
    },
    /// Nobody has room.
    #[error("no member has room for {lots} lots of lease {lease}: assign it when one is free")]
    NoRoom {
        /// The lease.
        lease: u64,
        /// Its lots.
        lots: u16,
    },
    /// Offers while nothing may be sold.
    #[error(
        "no lots may be sold, the {spares} largest members are spares: offer when more members count and serve"
    )]
    NothingToSell {
        /// Members that are held back.
        spares: u32,
    },
    /// More than members can do.
    #[error(
        "{lots} lots were to be sold and slot {slot} has {left} left of what members that count and serve can do: sell fewer, or in other slots"
    )]
    Unbacked {
        /// Lots that were to be sold.
        lots: u32,
        /// The market's slot.
        slot: u32,
        /// Lots that are left in it.
        left: u16,
    },
    /// Somebody else's turn.
    #[error("device {next} would take lease {lease} over: its owner must challenge")]
    NotNext {
        /// The lease.
        lease: u64,
        /// Who would.
        next: DeviceId,
    },
    /// No challenge, or one that may still be answered.
    #[error("lease {lease} cannot be taken over: {why}")]
    NoTakeOver {
        /// The lease.
        lease: u64,
        /// Why, with the remedy.
        why: String,
    },
    /// A message that would change nothing.
    #[error("nothing to do: {why}")]
    Nothing {
        /// Why, with the remedy.
        why: &'static str,
    },
    /// A migration that is none.
    #[error(
        "{reason}; this code is {name} {version}: migrate an older contract of that name to it"
    )]
    Migration {
        /// What the version stamp said.
        reason: String,
        /// This code's name.
        name: &'static str,
        /// This code's version.
        version: &'static str,
    },
}

impl ContractError {
    /// A state that no message leads to.
    pub(crate) fn lost(what: &str) -> Self {
        Self::Std(StdError::msg(format!("{what}: the contract's storage contradicts itself")))
    }
}
