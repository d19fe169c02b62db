//! Pool: several devices behind one provider identity; one contract instance a pool.

use crate::auction::{CancelInput, OfferInput};
use crate::common::AdminMsg;
use crate::futures::IssueInput;
use caplet_protocol::{AssetId, Bps, DeviceId, Lots, MarketId};
use cosmwasm_schema::{QueryResponses, cw_serde};
use cosmwasm_std::{Uint64, Uint128};

/// Members of one pool at most.
pub const MAX_MEMBERS: usize = 64;
/// Leases that one message names, and that a pool serves at a time, at most.
pub const MAX_LEASES: usize = 100;
/// Slots ahead of the one that runs that a series of futures may reach: a promise holds the stakes of members that
/// leave until others can keep it, so it is bounded.
pub const MAX_AHEAD: u32 = 336;

/// Parameters of a new pool.
#[cw_serde]
pub struct InstantiateMsg {
    /// Governance; the sender when absent.
    pub owner: Option<String>,
    /// Who places the pool's offers and issues its futures; it never touches members' money.
    pub manager: String,
    /// The registry's address.
    pub registry: String,
    /// The escrow's address.
    pub escrow: String,
    /// The reputation contract's address.
    pub reputation: String,
    /// The auction's address.
    pub auction: String,
    /// The market it sells in.
    pub market: MarketId,
    /// Rules, fixed for the pool's life: members know what they join.
    pub rules: Rules,
}

/// What members agree to.
#[cw_serde]
pub struct Rules {
    /// k: members whose capacity is held back, the largest; what is sold fits the others.
    pub spares: u32,
    /// Share of revenue that pays for standing ready, by committed capacity; the rest pays who delivered.
    pub ready: Bps,
    /// Base units of stake a committed lot.
    pub stake: Uint64,
    /// Share of a lease's price that a failing member pays to who takes over.
    pub penalty: Bps,
    /// Seconds of an epoch: members join and leave between two.
    pub epoch_secs: u32,
    /// Seconds in which a challenged member must answer.
    pub answer_secs: u32,
    /// Seconds that income nobody delivered for must lie before it is shared: longer than leases and their settle
    /// windows, so that it is nobody's unaccounted work.
    pub hold_secs: u32,
    /// How available a member of each reliability tier is, tier 0 first.
    pub reliability: Vec<Bps>,
}

/// What one may ask of a pool.
#[cw_serde]
pub enum ExecuteMsg {
    /// Names the device that the pool sells as, once; it must be registered with this contract as its owner. The
    /// manager.
    Bind {
        /// The device.
        device: DeviceId,
    },
    /// Commits a device's capacity and locks its stake; counts from the next epoch. The device's owner.
    Join {
        /// The device.
        device: DeviceId,
        /// Lots at a time.
        lots: Lots,
        /// What a lot costs it, base units: the cheaper serves first among equally reliable.
        cost: Uint64,
    },
    /// Has a member count as it stands: lets one in whose epoch has come and who serves; has one that counts and cannot
    /// serve count no more, until it is admitted again in a later epoch; of one that stands as it should, brings the
    /// capacity ledger up to date, and is refused if it is. Anyone.
    Admit {
        /// The member.
        device: DeviceId,
    },
    /// Announces that a member leaves with the next epoch. From now on it counts no more: it is assigned no lease, has no
    /// share of what standing ready brings, and none of its lots is sold; it serves what it has. The device's owner.
    Leave {
        /// The member.
        device: DeviceId,
    },
    /// Lets a member go whose epoch has come and who serves nothing: its stake returns and what it earned is
    /// paid. Refused while more is promised than the others can do. Anyone.
    Depart {
        /// The member.
        device: DeviceId,
    },
    /// Places offers of the pool's device. The manager.
    Offer {
        /// At most 256; devices and signatures are filled in.
        offers: Vec<OfferInput>,
    },
    /// Issues a series of futures of the pool's device. The manager, with collateral of its own: the members' money
    /// neither goes into it nor pays for a default, and it returns to who put it up. In every slot of the series all
    /// that is promised is no more than what may be sold now; the last is at most [`MAX_AHEAD`] slots ahead. Topped up,
    /// released and taken off the market at the futures contract, by the owner of `backer`.
    Issue {
        /// The futures contract; there the owner of `backer` has approved the pool. The auction lets it reserve.
        futures: String,
        /// What is sold; device and market are filled in. Collateral in base units, out of the backer's owner's free
        /// balance in escrow, whatever the market is paid in.
        series: IssueInput,
        /// A device of the sender's.
        backer: DeviceId,
    },
    /// Takes offers of the pool's device back. The manager; anybody while the pool is paused.
    Cancel {
        /// At most 100.
        orders: Vec<CancelInput>,
    },
    /// Gives leases of the pool's device that have begun to the members that are first in the failover order and have
    /// room; one that is served and has grown since, to its member with all its lots. Anyone.
    Assign {
        /// At most [`MAX_LEASES`].
        leases: Vec<Uint64>,
    },
    /// Credits what leases have redeemed since the last time; closed ones free their member. Anyone.
    Account {
        /// At most [`MAX_LEASES`].
        leases: Vec<Uint64>,
    },
    /// Claims that the serving member does not serve. The owner of the member that would take over.
    Challenge {
        /// The lease.
        lease: Uint64,
    },
    /// Says that it serves. The serving member's owner.
    Answer {
        /// The lease.
        lease: Uint64,
    },
    /// Hands a lease on without a penalty. The serving member's owner.
    HandOver {
        /// The lease.
        lease: Uint64,
    },
    /// Takes an unanswered lease over, at the original price, with the penalty out of the failing member's stake.
    /// Anyone.
    TakeOver {
        /// The lease.
        lease: Uint64,
    },
    /// Pays what a member earned to its owner. Anyone.
    Claim {
        /// The member.
        device: DeviceId,
    },
    /// Shares income that no lease brought, such as reservation shares of futures, once it has lain long enough.
    /// Anyone.
    Collect {},
    /// Another manager. Governance.
    SetManager {
        /// Its address.
        manager: String,
    },
    /// Ownership and pause. A pause stops Join, Admit, Offer, Issue and Challenge only.
    Admin(AdminMsg),
}

