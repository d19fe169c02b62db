//! Escrow: balances, leases, vouchers, settlement, fees.

use crate::common::AdminMsg;
use crate::cw20::Cw20ReceiveMsg;
use caplet_protocol::{AccountId, AssetId, Bps, DeviceId, Lane, LeaseId, Lots, MarketId};
use cosmwasm_schema::{QueryResponses, cw_serde};
use cosmwasm_std::{Binary, HexBinary, Uint64, Uint128};

/// ed25519 signatures one host call verifies at most.
pub const MAX_BATCH_SIGNATURES: usize = 256;

/// Parameters of a new escrow.
#[cw_serde]
pub struct InstantiateMsg {
    /// Governance; the sender when absent.
    pub owner: Option<String>,
    /// The registry's address.
    pub registry: String,
    /// Assets that are accepted as payment, numbered from 1 in this order.
    pub assets: Vec<AssetInput>,
    /// Fees on what is paid.
    pub fees: FeeSchedule,
    /// Where the protocol's fees go when they are swept; burned when absent.
    pub treasury: Option<String>,
}

/// What something is paid in.
#[cw_serde]
#[derive(Eq)]
pub enum AssetKind {
    /// A denomination of the bank module, `ibc/...` included.
    Native {
        /// The denomination.
        denom: String,
    },
    /// A CW20 token.
    Cw20 {
        /// The token's address.
        address: String,
    },
}

/// An accepted asset with its human units.
#[cw_serde]
pub struct AssetInput {
    /// What it is.
    pub kind: AssetKind,
    /// What people call a whole unit, such as `CAP`.
    pub symbol: String,
    /// Decimals of a whole unit, 0..=18.
    pub decimals: u8,
}

/// Fees, as floor of basis points of the *cumulative* redeemed amount of a lane, paid as differences.
#[cw_serde]
#[derive(Copy)]
pub struct FeeSchedule {
    /// To the protocol (burned or treasury).
    pub protocol: Bps,
    /// To whoever submits the settlement.
    pub keeper: Bps,
}

/// What one may ask of the escrow.
#[cw_serde]
pub enum ExecuteMsg {
    /// Credits the native coins that come with it.
    Deposit {
        /// Whose balance; the sender's when absent.
        account: Option<String>,
    },
    /// CW20 deposits, sent by the token contract.
    Receive(Cw20ReceiveMsg),
    /// Pays out free balance of the sender.
    Withdraw {
        /// The asset.
        asset: AssetId,
        /// Base units; everything free when absent.
        amount: Option<Uint128>,
        /// To whom; the sender when absent.
        to: Option<String>,
    },
    /// Lets a device's key commit up to `limit` of the sender's balance. The device's owner only.
    Authorise {
        /// The device.
        device: DeviceId,
        /// The asset.
        asset: AssetId,
        /// Base units, over what its key has spent so far; 0 forbids more.
        limit: Uint64,
    },
    /// Moves payers' money from free to ordered, for orders. Openers only.
    Lock {
        /// The asset.
        asset: AssetId,
        /// Who relayed the orders and gets the relay fees.
        relayer: String,
        /// [`crate::packed::LockItem`]s.
        items: Binary,
    },
    /// Moves ordered money back to free. Openers only.
    Unlock {
        /// The asset.
        asset: AssetId,
        /// Who gets the bonds that the items forfeit; the protocol's fees when absent.
        beneficiary: Option<String>,
        /// [`crate::packed::UnlockItem`]s.
        items: Binary,
    },
    /// Turns ordered money into leases; no item can fail for lack of funds. Openers only.
    Open {
        /// What the leases have in common.
        terms: Terms,
        /// Who gets the items' fees: whoever cleared. The sender of an instant take pays none.
        beneficiary: Option<String>,
        /// [`crate::packed::OpenItem`]s.
        items: Binary,
    },
    /// Turns ordered money into one lease of several lanes: a pool's members and spares, or two
    /// gateways of one device. Openers only.
    OpenShared {
        /// Its terms.
        terms: Terms,
        /// Who gets the item's fee.
        beneficiary: Option<String>,
        /// One [`crate::packed::OpenItem`].
        item: Binary,
        /// 1 to 4 [`crate::packed::LaneItem`]s.
        lanes: Binary,
    },
    /// Adds lots to running leases at their own price, together with lots that the sender has taken
    /// from the instant lane: anything else would bypass the capacity ledger. Openers only.
    TopUp {
        /// [`crate::packed::TopUpItem`]s.
        items: Binary,
    },
    /// Moves reserve from one lane of a lease to another; what is redeemed and the exposure cap stay
    /// behind. The payer only.
    MoveCap {
        /// At most 100.
        items: Vec<MoveCapInput>,
    },
    /// Redeems vouchers; each item is judged alone. Anyone; the sender gets the keeper fee.
    Settle {
        /// [`crate::packed::VoucherItem`]s, packed.
        vouchers: Binary,
    },
    /// Redeems a list of amounts that one device signed once for many payees. Anyone.
    SettleList {
        /// The device; each entry's lane must be signed by it.
        signer: DeviceId,
        /// [`crate::packed::ListEntry`]s, byte for byte as they were signed.
        entries: Binary,
        /// Its signature over `layout::VoucherList`.
        signature: Binary,
    },
    /// Redeems one voucher written out, for clients without the packed form. Anyone.
    Redeem {
        /// The voucher.
        voucher: VoucherInput,
    },
    /// Announces that a lease will be reclaimed when its notice has passed. Provider side.
    Notice {
        /// The leases.
        leases: Vec<Uint64>,
    },
    /// Ends leases early: the payer any time, the provider after notice.
    Close {
        /// At most 100.
        items: Vec<CloseInput>,
    },
    /// Finishes leases at once: the payee, or anyone with the payee's closing statement.
    Finish {
        /// At most 100.
        items: Vec<CloseInput>,
    },
    /// Begins the settle window of leases past their end. Anyone.
    Poke {
        /// The leases, at most 100.
        leases: Vec<Uint64>,
    },
    /// Closes leases whose settle window has passed: refund to the payer, bond to the sender. Anyone.
    Sweep {
        /// The leases, at most 100.
        leases: Vec<Uint64>,
    },
    /// Sends the protocol's collected fees to the treasury, or burns them. Anyone.
    SweepFees {
        /// The asset.
        asset: AssetId,
    },
    /// Accepts another asset. Owner only.
    AddAsset(AssetInput),
    /// New fees for leases opened from now on. Owner only.
    SetFees(FeeSchedule),
    /// Contracts that may lock and open (auction, futures, pool). Owner only.
    SetOpeners {
        /// Addresses; replaces the list.
        openers: Vec<String>,
    },
    /// The contract whose suspensions close leases. Owner only.
    SetReputation {
        /// Its address.
        reputation: String,
    },
    /// Ownership and pause. A pause stops Lock, Open, OpenShared and TopUp only.
    Admin(AdminMsg),
}

