//! Futures and pools.

use caplet_forward::{cover, issue, member, offer, pool};
use caplet_protocol::Bps;
use serde::{Deserialize, Serialize};

/// Futures and pools; nothing is issued or used unless it is listed here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForwardConfig {
    /// What is sold ahead.
    pub issue: Vec<IssueConfig>,
    /// What is used of positions.
    pub needs: Vec<NeedConfig>,
    /// Pools that devices are to be members of.
    pub join: Vec<JoinConfig>,
    /// Pools that this keeper's account offers for, as their manager. What they sold ahead with a device of this account
    /// behind it is covered as series of local devices are.
    pub offer: Vec<OfferConfig>,
    /// Collateral beyond what is required, basis points of it.
    pub buffer_bps: u16,
    /// Base units that the series with one device's collateral behind them may bind together.
    pub most_collateral: u64,
    /// Seconds without an answer after which a pool's serving member is challenged.
    pub patience_secs: u64,
    /// Seconds for which a pool's member may answer nothing that its gateway asks it before its leases are handed on.
    pub silence_secs: u64,
    /// Base units that a pool member earned that are worth a claim.
    pub claim: u64,
    /// Base units that a pool's lease redeemed that are worth accounting before it ends.
    pub account: u64,
}

/// What a device sells ahead in a market. Its owner is this keeper's account, or has approved it in the futures
/// contract; or it is the device that a pool sells as whose manager is this keeper's account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssueConfig {
    /// The device.
    pub device: u32,
    /// The market.
    pub market: u32,
    /// For a pool's device: a device of this account's, whose collateral stands behind it. The pool issues it then, out
    /// of what its members can do without their spares; `declare` says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backer: Option<u32>,
    /// Tiers it promises: latency, throughput, accuracy.
    #[serde(default)]
    pub tiers: [u8; 3],
    /// Tags it promises, bit by bit.
    #[serde(default)]
    pub tags: u32,
    /// Lots at a time to declare on the capacity ledger if nothing is declared; 0 declares nothing.
    #[serde(default)]
    pub declare: u16,
    /// Share of the declared capacity, basis points.
    pub reserve_bps: u16,
    /// Slots of a series, at most 168.
    pub window_slots: u16,
    /// Series on sale at a time.
    pub ahead: u16,
    /// Which of the recent marks is the strike, basis points: 5,000 is their median.
    pub quantile_bps: u16,
    /// Least strike, base units a lot.
    #[serde(default)]
    pub least: u64,
    /// What a lot that is not exercised pays, basis points of the strike.
    #[serde(default = "take_or_pay")]
    pub reservation_bps: u16,
}

const fn take_or_pay() -> u16 {
    10_000
}

/// Lots that a device uses of its positions in each slot of a market.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NeedConfig {
    /// The device.
    pub device: u32,
    /// The market.
    pub market: u32,
    /// Lots at a time.
    pub lots: u16,
}

/// A device that is to be a member of a pool. Its owner is this keeper's account, which puts up the stake.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JoinConfig {
    /// The pool's contract.
    pub pool: String,
    /// The device.
    pub device: u32,
    /// Lots at a time to commit; 0: it leaves. With other terms than it has it leaves and joins anew.
    pub lots: u16,
    /// What a lot costs it, base units: the cheaper serves first among equally reliable.
    #[serde(default)]
    pub cost: u64,
}

/// A pool that is offered: what its members can do without their spares, as it becomes free.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfferConfig {
    /// The pool's contract, whose manager is this keeper's account.
    pub pool: String,
    /// Tiers it promises: latency, throughput, accuracy; what every member keeps.
    #[serde(default)]
    pub tiers: [u8; 3],
    /// Tags it promises, bit by bit.
    #[serde(default)]
    pub tags: u32,
    /// Share of the lots for the instant lane, basis points; the rest is for the batch.
    #[serde(default)]
    pub instant_bps: u16,
    /// Least ask, base units a lot; the base price of the market when that is more.
    pub least: u64,
    /// Seconds that an offer stands.
    #[serde(default = "an_hour")]
    pub stands_secs: u64,
}

const fn an_hour() -> u64 {
    3_600
}

impl JoinConfig {
    /// What is wanted of the device.
    #[must_use]
    pub const fn want(&self) -> member::Want {
        member::Want { lots: self.lots, cost: self.cost }
    }
}

impl OfferConfig {
    /// The policy.
    #[must_use]
    pub const fn policy(&self) -> offer::Policy {
        offer::Policy {
            least: self.least,
            instant: Bps(self.instant_bps),
            stands_secs: self.stands_secs,
        }
    }
}

impl Default for ForwardConfig {
    fn default() -> Self {
        Self {
            issue: Vec::new(),
            needs: Vec::new(),
            join: Vec::new(),
            offer: Vec::new(),
            buffer_bps: 500,
            most_collateral: 1_000_000_000,
            patience_secs: 2,
            silence_secs: 10,
            claim: 10_000,
            account: 10_000,
        }
    }
}

impl IssueConfig {
    /// The policy.
    #[must_use]
    pub const fn policy(&self) -> issue::Policy {
        issue::Policy {
            reserve: Bps(self.reserve_bps),
            window: self.window_slots,
            ahead: self.ahead,
            quantile: Bps(self.quantile_bps),
            least: self.least,
        }
    }
}

impl ForwardConfig {
    /// Limits of collateral.
    #[must_use]
    pub const fn cover(&self) -> cover::Policy {
        cover::Policy { buffer: Bps(self.buffer_bps), most: self.most_collateral }
    }

    /// Behaviour in pools.
    #[must_use]
    pub const fn pool(&self) -> pool::Policy {
        let Self { patience_secs, silence_secs, claim, account, .. } = *self;
        pool::Policy { patience_secs, silence_secs, claim, account }
    }
}
