//! Reputation: ratings from settled leases, tiers, suspension and reinstatement.

use crate::common::AdminMsg;
use caplet_protocol::{Bps, DeviceId};
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
    /// New rules, for ratings from now on. Owner only.
    SetRules(Rules),
    /// Ownership and pause. A pause stops Rate.
    Admin(AdminMsg),
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
