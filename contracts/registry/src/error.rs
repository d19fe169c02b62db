//! Every way the registry says no, with both sides and the remedy.

use crate::admit::Inadmissible;
use caplet_api::registry::MAX_BATCH;
use caplet_base::admin::AdminError;
use caplet_protocol::{AccountId, DeviceId};
use cosmwasm_std::{Addr, StdError};
use thiserror::Error;

/// Why the registry refuses.
#[derive(Debug, Error)]
pub enum ContractError {
    /// Storage or address trouble.
    #[error(transparent)]
    Std(#[from] StdError),
    /// Governance only, or paused.
    #[error(transparent)]
    Admin(#[from] AdminError),
    /// An item of a batch; the whole message is refused, since a batch here is no money.
    #[error("item {index}: {source}; nothing of the batch was recorded: leave it out or mend it")]
    Item {
        /// Which item, from 0.
        index: usize,
        /// What is wrong with it.
        source: Box<ContractError>,
    },
    /// A batch without items, or with too many.
    #[error("{count} items in one message, 1 to {MAX_BATCH} are taken: split the batch")]
    Batch {
        /// Items given.
        count: usize,
    },
    /// Not appointed.
    #[error("{sender} is no attester: governance appoints those with `set_attester`")]
    NotAttester {
        /// Who asked.
        sender: Addr,
    },
    /// Attesters without end.
    #[error("there are {count} attesters, no more are taken: dismiss one with weight 0")]
    TooManyAttesters {
        /// How many there are.
        count: u32,
    },
    /// Rules under which everything or nothing would be attested.
    #[error("a threshold of {threshold} for at most {most_secs} s: give at least 1 and 60 s")]
    AttestationRules {
        /// Weight.
        threshold: u16,
        /// Seconds.
        most_secs: u32,
    },
    /// No enclave works for the device.
    #[error("device {device} has no enclave: register one first")]
    NoEnclave {
        /// The device.
        device: DeviceId,
    },
    /// Another enclave than the one that works for the device.
    #[error(
        "enclave {found} of device {device} was verified, enclave {present} is registered: verify that one"
    )]
    OtherEnclave {
        /// The device.
        device: DeviceId,
        /// Sequence that was named.
        found: u64,
        /// Sequence that is registered.
        present: u64,
    },
    /// An attestation that lasts too long.
    #[error(
        "attested until {not_after}, at {now} at most until {most}: attest for less, and again later"
    )]
    TooLong {
        /// As asked, Unix seconds.
        not_after: u64,
        /// The block's time.
        now: u64,
        /// The latest there may be.
        most: u64,
    },
    /// Measurements that are none or too many.
    #[error("{count} measurements in one message, 1 to {most} are taken: split the list")]
    Measurements {
        /// How many.
        count: usize,
        /// The most.
        most: usize,
    },
    /// A gateway in no cell measures for nobody.
    #[error(
        "gateway {reporter} is in no cell, only gateways in one measure: have it located first"
    )]
    NoCell {
        /// The gateway.
        reporter: AccountId,
    },
    /// A gateway that measures itself.
    #[error("gateway {reporter} measured itself: leave that to others")]
    OwnRtt {
        /// The gateway.
        reporter: AccountId,
    },
    /// A round-trip time out of range.
    #[error("a round trip of {ms} ms, 1 to {most} are believed: round up, or leave it out")]
    Rtt {
        /// Milliseconds.
        ms: u16,
        /// The most.
        most: u16,
    },
    /// Too few have measured a gateway.
    #[error(
        "no cell has {least} gateways that measured gateway {gateway} within a week: have more keepers measure it"
    )]
    Unmeasured {
        /// The gateway.
        gateway: AccountId,
        /// How many are needed.
        least: u32,
    },
    /// A key that the registry does not admit.
    #[error("{what}: {source}")]
    Key {
        /// Whose key it is.
        what: &'static str,
        /// What is wrong with it.
        source: Inadmissible,
    },
    /// A key may be registered once, ever.
    #[error(
        "the key is or was device {device}'s, and a key is never registered again: make a new one"
    )]
    KeyTaken {
        /// The device that registered it.
        device: DeviceId,
    },
    /// A signature that does not fit.
    #[error(
        "the {what} does not verify: sign the layout under this registry's domain (query `domain`)"
    )]
    Signature {
        /// Which one.
        what: &'static str,
    },
    /// A field that must have an exact length.
    #[error("{what} has {found} bytes, {wanted} are needed")]
    Length {
        /// Which field.
        what: &'static str,
        /// Bytes given.
        found: usize,
        /// Bytes needed, in words.
        wanted: &'static str,
    },
    /// Zero stands for "none" in signed layouts, so no key may be it.
    #[error("a sealing key of zeros means no key: leave the field out instead")]
    ZeroSealing,
    /// The address has no number yet.
    #[error("{address} has no account: send `open_account` first")]
    NoAccount {
        /// The address.
        address: String,
    },
    /// No account has this number.
    #[error("there is no account {account}; the last one is {last}")]
    NoAccountNumber {
        /// The number asked for.
        account: u32,
        /// The highest number given.
        last: u32,
    },
    /// The address is no gateway.
    #[error("{address} is no gateway: it must send `register_gateway` first")]
    NoGateway {
        /// The address.
        address: String,
    },
    /// No device has this number.
    #[error("there is no device {device}; the last one is {last}")]
    NoDevice {
        /// The number asked for.
        device: DeviceId,
        /// The highest number given.
        last: u32,
    },
    /// No device signs with this key now.
    #[error("no device signs with this key{}", match .was { Some(device) => format!(": device {device} rotated away from it"), None => ": register it first".into() })]
    NoDeviceByKey {
        /// The device that once did.
        was: Option<DeviceId>,
    },
    /// Only the device's owner may do this.
    #[error("{sender} is not the owner of device {device}, {owner} is: send it from that account")]
    NotDeviceOwner {
        /// Who sent.
        sender: Addr,
        /// The device.
        device: DeviceId,
        /// Who owns.
        owner: Addr,
    },
    /// A retired device stays as it is.
    #[error("device {device} is retired for good: register a new device with a new key")]
    Retired {
        /// The device.
        device: DeviceId,
    },
    /// A sequence or epoch that does not move on.
    #[error("{what} {found} does not follow {last}: {remedy}")]
    Order {
        /// Which number.
        what: &'static str,
        /// What was sent.
        found: u64,
        /// What is on record.
        last: u64,
        /// What would be right.
        remedy: &'static str,
    },
    /// A document that is void already.
    #[error("{what} is void since {not_after}, it is {now} now: sign a later not_after")]
    Void {
        /// Which document.
        what: &'static str,
        /// Its last second.
        not_after: u64,
        /// Block time, Unix seconds.
        now: u64,
    },
    /// A grant that says what no grant may.
    #[error("grant: {reason}")]
    Grant {
        /// What is wrong and what to do.
        reason: &'static str,
    },
    /// A device's list of delegates is full.
    #[error(
        "device {device} has {count} delegates on record, the most there may be: re-use one, or rotate the device's key, which drops revoked and void ones"
    )]
    TooManyDelegates {
        /// The device.
        device: DeviceId,
        /// How many it has.
        count: usize,
    },
    /// So many keys ended lately that there is no room to keep another readable.
    #[error(
        "device {device} has {most} keys whose vouchers may still be redeemed, the most there may be: rotate after {until}, or retire the device"
    )]
    TooManyRotations {
        /// The device.
        device: DeviceId,
        /// Most keys kept.
        most: usize,
        /// Unix seconds after which the oldest of them may go.
        until: u64,
    },
    /// Without the old key's signature only the owner may rotate.
    #[error(
        "device {device} is not {sender}'s and its present key did not consent: add `consent`, or send from the owner's account"
    )]
    NoConsent {
        /// The device.
        device: DeviceId,
        /// Who sent.
        sender: Addr,
    },
    /// All numbers are given.
    #[error("all numbers of {what} are given: governance must deploy another registry")]
    Full {
        /// Of what.
        what: &'static str,
    },
    /// The stored contract cannot become this one.
    #[error(
        "{reason}; this code is {name} {version}: migrate to a version not older than the stored one"
    )]
    Migration {
        /// What cw2 says.
        reason: String,
        /// The code's name.
        name: &'static str,
        /// The code's version.
        version: &'static str,
    },
}

