//! Every way the reputation contract says no, with both sides and the remedy.

use caplet_base::admin::AdminError;
use caplet_mechanism::reputation::{LadderError, SuspensionError};
use caplet_protocol::{AssetId, Bps, DeviceId, Lane, LeaseId};
use cosmwasm_std::{Addr, StdError, Uint64};
use thiserror::Error;

/// Most leases in one message.
pub const MAX_BATCH: usize = 100;

/// Why the contract refuses.
#[derive(Debug, Error)]
pub enum ContractError {
    /// Storage, address or query trouble.
    #[error(transparent)]
    Std(#[from] StdError),
    /// Governance only, or paused.
    #[error(transparent)]
    Admin(#[from] AdminError),
    /// An item of a batch; the whole message is refused, since a rating is no money.
    #[error("item {index}: {source}; nothing of the batch was rated: leave it out or mend it")]
    Item {
        /// Which item, from 0.
        index: usize,
        /// What is wrong with it.
        source: Box<ContractError>,
    },
    /// A batch without items, or with too many.
    #[error("{count} leases in one message, 1 to {MAX_BATCH} are taken: split the batch")]
    Batch {
        /// Leases given.
        count: usize,
    },
    /// Escrow never opened it.
    #[error("there is no lease {lease} in escrow")]
    NoLease {
        /// The lease.
        lease: LeaseId,
    },
    /// Only what is settled rates.
    #[error("lease {lease} is not closed yet: settle and sweep it first")]
    NotClosed {
        /// The lease.
        lease: LeaseId,
    },
    /// The report is not a `layout::QosReport`.
    #[error("the report of {found} bytes is no QoS report: send the bytes that were hashed")]
    Report {
        /// Bytes given.
        found: usize,
    },
    /// The report is of another lease, or not the one that was signed.
    #[error("the report is not the evidence of lease {lease}'s best voucher: send that one{}", match .signed { true => "", false => ", or none, since that voucher has none" })]
    Evidence {
        /// The lease.
        lease: LeaseId,
        /// Whether the voucher had evidence at all.
        signed: bool,
    },
    /// There is a report, so it should speak.
    #[error(
        "lease {lease} has a report on record: send it too; without it the lease can be rated from {from} on (Unix seconds)"
    )]
    ReportMissing {
        /// The lease.
        lease: LeaseId,
        /// Unix seconds.
        from: u64,
    },
    /// What a rating costs in this asset is not known.
    #[error(
        "asset {asset} has no standard fee: governance must add one (`set_rules`), then rate the lease"
    )]
    NoStandardFee {
        /// The asset.
        asset: AssetId,
    },
    /// It is not suspended.
    #[error("device {device} is not suspended")]
    NotSuspended {
        /// The device.
        device: DeviceId,
    },
    /// Its cool-down is not over.
    #[error("device {device} is suspended until {until} at least, it is {now} now: try again then")]
    CoolingDown {
        /// The device.
        device: DeviceId,
        /// Unix seconds.
        until: u64,
        /// Unix seconds.
        now: u64,
    },
    /// Its bound is still too low.
    #[error(
        "device {device}'s bound is {bound} basis points, {wanted} are needed while its record has weight: wait, a record fades{}", match .appeal { Some(appeal) => format!(", or stake {appeal}, {staked} are staked"), None => String::new() }
    )]
    BoundTooLow {
        /// The device.
        device: DeviceId,
        /// Its lower confidence bound.
        bound: Bps,
        /// The rules' threshold.
        wanted: Bps,
        /// Base units at stake for it.
        staked: u128,
        /// Stake that would do instead, if any does.
        appeal: Option<u128>,
    },
    /// Funds with a message that takes none.
    #[error("this message takes no funds: only `stake` does")]
    NoFunds {},
    /// Not exactly one coin of the stake's denomination.
    #[error("a stake is one coin of {}: send that", match denom.as_str() { "" => "nothing, as the rules name no denomination", denom => denom })]
    Funds {
        /// The rules' denomination; empty for none.
        denom: String,
    },
    /// Whoever stakes is not the owner.
    #[error("device {device} is not the sender's: its owner stakes for it")]
    NotOwner {
        /// The device.
        device: DeviceId,
    },
    /// There is a stake already, of somebody else or in another coin.
    #[error("{staker} has a stake in {denom} for device {device}: it must be withdrawn first")]
    OtherStake {
        /// The device.
        device: DeviceId,
        /// Whose stake it is.
        staker: Addr,
        /// Its denomination.
        denom: String,
    },
    /// Nothing of the sender's is at stake.
    #[error("nothing of the sender's is at stake for device {device}")]
    NoStake {
        /// The device.
        device: DeviceId,
    },
    /// The stake has not unbonded.
    #[error("the stake for device {device} {}, it is {now} now: {}", match from { Some(from) => format!("unbonds at {from}"), None => "is bonded".into() }, match from { Some(_) => "try again then", None => "send `unstake` first" })]
    Bonded {
        /// The device.
        device: DeviceId,
        /// Unix seconds from which it may be withdrawn, if it unbonds.
        from: Option<u64>,
        /// Unix seconds.
        now: u64,
    },
    /// What was brought proves nothing.
    #[error(
        "these are not two last vouchers of lease {lease} with different reports signed by device {device}: bring both as they were signed"
    )]
    NoLie {
        /// The lease.
        lease: LeaseId,
        /// Its consumer.
        device: DeviceId,
    },
    /// It was punished before.
    #[error("the lie about lane {} of lease {lease} was punished already", .lane.0)]
    Punished {
        /// The lease.
        lease: LeaseId,
        /// The lane.
        lane: Lane,
    },
    /// Rules that contradict themselves.
    #[error("rules: {field} is {found}, {wanted}")]
    Rules {
        /// Which field.
        field: &'static str,
        /// What was given.
        found: Uint64,
        /// What is needed.
        wanted: String,
    },
    /// Tiers that are no ladder.
    #[error("rules: {0}")]
    Ladder(#[from] LadderError),
    /// Suspension that would flap or never end.
    #[error("rules: {0}")]
    Suspension(#[from] SuspensionError),
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
        let (lease, device, bound) = (LeaseId(1), DeviceId(1), Bps(1));
        let wanted = String::from("more");
        vec![
            StdError::msg("storage").into(),
            AdminError::Paused.into(),
            ContractError::Batch { count: 0 }.at(0),
            ContractError::Batch { count: 0 },
            ContractError::NoLease { lease },
            ContractError::NotClosed { lease },
            ContractError::Report { found: 1 },
            ContractError::Evidence { lease, signed: true },
            ContractError::Evidence { lease, signed: false },
            ContractError::ReportMissing { lease, from: 1 },
            ContractError::NoStandardFee { asset: AssetId(1) },
            ContractError::NotSuspended { device },
            ContractError::CoolingDown { device, until: 2, now: 1 },
            ContractError::BoundTooLow { device, bound, wanted: Bps(2), staked: 0, appeal: None },
            ContractError::NoFunds {},
            ContractError::Funds { denom: "ucap".into() },
            ContractError::NotOwner { device },
            ContractError::OtherStake {
                device,
                staker: Addr::unchecked("a"),
                denom: "ucap".into(),
            },
            ContractError::NoStake { device },
            ContractError::Bonded { device, from: None, now: 1 },
            ContractError::Bonded { device, from: Some(2), now: 1 },
            ContractError::NoLie { lease, device },
            ContractError::Punished { lease, lane: Lane(0) },
            ContractError::Rules { field: "f", found: Uint64::new(1), wanted },
            LadderError::Unrated { first: bound, unrated: bound }.into(),
            SuspensionError::NoEvidence.into(),
            ContractError::Migration { reason: String::new(), name: "n", version: "v" },
        ]
    }

    #[test]
    fn no_two_refusals_read_alike() {
        let texts: BTreeSet<String> = all().iter().map(ToString::to_string).collect();
        assert_eq!(texts.len(), all().len());
    }
}
