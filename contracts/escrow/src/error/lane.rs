//! Lanes and reserves that do not fit.

use caplet_api::escrow::LeaseState;
use caplet_protocol::{AccountId, DeviceId, Lane, LeaseId};
use thiserror::Error;

/// Lanes and reserves that do not fit.
#[derive(Debug, Error)]
pub enum LaneError {
    /// A lane signed by a device of somebody else.
    #[error(
        "lane {lane} is to be signed by device {device}, which is not one of account {payer} that pays: name a device of the payer"
    )]
    ForeignSigner {
        /// Which lane, from 0.
        lane: usize,
        /// The device.
        device: DeviceId,
        /// Who pays.
        payer: AccountId,
    },
    /// A lane that could redeem nothing.
    #[error("lane {lane} has a cap of 0: give it a part of the reserve or leave it out")]
    EmptyLane {
        /// Which lane, from 0.
        lane: usize,
    },
    /// Lanes that may redeem more or less than is reserved.
    #[error("the lanes' caps add up to {caps}, price x lots reserves {reserve}: make them equal")]
    UnevenLanes {
        /// Sum of the caps, base units.
        caps: u128,
        /// The reserve, base units.
        reserve: u64,
    },
    /// A lane that the lease does not have.
    #[error("lease {lease} has no lane {lane}: its lanes are 0 to {lanes}, not counted in")]
    NoLane {
        /// The lease.
        lease: LeaseId,
        /// As given.
        lane: Lane,
        /// How many it has.
        lanes: u8,
    },
    /// A lease that is not served any more.
    #[error("lease {lease} is {state:?}, there is nothing to {verb}: open another lease")]
    NotLive {
        /// The lease.
        lease: LeaseId,
        /// Where it stands.
        state: LeaseState,
        /// What was asked.
        verb: &'static str,
    },
    /// Lots of somebody else's.
    #[error(
        "lease {lease} is of market, consumer and provider {own:?}, the lots are of {brought:?}: add them to a lease of these, or open one"
    )]
    OthersLots {
        /// The lease.
        lease: LeaseId,
        /// Its market and devices.
        own: (u32, u32, u32),
        /// Those of the lots.
        brought: (u32, u32, u32),
    },
    /// Lots that cost more than the lease pays.
    #[error(
        "lease {lease} pays {price} a lot, {asked} is asked for these: take them for a lease of their own"
    )]
    DearerLots {
        /// The lease.
        lease: LeaseId,
        /// Its price of a lot, base units.
        price: u64,
        /// What the provider asks.
        asked: u64,
    },
    /// Only the payer moves reserve.
    #[error(
        "lease {lease}: only the account that pays for device {device} moves reserve between its lanes"
    )]
    NotPayer {
        /// The lease.
        lease: LeaseId,
        /// The consuming device.
        device: DeviceId,
    },
    /// Nothing, more than may go, or to the same lane.
    #[error(
        "lease {lease}: asked to move {asked} from lane {from} to lane {to}, at most {movable} may go: what is redeemed and the exposure cap stay, name 1 to {movable} and two lanes"
    )]
    NotMovable {
        /// The lease.
        lease: LeaseId,
        /// The lane that would give.
        from: Lane,
        /// The lane that would receive.
        to: Lane,
        /// Base units asked.
        asked: u64,
        /// Base units that may go.
        movable: u64,
    },
    /// A lease past its end takes no more lots.
    #[error("lease {lease} ended at {end}, it is {now}: open another lease")]
    Over {
        /// The lease.
        lease: LeaseId,
        /// Unix seconds.
        end: u64,
        /// Unix seconds.
        now: u64,
    },
    /// Lots asked by another than asked for the lease.
    #[error(
        "lease {lease} was ordered by {}: lots are added by the same only, since what returns goes back to the allowance it came from", if *.owner { "its owner" } else { "its device's key" }
    )]
    OtherPlacer {
        /// The lease.
        lease: LeaseId,
        /// Whether the owner itself ordered it.
        owner: bool,
    },
}