/// What a CW20 deposit says.
#[cw_serde]
pub enum ReceiveMsg {
    /// Credit the tokens.
    Deposit {
        /// Whose balance; the token sender's when absent.
        account: Option<String>,
    },
}

/// What the leases of one `Open` have in common.
#[cw_serde]
pub struct Terms {
    /// The market.
    pub market: MarketId,
    /// The market's epoch that cleared, or the one in which an instant take happened.
    pub epoch: u32,
    /// What is paid.
    pub asset: AssetId,
    /// Unix seconds: when service may begin.
    pub start: Uint64,
    /// Unix seconds: when the lease expires; after `start`.
    pub end: Uint64,
    /// Units of service in a lot.
    pub lot_units: Uint64,
    /// Seconds from closing to sweeping, at least.
    pub settle_secs: u32,
    /// Blocks from closing to sweeping, at least.
    pub settle_blocks: u32,
    /// Seconds of a provider's notice.
    pub notice_secs: u32,
    /// Base units a payee may be owed beyond what it has redeemed (`PROTOCOL.md` 2).
    pub exposure_cap: Uint64,
    /// Base units from the payer for whoever sweeps, a lease.
    pub close_bond: Uint64,
}

/// A voucher written out with its signature.
#[cw_serde]
pub struct VoucherInput {
    /// The lease.
    pub lease: Uint64,
    /// The lane.
    pub lane: Lane,
    /// Cumulative base units.
    pub amount: Uint128,
    /// Cumulative units.
    pub units: Uint64,
    /// The chain it carries.
    pub chain: Option<ChainInput>,
    /// SHA-256 of the QoS report, in a last voucher.
    pub evidence: Option<Binary>,
    /// The lane key's signature over `layout::Voucher`.
    pub signature: Binary,
}

/// The hash chain of a voucher, with the best link revealed.
#[cw_serde]
pub struct ChainInput {
    /// Links, 1..=1024.
    pub links: u16,
    /// Units a link is worth.
    pub link_units: u32,
    /// Base units a link is worth.
    pub link_amount: Uint64,
    /// Anchor.
    pub anchor: Binary,
    /// Which link is revealed; 0 for none.
    pub k: u16,
    /// That link.
    pub link: Binary,
}