/// Questions.
#[cw_serde]
#[derive(QueryResponses)]
pub enum QueryMsg {
    /// Owner and pause.
    #[returns(crate::common::AdminResponse)]
    Admin {},
    /// Peers, manager, device, rules.
    #[returns(ConfigResponse)]
    Config {},
    /// What the pool may promise now, by the members that count and serve; the capacity ledger may be older.
    #[returns(PromiseResponse)]
    Promise {},
    /// A member.
    #[returns(MemberResponse)]
    Member {
        /// The member.
        device: DeviceId,
    },
    /// Members by device.
    #[returns(MembersResponse)]
    Members {
        /// Cursor.
        start_after: Option<DeviceId>,
        /// Default 30, at most 100.
        limit: Option<u32>,
    },
    /// A lease that the pool serves.
    #[returns(ServedResponse)]
    Lease {
        /// The lease.
        lease: Uint64,
    },
    /// Leases that the pool serves, by number.
    #[returns(LeasesResponse)]
    Leases {
        /// Cursor.
        start_after: Option<Uint64>,
        /// Default 30, at most 100.
        limit: Option<u32>,
    },
    /// Who would take a lease over now.
    #[returns(NextResponse)]
    Next {
        /// The lease, assigned.
        lease: Uint64,
    },
    /// The pool's money.
    #[returns(MoneyResponse)]
    Money {},
}

/// Peers, manager, device, rules.
#[cw_serde]
pub struct ConfigResponse {
    /// The registry.
    pub registry: String,
    /// The escrow.
    pub escrow: String,
    /// The reputation contract.
    pub reputation: String,
    /// The auction.
    pub auction: String,
    /// Who places offers.
    pub manager: String,
    /// The market.
    pub market: MarketId,
    /// What it is paid in.
    pub asset: AssetId,
    /// The device that the pool sells as.
    pub device: Option<DeviceId>,
    /// Rules.
    pub rules: Rules,
}

/// What the pool may promise.
#[cw_serde]
pub struct PromiseResponse {
    /// Members that count and serve.
    pub members: u32,
    /// Lots at a time that may be sold: all but those of the largest `spares` members.
    pub sellable: Lots,
    /// Lots that are promised, in the slot from now on that has most: leases, open offers, futures. Beyond `sellable`
    /// while members left, or cannot serve, that it was promised of.
    pub promised: Lots,
    /// Probability in millionths that no more than `spares` members fail at once, members that share a gateway or
    /// an owner counted as one; never rounded up.
    pub availability: u32,
}

/// A member.
#[cw_serde]
pub struct MemberResponse {
    /// Its device.
    pub device: DeviceId,
    /// Lots it committed.
    pub lots: Lots,
    /// Lots it serves now.
    pub busy: Lots,
    /// What a lot costs it.
    pub cost: Uint64,
    /// Base units of stake left.
    pub stake: Uint64,
    /// Whether it counts.
    pub active: bool,
    /// The epoch from which it may be admitted.
    pub joins: Uint64,
    /// The epoch from which it may depart.
    pub leaves: Option<Uint64>,
    /// Base units it may claim.
    pub earned: Uint64,
}

/// A list of members.
#[cw_serde]
pub struct MembersResponse {
    /// In ascending order.
    pub members: Vec<MemberResponse>,
}

/// A lease that the pool serves.
#[cw_serde]
pub struct ServedResponse {
    /// The lease.
    pub lease: Uint64,
    /// Who serves.
    pub member: DeviceId,
    /// Lots.
    pub lots: Lots,
    /// Base units after fees that were credited for it.
    pub credited: Uint64,
    /// Who challenged.
    pub challenger: Option<DeviceId>,
    /// Unix seconds until when it must be answered.
    pub answer_by: Option<Uint64>,
}

/// A list of leases that are served.
#[cw_serde]
pub struct LeasesResponse {
    /// In ascending order.
    pub leases: Vec<ServedResponse>,
}

/// Who would take over.
#[cw_serde]
pub struct NextResponse {
    /// The first in the failover order with room, other than who serves; nobody if none has.
    pub member: Option<DeviceId>,
}

/// The pool's money in escrow.
#[cw_serde]
pub struct MoneyResponse {
    /// What escrow holds for it.
    pub free: Uint128,
    /// Base units ever credited: to members for delivery, and shared for readiness.
    pub credited: Uint64,
    /// Base units ever paid to members.
    pub paid: Uint64,
    /// Income that no lease brought and that is not shared yet.
    pub waiting: Uint64,
}
