//! What can be wrong with taking a posted price.

use caplet_protocol::DeviceId;
use thiserror::Error;

/// Why an offer is not taken. Money in base units a lot.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum TakeError {
    /// Fewer instant lots than asked.
    #[error(
        "asked {asked} lots, {left} are left in its instant lane: lower the quantity or take another offer"
    )]
    Lots {
        /// Lots asked.
        asked: u16,
        /// Lots left.
        left: u16,
    },
    /// Past its end.
    #[error("it ended at {not_after}, it is {now}: take another offer")]
    Over {
        /// Its last second.
        not_after: u32,
        /// Block time.
        now: u64,
    },
    /// It does not meet the requirements, or there is no way between the cells.
    #[error(
        "its class does not meet the demand, or there is no route between their cells: take another offer"
    )]
    Incompatible,
    /// Dearer than the demand bears.
    #[error(
        "its price is {price} and its cost to the demand {cost}, together above the limit {limit}: raise the limit or take another offer"
    )]
    AboveLimit {
        /// The posted price.
        price: u64,
        /// What it costs the demand beyond the price.
        cost: u64,
        /// The demand's limit.
        limit: u64,
    },
    /// Both devices have one owner.
    #[error(
        "devices {provider} and {consumer} have one owner: an owner does not trade with itself in the instant lane"
    )]
    SelfTrade {
        /// The offering device.
        provider: DeviceId,
        /// The taking device.
        consumer: DeviceId,
    },
    /// The provider failed this consumer lately.
    #[error(
        "device {provider} failed device {consumer} lately and is not given to it until {until}, it is {now} now: take another offer"
    )]
    Failed {
        /// The offering device.
        provider: DeviceId,
        /// The taking device.
        consumer: DeviceId,
        /// Unix seconds.
        until: u64,
        /// Unix seconds.
        now: u64,
    },
    /// Nobody is paid for bringing lots to a running lease.
    #[error(
        "a relay fee of {fee} is paid when a lease opens: take without one, or for a lease of its own"
    )]
    RelayFee {
        /// Base units.
        fee: u64,
    },
    /// More than money can be.
    #[error("a limit of {limit} for {lots} lots is past all money: lower the limit")]
    TooMuchMoney {
        /// Base units a lot.
        limit: u64,
        /// Lots.
        lots: u16,
    },
    /// The provider trades no more.
    #[error("its device {provider} is suspended, frozen or retired: take another offer")]
    ProviderInactive {
        /// The offering device.
        provider: DeviceId,
    },
}
