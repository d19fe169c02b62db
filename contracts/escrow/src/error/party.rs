//! Who may not, or is not known.

use caplet_protocol::{DeviceId, LeaseId};
use cosmwasm_std::Addr;
use thiserror::Error;

/// Who may not, or is not known.
#[derive(Debug, Error)]
pub enum PartyError {
    /// Lock, unlock and open are for contracts that governance named.
    #[error("{sender} may not lock or open: the owner names openers with set_openers")]
    NotOpener {
        /// Who sent.
        sender: Addr,
    },
    /// An address that the registry has not numbered.
    #[error(
        "{address} has no account: open one with the registry's open_account, in the same transaction if you like"
    )]
    NoAccount {
        /// The address.
        address: String,
    },
    /// A device that the registry does not know.
    #[error("device {device} is not registered: register it with the registry first")]
    UnknownDevice {
        /// The device.
        device: DeviceId,
    },
    /// A device that is frozen or retired.
    #[error("device {device} is not active: only active devices open leases, thaw it first")]
    InactiveDevice {
        /// The device.
        device: DeviceId,
    },
    /// Only the owner of a device says what its key may spend.
    #[error("{sender} does not own device {device}: send it from the account of its owner")]
    NotDeviceOwner {
        /// The device.
        device: DeviceId,
        /// Who sent.
        sender: Addr,
    },
    /// Neither the side's owner sent nor its device signed.
    #[error(
        "lease {lease}: only the owner of device {device} may ask this, or anyone with its signed closing statement"
    )]
    NotASide {
        /// The lease.
        lease: LeaseId,
        /// The side's device.
        device: DeviceId,
    },
    /// A closing statement that the side's device did not sign.
    #[error(
        "lease {lease}: the statement is not signed by device {device}'s present key over this lease and reason: sign it again"
    )]
    BadStatement {
        /// The lease.
        lease: LeaseId,
        /// The device whose key must sign.
        device: DeviceId,
    },
}
