//! Reputation: ratings from settled leases, tiers, suspension and reinstatement.

use crate::common::AdminMsg;
use caplet_protocol::{AccountId, AssetId, Bps, DeviceId, Lane};
use cosmwasm_schema::{QueryResponses, cw_serde};
use cosmwasm_std::{Binary, Uint64, Uint128};

/// Parameters of a new reputation contract.
#[cw_serde]
pub struct InstantiateMsg {
    /// Governance; the sender when absent.
    pub owner: Option<String>,
    /// The registry's address.
    pub registry: String,
    /// The escrow's address.
    pub escrow: String,
    /// Rules.
    pub rules: Rules,
}

/// The rules of `MECHANISMS.md` 4.
#[cw_serde]
pub struct Rules {
    /// Seconds in which evidence loses half its weight.
    pub half_life_secs: u32,
    /// Prior mean a0.
    pub prior: Bps,
    /// Prior weight W0, in thousandths of a standard lease.
    pub prior_weight: Uint64,
    /// Burned fee of a standard lease in base units, by asset number from 1: what weight 1 costs.
    pub standard_fee: Vec<Uint64>,
    /// Most weight one payer adds to a device within a window, in thousandths.
    pub payer_cap: Uint64,
    /// The window, in seconds.
    pub window_secs: u32,
    /// Lower bounds at which tiers 1, 2, ... begin, strictly rising, at most 7.
    pub tiers: Vec<Bps>,
    /// Suspend when the bound falls under this.
    pub suspend_below: Bps,
    /// Reinstate when the bound is above this and the cool-down has passed; above `suspend_below`.
    pub reinstate_above: Bps,
    /// Evidence needed before a suspension, in thousandths of weight.
    pub suspend_evidence: Uint64,
    /// Faults within the window that suspend at once.
    pub suspend_faults: u32,
    /// First cool-down in seconds; doubles with every repeat, at most 64-fold.
    pub cooldown_secs: u32,
    /// Seconds after a reinstatement in which the tier stays 0.
    #[serde(default)]
    pub probation_secs: u32,
    /// Seconds after a lease that failed its consumer in which the instant lane does not pair the two again, and
    /// solvers of the batch avoid it.
    #[serde(default)]
    pub avoid_secs: u32,
    /// What leases weigh that burned less than they should have.
    #[serde(default)]
    pub complaints: Complaints,
    /// What is put up for a device.
    #[serde(default)]
    pub stakes: Stakes,
}

/// Rules of complaints: a lease that was not served burns nothing, so it weighs what its payer's voice lends it.
#[cw_serde]
#[derive(Default)]
pub struct Complaints {
    /// Share of the weight a payer burns that becomes voice; 0: there are no complaints.
    pub share: Bps,
    /// Complaints of this weight about nothing served, in thousandths, are faults of a device without a record (good
    /// service of at least `suspend_evidence`), one a payer and window; 0: none are.
    pub fault: Uint64,
    /// Complaints that a device hears at a time, as a share of its good service, beyond `suspend_evidence`.
    pub most: Bps,
}

/// Rules of stakes.
#[cw_serde]
#[derive(Default)]
pub struct Stakes {
    /// Native denomination; empty: there are no stakes.
    pub denom: String,
    /// Its asset number in escrow, in whose standard fee burned fees are counted.
    pub asset: AssetId,
    /// Stake that replaces a good bound at a reinstatement; doubles with every repeat, at most 64-fold. 0: none does.
    pub appeal: Uint128,
    /// Seconds from Unstake to Withdraw.
    pub unbond_secs: u32,
    /// Share of the stake that a proven fault costs.
    pub slash: Bps,
    /// Share of what is slashed that goes to whoever proves it; the rest is burned.
    pub bounty: Bps,
    /// Base units that may depend on any device at once.
    pub starter: Uint128,
}

/// What one may ask.
#[cw_serde]
pub enum ExecuteMsg {
    /// Rates closed leases, each once. Anyone.
    Rate {
        /// At most 100.
        leases: Vec<RateInput>,
    },
    /// Ends a suspension whose conditions are met. Anyone.
    Reinstate {
        /// The device.
        device: DeviceId,
    },
    /// Puts the funds sent along at stake for a device. The owner of the device; ends an unbonding.
    Stake {
        /// The device.
        device: DeviceId,
    },
    /// Begins to unbond a device's whole stake. Who staked it.
    Unstake {
        /// The device.
        device: DeviceId,
    },
    /// Pays an unbonded stake out. Who staked it.
    Withdraw {
        /// The device.
        device: DeviceId,
    },
    /// Slashes a consumer that signed two last vouchers of one lane with different reports. Anyone.
    Slash {
        /// The lease, in any state.
        lease: Uint64,
        /// The lane.
        lane: Lane,
        /// One of them.
        first: LastVoucher,
        /// The other.
        second: LastVoucher,
    },
    /// New rules, for ratings from now on. Owner only.
    SetRules(Rules),
    /// Ownership and pause. A pause stops Rate.
    Admin(AdminMsg),
}

/// A lease's last voucher, which carries no chain, with the signature of the consuming device.
#[cw_serde]
pub struct LastVoucher {
    /// Cumulative base units.
    pub amount: Uint128,
    /// Cumulative units.
    pub units: Uint64,
    /// SHA-256 of the QoS report; not all zero.
    pub evidence: Binary,
    /// 64 bytes over `layout::Voucher`.
    pub signature: Binary,
}