/// Reserve to move between lanes of a lease.
#[cw_serde]
pub struct MoveCapInput {
    /// The lease, Open or Notice.
    pub lease: Uint64,
    /// The lane that gives.
    pub from: Lane,
    /// The lane that receives.
    pub to: Lane,
    /// Base units, above 0.
    pub amount: Uint64,
}

/// A lease to end.
#[cw_serde]
pub struct CloseInput {
    /// The lease.
    pub lease: Uint64,
    /// Reason; must fit the message and the side.
    pub reason: CloseReason,
    /// The side's device signature over `layout::Closing`; not needed when the side's owner sends.
    pub signature: Option<Binary>,
}

/// Where a lease stands.
#[cw_serde]
#[derive(Copy, Eq)]
#[repr(u8)]
pub enum LeaseState {
    /// Served and paid.
    Open = 0,
    /// Open, with reclaim announced.
    Notice = 1,
    /// Ended; vouchers are still redeemed until the sweep.
    Closing = 2,
    /// Over; the only ground for a rating.
    Closed = 3,
}

/// Why a lease ended; one enum everywhere.
#[cw_serde]
#[derive(Copy, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum CloseReason {
    /// Every lane was redeemed to its cap.
    Exhausted = 1,
    /// Its time was over.
    Expired = 2,
    /// The consumer ended it.
    ConsumerClosed = 3,
    /// The payee said it was done.
    ProviderFinished = 4,
    /// The provider took it back after notice.
    Reclaimed = 5,
    /// A key was revoked as compromised.
    KeyCompromised = 6,
    /// A device was retired.
    DeviceRetired = 7,
    /// The provider was suspended.
    Suspended = 8,
    /// Both sides counted differently, three times.
    CountMismatch = 9,
    /// No pool member could serve.
    PoolDefault = 10,
}

impl CloseReason {
    /// All reasons in the order of their numbers.
    pub const ALL: [Self; 10] = [
        Self::Exhausted,
        Self::Expired,
        Self::ConsumerClosed,
        Self::ProviderFinished,
        Self::Reclaimed,
        Self::KeyCompromised,
        Self::DeviceRetired,
        Self::Suspended,
        Self::CountMismatch,
        Self::PoolDefault,
    ];

    /// The reason with this number.
    #[must_use]
    pub fn from_u8(value: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| *reason as u8 == value)
    }
}

/// What became of a settled item.
#[cw_serde]
#[derive(Copy, Eq)]
#[repr(u8)]
pub enum ItemResult {
    /// Paid in full.
    Paid = 0,
    /// Not above what was redeemed already; pays nothing, harms nothing.
    Stale = 1,
    /// The signature does not fit the lane key.
    BadSignature = 2,
    /// The revealed link does not reach the anchor.
    BadChain = 3,
    /// Paid up to the lane's cap.
    Clamped = 4,
    /// The lease is closed.
    Closed = 5,
    /// There is no such lane.
    Unknown = 6,
    /// The bytes are no voucher.
    Malformed = 7,
}

impl ItemResult {
    /// The result with this number.
    #[must_use]
    pub fn from_u8(value: u8) -> Option<Self> {
        use ItemResult::*;
        [Paid, Stale, BadSignature, BadChain, Clamped, Closed, Unknown, Malformed]
            .into_iter()
            .find(|result| *result as u8 == value)
    }
}

/// Questions.
#[cw_serde]
#[derive(QueryResponses)]
pub enum QueryMsg {
    /// Owner and pause.
    #[returns(crate::common::AdminResponse)]
    Admin {},
    /// The signing domain.
    #[returns(crate::common::DomainResponse)]
    Domain {},
    /// Peers, fees, openers.
    #[returns(ConfigResponse)]
    Config {},
    /// Accepted assets.
    #[returns(AssetsResponse)]
    Assets {},
    /// One balance.
    #[returns(BalanceResponse)]
    Balance {
        /// Whose.
        address: String,
        /// Of what.
        asset: AssetId,
    },
    /// All balances of an asset, by account number.
    #[returns(BalancesResponse)]
    Balances {
        /// Of what.
        asset: AssetId,
        /// Cursor.
        start_after: Option<AccountId>,
        /// Default 30, at most 100.
        limit: Option<u32>,
    },
    /// What a device's key may still commit.
    #[returns(AllowanceResponse)]
    Allowance {
        /// The device.
        device: DeviceId,
        /// Of what.
        asset: AssetId,
    },
    /// A lease.
    #[returns(LeaseResponse)]
    Lease {
        /// The lease.
        lease: Uint64,
    },
    /// Leases by number.
    #[returns(LeasesResponse)]
    Leases {
        /// Cursor.
        start_after: Option<Uint64>,
        /// Default 30, at most 100.
        limit: Option<u32>,
    },
    /// The whole ledger of an asset beside what the contract really holds.
    #[returns(LedgerResponse)]
    Ledger {
        /// The asset.
        asset: AssetId,
    },
}

