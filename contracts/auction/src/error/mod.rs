//! Every way the auction says no, with both sides and the remedy.

mod order;
mod take;

pub use order::OrderError;
pub use take::TakeError;

use caplet_api::packed::PackedError;
use caplet_base::admin::AdminError;
use caplet_clearing::Reject;
use caplet_protocol::{AssetId, DeviceId, MarketId, OrderId, layout::Side};
use cosmwasm_std::{Addr, StdError};
use thiserror::Error;

/// A side as people call it.
const fn word(side: Side) -> &'static str {
    match side {
        Side::Offer => "offer",
        Side::Demand => "demand",
    }
}

/// Why the auction refuses. Nothing of the message has happened then.
#[derive(Debug, Error)]
pub enum ContractError {
    /// Storage, query or address trouble.
    #[error(transparent)]
    Std(#[from] StdError),
    /// Governance only, or paused.
    #[error(transparent)]
    Admin(#[from] AdminError),
    /// A packed list that does not parse.
    #[error("{what}: {source}")]
    Packed {
        /// Which list.
        what: &'static str,
        /// What is wrong with it.
        source: PackedError,
    },
    /// A market that cannot be defined like that.
    #[error("market definition: {0}")]
    Config(#[from] crate::ConfigError),
    /// Escrow does not take what the market would be paid in.
    #[error(
        "escrow accepts {accepted} assets, asset {asset} is not among them: have it added first, or name another"
    )]
    UnknownAsset {
        /// The asset.
        asset: AssetId,
        /// How many escrow accepts.
        accepted: usize,
    },
    /// No such market.
    #[error("there is no market {market}: query `markets` for those there are")]
    UnknownMarket {
        /// The market.
        market: MarketId,
    },
    /// No such order, or nothing is left of it.
    #[error(
        "{side} {order} is not open in market {market}: it was filled, cancelled, expired or never placed; query `orders` for open ones",
        side = word(*side)
    )]
    UnknownOrder {
        /// Which side.
        side: Side,
        /// The order.
        order: OrderId,
        /// The market.
        market: MarketId,
    },
    /// A number that no order can have.
    #[error("{0} is no order number: give page * 256 + slot, below 2^40")]
    NotAnOrder(u64),
    /// A list that is empty or too long.
    #[error("{count} {what} in one message, 1 to {most} are taken: split the list")]
    Count {
        /// Of what.
        what: &'static str,
        /// How many.
        count: usize,
        /// At most.
        most: usize,
    },
    /// An order of the message that is not in order; the whole message is refused.
    #[error(
        "{side} {index} of the message: {source}; nothing of the message was done",
        side = word(*side)
    )]
    Order {
        /// Which side.
        side: Side,
        /// Which order of the list, from 0.
        index: usize,
        /// What is wrong with it.
        source: OrderError,
    },
    /// A posted price that cannot be taken.
    #[error("offer {offer} cannot be taken: {source}")]
    Take {
        /// The offer.
        offer: OrderId,
        /// Why.
        source: TakeError,
    },
    /// A signature that does not fit.
    #[error(
        "{side} {index} of the message: the signature is not device {device}'s over this order: sign the layout under this auction's domain (query `domain`) with the device's current key",
        side = word(*side)
    )]
    Signature {
        /// Which side.
        side: Side,
        /// Which order of the list, from 0.
        index: usize,
        /// Whose it should be.
        device: DeviceId,
    },
    /// The book is full.
    #[error(
        "market {market} has {open} open orders, {placing} more exceed its most of {most}: wait until some end, or use another market"
    )]
    Full {
        /// The market.
        market: MarketId,
        /// Orders open.
        open: u32,
        /// Orders in the message.
        placing: usize,
        /// The most.
        most: u32,
    },
    /// An order that may not be expired yet.
    #[error(
        "{side} {order} holds until {not_after}, it is {now}: expire it later",
        side = word(*side)
    )]
    NotExpired {
        /// Which side.
        side: Side,
        /// The order.
        order: OrderId,
        /// Its last second.
        not_after: u32,
        /// Block time.
        now: u64,
    },
    /// An order that may still be filled by the clearing of a frozen book.
    #[error(
        "{side} {order} is in the frozen book of epoch {epoch}: come back when that is cleared, or after {until}",
        side = word(*side)
    )]
    InClearing {
        /// Which side.
        side: Side,
        /// The order.
        order: OrderId,
        /// The epoch.
        epoch: u32,
        /// Unix seconds when the epoch lapses.
        until: u64,
    },
    /// Another epoch than the one that may be cleared.
    #[error(
        "epoch {asked} cannot be cleared: epoch {clearable} can, until {until}; solve its frozen book"
    )]
    WrongEpoch {
        /// The one asked for.
        asked: u32,
        /// The one that may be cleared.
        clearable: u32,
        /// Unix seconds.
        until: u64,
    },
    /// There is no frozen book.
    #[error(
        "epoch {asked} cannot be cleared: none is waiting ({last}); the next book freezes at {next}"
    )]
    NothingToClear {
        /// The one asked for.
        asked: u32,
        /// What was cleared last, in words.
        last: String,
        /// Unix seconds.
        next: u64,
    },
    /// Too many prices for the class slots there are.
    #[error("{given} prices, a market has at most {most} class slots: give one a slot")]
    Prices {
        /// Prices given.
        given: usize,
        /// Slots.
        most: usize,
    },
    /// A clearing that is not valid or not optimal.
    #[error("the clearing is refused: {0}")]
    Reject(#[from] Reject),
    /// The latency matrix is full.
    #[error("{cells} cells would have latencies, at most {most} may: leave the new ones out")]
    TooManyCells {
        /// Cells.
        cells: usize,
        /// The most.
        most: usize,
    },
    /// A capacity of nothing.
    #[error(
        "device {device} would have a capacity of 0 lots: give at least 1, or null to take it off the ledger"
    )]
    NoCapacity {
        /// The device.
        device: DeviceId,
    },
    /// Less than what is promised.
    #[error(
        "device {device} would have a capacity of {lots} lots, {promised} are promised in some slot: cancel offers or wait, or declare more"
    )]
    Promised {
        /// The device.
        device: DeviceId,
        /// Lots declared.
        lots: u16,
        /// Lots promised.
        promised: u32,
    },
    /// Nothing can be reserved of a device whose capacity is not known.
    #[error(
        "device {device} is not on the capacity ledger of market {market}: its owner declares one with set_capacity"
    )]
    OffLedger {
        /// The device.
        device: DeviceId,
        /// The market.
        market: MarketId,
    },
    /// A slot that began before the one that runs.
    #[error("slot {slot} is past, slot {current} runs: reserve from there on")]
    PastSlot {
        /// The slot.
        slot: u32,
        /// The one that runs.
        current: u32,
    },
    /// Too little is free.
    #[error(
        "device {device} has {free} lots free in slot {slot}, asked are {lots}: reserve fewer, or other slots"
    )]
    NoRoom {
        /// The device.
        device: DeviceId,
        /// The slot.
        slot: u32,
        /// Lots asked.
        lots: u16,
        /// Lots free.
        free: u32,
    },
    /// More than is reserved.
    #[error(
        "device {device} has {reserved} lots reserved in slot {slot}, asked to release are {lots}: release what is there"
    )]
    NotReserved {
        /// The device.
        device: DeviceId,
        /// The slot.
        slot: u32,
        /// Lots asked.
        lots: u16,
        /// Lots reserved.
        reserved: u16,
    },
    /// A sender that may not reserve.
    #[error("{sender} may not reserve or release: the owner names contracts with set_reservers")]
    NotReserver {
        /// Who sent.
        sender: Addr,
    },
    /// A sender that does not own the device.
    #[error("{sender} does not own device {device}: its owner declares what it can do")]
    NotDeviceOwner {
        /// The device.
        device: DeviceId,
        /// Who sent.
        sender: Addr,
    },
    /// A device that may not trade.
    #[error("device: {0}")]
    Device(OrderError),
    /// A lease that leaves nothing to return.
    #[error("lease {lease} returns nothing: {why}")]
    NothingToReturn {
        /// The lease.
        lease: u64,
        /// Why, with what is possible.
        why: &'static str,
    },
    /// A standing order that does not wait.
    #[error(
        "{side} {order} of market {market} does not wait to be renewed: query `standing` for those that do",
        side = word(*side)
    )]
    NotStanding {
        /// Which side.
        side: Side,
        /// The order.
        order: OrderId,
        /// The market.
        market: MarketId,
    },
    /// Orders that are all as they should be, or gone.
    #[error(
        "none of these {side:?} orders of market {market} is of a device that trades no more or in a class that is no longer its own: leave them"
    )]
    NothingToReclass {
        /// The market.
        market: MarketId,
        /// Which side.
        side: Side,
    },
    /// No scan of the sender.
    #[error("{sender} has no scan of epoch {epoch}: begin one with begin_clear")]
    NoScan {
        /// The epoch.
        epoch: u32,
        /// Who sent.
        sender: Addr,
    },
    /// Too few measurements between two cells.
    #[error(
        "cells {a} and {b} were measured by {measured} gateways, {least} are needed: have more keepers measure"
    )]
    Unmeasured {
        /// One cell.
        a: caplet_protocol::CellId,
        /// The other.
        b: caplet_protocol::CellId,
        /// Gateways that measured.
        measured: u32,
        /// How many are needed.
        least: u32,
    },
    /// A counter is at its end.
    #[error("there are no more {0}: open another auction")]
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
