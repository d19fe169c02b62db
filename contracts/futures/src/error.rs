//! Every way the futures contract says no, with both sides and the remedy.

use caplet_base::admin::AdminError;
use caplet_mechanism::margin::MarginError;
use caplet_protocol::{DeviceId, MarketId};
use cosmwasm_std::{Addr, StdError};
use thiserror::Error;

/// Why the futures contract refuses. Nothing of the message has happened then.
#[derive(Debug, Error)]
pub enum ContractError {
    /// Storage, query or address trouble.
    #[error(transparent)]
    Std(#[from] StdError),
    /// Governance only, or paused.
    #[error(transparent)]
    Admin(#[from] AdminError),
    /// Margins that leave a default unpaid.
    #[error("rules: {0}")]
    Margin(#[from] MarginError),
    /// Rules under which one owner moves the index.
    #[error(
        "index cap {cap} bps and {owners} owners: give a cap of 1 to 4999 and at least 3 owners"
    )]
    IndexRules {
        /// The cap.
        cap: u16,
        /// Owners.
        owners: u32,
    },
    /// Coins came.
    #[error("{coins} came with the message, nothing here takes coins: deposit them in escrow")]
    UnexpectedCoins {
        /// Which.
        coins: String,
    },
    /// No such series.
    #[error("there is no series {series}: it was closed or never issued; query `all_series`")]
    UnknownSeries {
        /// The series.
        series: u32,
    },
    /// No such listing.
    #[error("there is no listing {listing}: it was taken or unlisted; query `listings`")]
    UnknownListing {
        /// The listing.
        listing: u64,
    },
    /// A lease that is no delivery.
    #[error("lease {lease} is no exercised lease that waits to be reckoned: query `delivery`")]
    UnknownDelivery {
        /// The lease.
        lease: u64,
    },
    /// A lease that escrow does not know.
    #[error("escrow has no lease {lease}: give leases that it opened")]
    NoLease {
        /// The lease.
        lease: u64,
    },
    /// No such device.
    #[error("device {device} is not registered: register it first")]
    UnknownDevice {
        /// The device.
        device: DeviceId,
    },
    /// Somebody else's device.
    #[error(
        "{sender} neither owns device {device} nor was approved by its owner: send it from the owner's account or have the owner approve"
    )]
    NotOwner {
        /// The device.
        device: DeviceId,
        /// Who sent.
        sender: Addr,
    },
    /// A sender without an account.
    #[error("{address} has no account: open one in the registry first")]
    NoAccount {
        /// The address.
        address: Addr,
    },
    /// A device that cannot deliver.
    #[error(
        "device {device} is not active or is suspended: name another or wait until it serves again"
    )]
    CannotServe {
        /// The device.
        device: DeviceId,
    },
    /// Devices of different owners where one is needed.
    #[error("devices {one} and {other} have different owners: name one of the same owner")]
    ForeignDevice {
        /// One.
        one: DeviceId,
        /// The other.
        other: DeviceId,
    },
    /// A device of a lesser class.
    #[error(
        "device {device} has {what} {has}, the series promises {wants}: name a device that keeps the promise"
    )]
    LesserClass {
        /// The device.
        device: DeviceId,
        /// What is less.
        what: &'static str,
        /// Its own.
        has: u32,
        /// The series'.
        wants: u32,
    },
    /// A promise that the market does not know.
    #[error("market {market} has {what} up to {most}, {given} was given: give at most that")]
    UnknownPromise {
        /// The market.
        market: MarketId,
        /// What.
        what: &'static str,
        /// Given.
        given: u32,
        /// Most.
        most: u32,
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
    /// Slots that are over, not of the series, or defaulted on.
    #[error(
        "slots {from} to before {to} are not all among those that can be had, {first} to before {end}: choose among them"
    )]
    Slots {
        /// First asked.
        from: u16,
        /// After the last asked.
        to: u16,
        /// First there is.
        first: u16,
        /// After the last there is.
        end: u16,
    },
    /// More lots than there are.
    #[error(
        "{asked} lots in slots {from} to before {to} were asked, {left} are there: ask for fewer or for other slots"
    )]
    Lots {
        /// Asked.
        asked: u32,
        /// Least that any of the slots has.
        left: u32,
        /// First slot.
        from: u16,
        /// After the last.
        to: u16,
    },
    /// Sums past what escrow counts.
    #[error("{lots} lots at {price} exceed 64 bits of base units: take fewer")]
    TooMuchMoney {
        /// Lots.
        lots: u64,
        /// Base units a lot.
        price: u64,
    },
    /// A sale of the other kind, or one that is over.
    #[error("series {series} cannot be bought like that: {why}")]
    NotOnSale {
        /// The series.
        series: u32,
        /// Why, with the remedy.
        why: &'static str,
    },
    /// An auction at another moment.
    #[error("bids on series {series} end at {until}, it is {now}: {remedy}")]
    AuctionTime {
        /// The series.
        series: u32,
        /// Unix seconds.
        until: u64,
        /// Block time.
        now: u64,
        /// What to do.
        remedy: &'static str,
    },
    /// A bid that does not enter.
    #[error("a limit of {limit} is below {least}, the least that enters the auction now: bid more")]
    LowBid {
        /// The limit.
        limit: u64,
        /// The least.
        least: u64,
    },
    /// Too little collateral.
    #[error(
        "collateral of {collateral} is below {required} that the margin asks for: put up the difference"
    )]
    Collateral {
        /// What there is or would be.
        collateral: u64,
        /// What is needed.
        required: u128,
    },
    /// Enough collateral: nothing to call or to default on.
    #[error(
        "collateral of {collateral} covers the {required} that the margin asks for: nothing is to be called"
    )]
    Covered {
        /// What there is.
        collateral: u64,
        /// What is needed.
        required: u128,
    },
    /// A call that is open already.
    #[error(
        "the margin was called at {called}: declare the default at {until} if it is not topped up"
    )]
    AlreadyCalled {
        /// Unix seconds.
        called: u64,
        /// Unix seconds.
        until: u64,
    },
    /// No ground for a default.
    #[error("series {series} is not in default: {why}")]
    NoDefault {
        /// The series.
        series: u32,
        /// Why, with the remedy.
        why: &'static str,
    },
    /// A slot that has not begun, with a seller that cannot serve now.
    #[error(
        "device {device} cannot serve now and slot {slot} begins at {begins}: exercise then; if it still cannot you are paid"
    )]
    NotYet {
        /// The seller's device.
        device: DeviceId,
        /// The slot.
        slot: u16,
        /// Unix seconds.
        begins: u64,
    },
    /// A listing that costs more than the taker gives.
    #[error("listing {listing} asks {price} a lot, the limit is {limit}: raise it or take another")]
    AboveLimit {
        /// The listing.
        listing: u64,
        /// What it asks.
        price: u64,
        /// The limit.
        limit: u64,
    },
    /// A lease that still runs.
    #[error("lease {lease} is not closed: reckon it when escrow has closed it")]
    NotClosed {
        /// The lease.
        lease: u64,
    },
    /// A message that would change nothing.
    #[error("nothing to do: {why}")]
    Nothing {
        /// Why, with the remedy.
        why: &'static str,
    },
    /// A series that cannot be closed.
    #[error("series {series} is not over: {why}")]
    NotOver {
        /// The series.
        series: u32,
        /// What is left, with the remedy.
        why: &'static str,
    },
    /// A successor nobody named.
    #[error(
        "the seller's side of series {series} is not offered to device {device}: the seller must offer it first"
    )]
    NotOffered {
        /// The series.
        series: u32,
        /// The device.
        device: DeviceId,
    },
    /// A counter is at its end.
    #[error("there are no more {0}: use another futures contract")]
    Exhausted(&'static str),
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