/// Peers, fees, openers.
#[cw_serde]
pub struct ConfigResponse {
    /// The registry.
    pub registry: String,
    /// The contract whose suspensions close leases, once it is named.
    pub reputation: Option<String>,
    /// Contracts that may lock and open.
    pub openers: Vec<String>,
    /// Fees for leases opened now.
    pub fees: FeeSchedule,
    /// Where protocol fees go; burned when absent.
    pub treasury: Option<String>,
}

/// An accepted asset.
#[cw_serde]
pub struct AssetResponse {
    /// Its number.
    pub asset: AssetId,
    /// What it is.
    pub kind: AssetKind,
    /// What people call a whole unit.
    pub symbol: String,
    /// Decimals of a whole unit.
    pub decimals: u8,
}

/// Accepted assets.
#[cw_serde]
pub struct AssetsResponse {
    /// In the order of their numbers.
    pub assets: Vec<AssetResponse>,
}

/// A balance. What is reserved in leases is not in it: it is the sum over the account's leases.
#[cw_serde]
pub struct BalanceResponse {
    /// Whose; `None` for an address that never had an account.
    pub account: Option<AccountId>,
    /// May be withdrawn.
    pub free: Uint128,
    /// Locked for orders.
    pub ordered: Uint128,
}

/// Balances of one asset.
#[cw_serde]
pub struct BalancesResponse {
    /// In ascending order of accounts.
    pub balances: Vec<BalanceResponse>,
}

/// What a device's key may commit.
#[cw_serde]
pub struct AllowanceResponse {
    /// As the owner set it.
    pub limit: Uint64,
    /// Committed and not come back.
    pub committed: Uint64,
}

/// A lane of a lease.
#[cw_serde]
pub struct LaneResponse {
    /// Its number.
    pub lane: Lane,
    /// Most it may redeem.
    pub cap: Uint64,
    /// Redeemed so far, gross.
    pub redeemed: Uint64,
    /// Device whose key signs its vouchers.
    pub signer: DeviceId,
    /// Account that is credited.
    pub payee: AccountId,
}

/// A lease.
#[cw_serde]
pub struct LeaseResponse {
    /// Its number.
    pub lease: Uint64,
    /// What it shares with the others of its batch.
    pub terms: Terms,
    /// The consuming device.
    pub consumer: DeviceId,
    /// The providing device.
    pub provider: DeviceId,
    /// The payer's account.
    pub payer: AccountId,
    /// Base units a lot.
    pub price: Uint64,
    /// Lots.
    pub lots: Lots,
    /// Lanes.
    pub lanes: Vec<LaneResponse>,
    /// State.
    pub state: LeaseState,
    /// Why it ended, once it has.
    pub reason: Option<CloseReason>,
    /// Unix seconds of Close or Poke, once there was one.
    pub closing_time: Option<Uint64>,
    /// Height of Close or Poke, once there was one.
    pub closing_height: Option<Uint64>,
    /// Fees it pays.
    pub fees: FeeSchedule,
    /// SHA-256 of the QoS report in the best voucher, if it had one.
    pub evidence: Option<HexBinary>,
}

/// A list of leases.
#[cw_serde]
pub struct LeasesResponse {
    /// In ascending order.
    pub leases: Vec<LeaseResponse>,
}

/// The ledger of one asset: all parts, and what the contract really holds.
#[cw_serde]
pub struct LedgerResponse {
    /// Sum of free balances.
    pub free: Uint128,
    /// Sum of ordered balances.
    pub ordered: Uint128,
    /// Sum of what leases still reserve.
    pub reserved: Uint128,
    /// Sum of close bonds.
    pub bonds: Uint128,
    /// Protocol fees not yet swept.
    pub fees: Uint128,
    /// Ever deposited.
    pub deposited: Uint128,
    /// Ever withdrawn.
    pub withdrawn: Uint128,
    /// Protocol fees ever swept out.
    pub swept: Uint128,
    /// What the bank or the token says the contract has. At least the sum of the parts: coins sent without a
    /// deposit are nobody's.
    pub held: Uint128,
}

/// Number of a lease as escrow's events and pages write it.
#[must_use]
pub fn lease_id(value: Uint64) -> LeaseId {
    LeaseId(value.u64())
}