/// A lease to rate.
#[cw_serde]
pub struct RateInput {
    /// The lease; must be Closed.
    pub lease: Uint64,
    /// Raw QoS report whose SHA-256 is the evidence of the lease's best voucher; without it the
    /// close reason and what was redeemed speak.
    pub report: Option<Binary>,
}

/// Questions.
#[cw_serde]
#[derive(QueryResponses)]
pub enum QueryMsg {
    /// Owner and pause.
    #[returns(crate::common::AdminResponse)]
    Admin {},
    /// Peers and rules.
    #[returns(ConfigResponse)]
    Config {},
    /// Where a device stands, decayed to the block of the query.
    #[returns(StandingResponse)]
    Standing {
        /// The device.
        device: DeviceId,
    },
    /// Standings of rated devices by number.
    #[returns(StandingsResponse)]
    Standings {
        /// Cursor.
        start_after: Option<DeviceId>,
        /// Default 30, at most 100.
        limit: Option<u32>,
    },
    /// How a device pays as a consumer, decayed to the block of the query.
    #[returns(ConsumerResponse)]
    Consumer {
        /// The device.
        device: DeviceId,
    },
    /// What a side may still complain.
    #[returns(VoiceResponse)]
    Voice {
        /// A payer's account, or a provider.
        of: Speaker,
    },
    /// What is at stake for a device, and what may depend on it.
    #[returns(StakeResponse)]
    Stake {
        /// The device.
        device: DeviceId,
    },
    /// Pairs that are not to meet again for a while, because the provider failed the consumer; by provider, then
    /// consumer. Some may be past.
    #[returns(AvoidedResponse)]
    Avoided {
        /// Cursor: provider and consumer.
        start_after: Option<(DeviceId, DeviceId)>,
        /// Default 30, at most 100.
        limit: Option<u32>,
    },
    /// Whether a lease was rated, and how.
    #[returns(RatingResponse)]
    Rating {
        /// The lease.
        lease: Uint64,
    },
}

/// Peers and rules.
#[cw_serde]
pub struct ConfigResponse {
    /// The registry.
    pub registry: String,
    /// The escrow.
    pub escrow: String,
    /// Rules.
    pub rules: Rules,
}

/// Where a device stands.
#[cw_serde]
pub struct StandingResponse {
    /// The device.
    pub device: DeviceId,
    /// R, the mean.
    pub score: Bps,
    /// The lower confidence bound, by which it is ranked.
    pub bound: Bps,
    /// Reliability tier; 0 for the unrated.
    pub tier: u8,
    /// Decayed weight of good service, in millionths.
    pub alpha: Uint128,
    /// Decayed weight of bad service, in millionths.
    pub beta: Uint128,
    /// Leases rated.
    pub leases: u32,
    /// Faults in the current window.
    pub faults: u32,
    /// Unix seconds until which it is suspended at least; `None` if it is not suspended.
    pub suspended_until: Option<Uint64>,
    /// How often it was suspended.
    pub suspensions: u32,
    /// Unix seconds until which its tier is 0 after a reinstatement; `None` if it is not on probation.
    pub probation_until: Option<Uint64>,
}

/// Who complains.
#[cw_serde]
#[derive(Copy)]
pub enum Speaker {
    /// Who paid, of a provider.
    Payer(AccountId),
    /// Who served, of a consumer.
    Provider(DeviceId),
}

/// What a side may still complain.
#[cw_serde]
pub struct VoiceResponse {
    /// Thousandths of a standard lease, decayed.
    pub weight: Uint64,
}

/// How a device pays.
#[cw_serde]
pub struct ConsumerResponse {
    /// The device.
    pub device: DeviceId,
    /// The mean, with the same prior as a provider's.
    pub score: Bps,
    /// The lower confidence bound.
    pub bound: Bps,
    /// Decayed weight of leases that were paid, in millionths.
    pub alpha: Uint128,
    /// Decayed weight of leases that were not, in millionths.
    pub beta: Uint128,
    /// Leases rated.
    pub leases: u32,
    /// Proven lies.
    pub lies: u32,
}

/// What is at stake for a device.
#[cw_serde]
pub struct StakeResponse {
    /// Who staked it, if anybody.
    pub staker: Option<String>,
    /// Base units.
    pub amount: Uint128,
    /// Unix seconds from which it may be withdrawn, if it unbonds; it then counts for nothing but slashing.
    pub unbonds_at: Option<Uint64>,
    /// Stake that would replace a good bound if it were suspended once more, or now if it is.
    pub appeal: Uint128,
    /// Base units that may depend on the device at once: starter, stake and fees burned.
    pub allowance: Uint128,
}

/// Two devices that are kept apart.
#[cw_serde]
pub struct AvoidedPair {
    /// Who failed.
    pub provider: DeviceId,
    /// Whom.
    pub consumer: DeviceId,
    /// Unix seconds from when they may meet again.
    pub until: Uint64,
}

/// Pairs that are kept apart.
#[cw_serde]
pub struct AvoidedResponse {
    /// By provider, then consumer.
    pub pairs: Vec<AvoidedPair>,
}

/// A list of standings.
#[cw_serde]
pub struct StandingsResponse {
    /// In ascending order.
    pub standings: Vec<StandingResponse>,
}

/// A rating.
#[cw_serde]
pub struct RatingResponse {
    /// Whether there is one.
    pub rated: bool,
    /// r, once rated.
    pub rating: Option<Bps>,
    /// w, in thousandths of a standard lease, once rated.
    pub weight: Option<Uint64>,
}