impl ContractError {
    /// The error as item `index` of a batch.
    #[must_use]
    pub fn at(self, index: usize) -> Self {
        Self::Item { index, source: Box::new(self) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// One of each, so that a suite that sees only texts can tell them apart.
    fn all() -> Vec<ContractError> {
        let device = DeviceId(1);
        let (sender, address) = (Addr::unchecked("a"), String::from("a"));
        let what = "x";
        vec![
            StdError::msg("storage").into(),
            AdminError::Paused.into(),
            ContractError::Batch { count: 0 }.at(0),
            ContractError::Batch { count: 0 },
            ContractError::Key { what, source: Inadmissible::SmallOrder },
            ContractError::KeyTaken { device },
            ContractError::Signature { what },
            ContractError::Length { what, found: 1, wanted: "2" },
            ContractError::ZeroSealing,
            ContractError::NoAccount { address: address.clone() },
            ContractError::NoAccountNumber { account: 1, last: 0 },
            ContractError::NoGateway { address },
            ContractError::NoDevice { device, last: 0 },
            ContractError::NoDeviceByKey { was: None },
            ContractError::NoDeviceByKey { was: Some(device) },
            ContractError::NotDeviceOwner { sender: sender.clone(), device, owner: sender.clone() },
            ContractError::Retired { device },
            ContractError::Order { what, found: 1, last: 1, remedy: "y" },
            ContractError::Void { what, not_after: 1, now: 2 },
            ContractError::Grant { reason: "z" },
            ContractError::TooManyDelegates { device, count: 16 },
            ContractError::TooManyRotations { device, most: 32, until: 1 },
            ContractError::NoConsent { device, sender },
            ContractError::Full { what },
            ContractError::NotAttester { sender: Addr::unchecked("a") },
            ContractError::TooManyAttesters { count: 16 },
            ContractError::AttestationRules { threshold: 0, most_secs: 0 },
            ContractError::NoEnclave { device },
            ContractError::OtherEnclave { device, found: 1, present: 2 },
            ContractError::TooLong { not_after: 3, now: 1, most: 2 },
            ContractError::Migration { reason: String::new(), name: "n", version: "v" },
        ]
    }

    #[test]
    fn no_two_refusals_read_alike() {
        let texts: BTreeSet<String> = all().iter().map(ToString::to_string).collect();
        assert_eq!(texts.len(), all().len());
    }
}
