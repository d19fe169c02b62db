//! What can be wrong with one order.

use caplet_api::registry::DeviceStatus;
use caplet_protocol::{DeviceId, MarketId};
use cosmwasm_std::{Addr, StdError};
use thiserror::Error;

/// Why an order is not admitted. Money in base units a lot, times in Unix seconds.
#[derive(Debug, Error)]
pub enum OrderError {
    /// Storage or query trouble.
    #[error(transparent)]
    Std(#[from] StdError),
    /// No such device.
    #[error("device {device} is not registered: register it first")]
    UnknownDevice {
        /// The device.
        device: DeviceId,
    },
    /// A device that may not trade.
    #[error(
        "device {device} is {}: only active devices trade; its owner may thaw a frozen one",
        status.map_or("in an unknown state", |s| if s == DeviceStatus::Frozen { "frozen" } else { "retired" })
    )]
    Inactive {
        /// The device.
        device: DeviceId,
        /// Its status.
        status: Option<DeviceStatus>,
    },
    /// A suspended device.
    #[error("device {device} is suspended for its reputation: have it reinstated first")]
    Suspended {
        /// The device.
        device: DeviceId,
    },
    /// Neither owner nor signature.
    #[error(
        "it carries no signature, and {sender} does not own device {device}: sign it, or send from the owner's account"
    )]
    NotOwner {
        /// The device.
        device: DeviceId,
        /// Who sent.
        sender: Addr,
    },
    /// A sequence that was used.
    #[error(
        "its sequence is {sequence}, device {device}'s last was {last}: sign with a higher one"
    )]
    Sequence {
        /// The device.
        device: DeviceId,
        /// The order's.
        sequence: u32,
        /// The device's last.
        last: u32,
    },
    /// Signed for another market.
    #[error("it is signed for market {signed}, not {market}: relay it to its own")]
    OtherMarket {
        /// The market it names.
        signed: MarketId,
        /// The message's market.
        market: MarketId,
    },
    /// Not on the price ladder.
    #[error("its price {price} is not a multiple of the tick {tick_size} from 1 to {most} ticks")]
    Price {
        /// Its price.
        price: u64,
        /// The tick.
        tick_size: u64,
        /// Most ticks.
        most: u16,
    },
    /// Nothing is offered or wanted.
    #[error("it is for 0 lots: give at least 1")]
    NoLots,
    /// Already over.
    #[error("it ended at {not_after}, it is {now}: sign one that ends later")]
    Over {
        /// Its last second.
        not_after: u64,
        /// Block time.
        now: u64,
    },
    /// Later than pages can say.
    #[error("it ends at {not_after}, at most {most} can be stored: let it end earlier", most = u32::MAX)]
    TooLate {
        /// Its last second.
        not_after: u64,
    },
    /// A tier that the market does not have.
    #[error("its {what} tier is {tier}, the market has tiers 0 to {most}: choose one of them")]
    Tier {
        /// Which ladder.
        what: &'static str,
        /// What it says.
        tier: u8,
        /// The market's highest.
        most: usize,
    },
    /// Tags that the market does not name.
    #[error("its tags {tags:#x} have bits beyond the market's {known} tags: clear them")]
    Tags {
        /// What it says.
        tags: u32,
        /// How many the market names.
        known: usize,
    },
    /// Flag bits without a meaning here.
    #[error(
        "its flags {flags:#x} have bits beyond {allowed:#x}, which have no meaning here: clear them"
    )]
    Flags {
        /// What it says.
        flags: u8,
        /// Bits with a meaning.
        allowed: u8,
    },
    /// All class slots are live and none is below the offer's class.
    #[error(
        "all 64 class slots of the market are in use, and the offer is better than none of them: promise less, or wait until a class empties"
    )]
    NoClass,
    /// A market that tells no qualities apart.
    #[error(
        "the market clears one class and tells no tiers, tags or attestation apart: ask for none, or use another market"
    )]
    OneClass,
    /// All vector numbers are live.
    #[error(
        "all {most} requirement vectors of the market are in use: ask for what another demand asks for, or wait"
    )]
    NoVector {
        /// The most.
        most: u16,
    },
    /// More than the device can do at a time.
    #[error(
        "it offers {lots} lots, device {device} has {free} free in slot {slot}: offer fewer, or have its owner set a larger capacity"
    )]
    Capacity {
        /// The device.
        device: DeviceId,
        /// Lots offered.
        lots: u32,
        /// Lots free in that slot.
        free: u32,
        /// The slot.
        slot: u32,
    },
    /// A market that asks for an allowance counts what devices promise.
    #[error(
        "the market bounds what devices promise by their allowance, and device {device} has no capacity declared: have its owner declare it"
    )]
    Undeclared {
        /// The device.
        device: DeviceId,
    },
    /// More than the device's reputation allows at a time.
    #[error(
        "it offers {lots} lots, device {device} has promised {held} already and its allowance is worth {allowed}: offer fewer, stake more, or serve what is promised"
    )]
    Allowance {
        /// The device.
        device: DeviceId,
        /// Lots offered.
        lots: u32,
        /// Lots promised at a time that the offer may reach.
        held: u32,
        /// Lots that its allowance is worth.
        allowed: u32,
    },
    /// An offer on the capacity ledger that holds for too long.
    #[error("it may be served {slots} slots ahead, at most {most} are kept: let it end earlier")]
    TooFarAhead {
        /// Slots.
        slots: u32,
        /// The most.
        most: u16,
    },
    /// A standing order whose slot is not over.
    #[error("its slot ends at {due}, it is {now}: renew it then")]
    NotDue {
        /// Unix seconds.
        due: u32,
        /// Block time.
        now: u64,
    },
    /// The sum to lock leaves 64 bits.
    #[error(
        "{lots} lots at {price} with their bonds exceed {most} base units: lower the lots or the price",
        most = u64::MAX
    )]
    TooMuchMoney {
        /// Its price.
        price: u64,
        /// Its lots.
        lots: u16,
    },
}
