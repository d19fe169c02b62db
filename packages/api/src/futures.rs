//! Futures: prepaid physical forwards on a quality class, with collateral, positions, exercise, default.

use crate::common::AdminMsg;
use caplet_protocol::{AssetId, Bps, CellId, DeviceId, Lots, MarketId};
use cosmwasm_schema::{QueryResponses, cw_serde};
use cosmwasm_std::{Uint64, Uint128};

/// Slots of one series at most: a week of hours. Longer windows are several series.
pub const MAX_SLOTS: u16 = 168;
/// Bids that one sale by auction keeps at a time.
pub const MAX_BIDS: usize = 64;
/// Devices, leases or other items that one message names at most.
pub const MAX_ITEMS: usize = 100;

/// Parameters of a new futures contract.
#[cw_serde]
pub struct InstantiateMsg {
    /// Governance; the sender when absent.
    pub owner: Option<String>,
    /// The registry's address.
    pub registry: String,
    /// The escrow's address.
    pub escrow: String,
    /// The reputation contract's address.
    pub reputation: String,
    /// The auction's address.
    pub auction: String,
    /// Rules.
    pub rules: Rules,
}

/// Rules of margins and of the index (`MECHANISMS.md` 5). A series keeps the margins it was issued under.
#[cw_serde]
pub struct Rules {
    /// m: least collateral as a share of the strike, not below `penalty`.
    pub least: Bps,
    /// h: how far the mark may rise before collateral no longer covers it.
    pub headroom: Bps,
    /// pen: what a default costs beside the rise of the price, as a share of the strike.
    pub penalty: Bps,
    /// Seconds from a margin call to the default.
    pub grace_secs: u32,
    /// Most of the index's weight that one owner's trades may have, below 5,000.
    pub index_cap: Bps,
    /// Least number of owners on each side of the index's trades.
    pub index_owners: u32,
    /// Seconds that a trade counts in the index.
    pub index_secs: u32,
}

/// What is sold: the class that the seller's device promises.
#[cw_serde]
#[derive(Eq)]
pub struct Quality {
    /// Network region.
    pub cell: CellId,
    /// Latency tier.
    pub latency: u8,
    /// Throughput tier.
    pub throughput: u8,
    /// Accuracy tier.
    pub accuracy: u8,
    /// Reliability tier.
    pub reliability: u8,
    /// Tags.
    pub tags: u32,
    /// From an attested enclave.
    pub attested: bool,
}

/// How a series is first sold.
#[cw_serde]
#[derive(Copy, Eq)]
pub enum Sale {
    /// At a price, from now on.
    Fixed {
        /// Base units a lot: the strike.
        price: Uint64,
    },
    /// By one auction, at one price for all.
    Auction {
        /// Least base units a lot.
        reserve: Uint64,
        /// Unix seconds when bids end; before the first slot begins.
        until: Uint64,
    },
}

/// A series as its seller issues it. Cell, attestation and reliability are the chain's, as of the issue.
#[cw_serde]
pub struct IssueInput {
    /// The delivering device, on the market's capacity ledger.
    pub device: DeviceId,
    /// The market.
    pub market: MarketId,
    /// Latency tier it promises.
    pub latency: u8,
    /// Throughput tier it promises.
    pub throughput: u8,
    /// Accuracy tier it promises.
    pub accuracy: u8,
    /// Tags, bit by bit.
    pub tags: u32,
    /// The market's slot that is delivered first; slot `n` begins at Unix second `n * slot_secs`.
    pub first_slot: u32,
    /// Slots, 1..=[`MAX_SLOTS`].
    pub slots: u16,
    /// Lots in each of them.
    pub lots: Lots,
    /// How it is sold.
    pub sale: Sale,
    /// What a lot that is not exercised still pays its seller: 10,000 is take-or-pay, and the usual.
    pub reservation: Bps,
    /// Base units from the owner's free balance, or from that of whoever backs the series; at least what the margin
    /// asks for.
    pub collateral: Uint64,
}

/// What one may ask of the futures contract. "Owner" is the owner of the device named, or an operator that it
/// approved.
#[cw_serde]
pub enum ExecuteMsg {
    /// Issues a series: reserves the capacity, locks the collateral. The device's owner.
    Issue(IssueInput),
    /// Issues a series with somebody else's collateral: the owner of `backer` puts it up, tops it up, takes it back and
    /// pays for a default; what lots bring is the delivering device's owner's. Owner of both devices, or approved by
    /// whoever is: a pool's manager approves the pool.
    IssueBacked {
        /// What is issued.
        series: IssueInput,
        /// Whose owner's free balance the collateral comes from.
        backer: DeviceId,
    },
    /// Buys lots of a fixed-price sale; locks the strike for each. Owner.
    Buy {
        /// The series.
        series: u32,
        /// Who will hold them.
        device: DeviceId,
        /// First slot, counted from 0 within the series.
        from: u16,
        /// The slot after the last.
        to: u16,
        /// Lots in each of them.
        lots: Lots,
    },
    /// Bids for whole lines of a series: every slot. Locks the limit; binding until the sale closes. Owner.
    Bid {
        /// The series.
        series: u32,
        /// Who will hold them.
        device: DeviceId,
        /// Lots in each slot.
        lots: Lots,
        /// Most base units a lot.
        limit: Uint64,
    },
    /// Closes an auction whose time is over: one price, the highest limit that was not served in full, or the
    /// reserve. Anyone.
    CloseAuction {
        /// The series.
        series: u32,
    },
    /// Takes unsold lots off the market and gives their capacity back. The seller, or who backs the series.
    EndSale {
        /// The series.
        series: u32,
    },
    /// Moves lots, with what was prepaid for them. Owner of `from`.
    Transfer {
        /// The series.
        series: u32,
        /// From whom.
        from: DeviceId,
        /// To whom.
        to: DeviceId,
        /// First slot.
        first: u16,
        /// The slot after the last.
        end: u16,
        /// Lots in each of them.
        lots: Lots,
    },
    /// Lets another account act for all devices of the sender here. The sender.
    Approve {
        /// The operator.
        operator: String,
        /// Unix seconds until when; 0 revokes.
        until: Uint64,
    },
    /// Lists lots for sale as long as the position has them. Owner.
    List {
        /// The series.
        series: u32,
        /// Who sells.
        device: DeviceId,
        /// First slot.
        from: u16,
        /// The slot after the last.
        to: u16,
        /// Lots in each of them.
        lots: Lots,
        /// Base units a lot, what is prepaid included: below the strike the seller pays the difference.
        price: Uint64,
    },
    /// Takes a listing back. Owner; anyone once its slots are over.
    Unlist {
        /// The listing.
        listing: Uint64,
    },
    /// Buys listed lots. Owner.
    Take {
        /// The listing.
        listing: Uint64,
        /// Who will hold them.
        device: DeviceId,
        /// Lots in each slot of the listing.
        lots: Lots,
        /// Most base units a lot: a listing that was replaced takes nobody by surprise.
        limit: Uint64,
    },
    /// Opens a lease at the strike for lots of a slot. If the seller's device cannot serve in the slot that runs,
    /// pays the shortfall in cash instead. Owner.
    Exercise {
        /// The series.
        series: u32,
        /// Who holds them.
        device: DeviceId,
        /// The slot, within the series.
        slot: u16,
        /// Lots.
        lots: Lots,
        /// The device that will use them, of the same owner; the holder when absent.
        consumer: Option<DeviceId>,
    },
    /// Settles what is over: lots of past slots lapse, lots of defaulted slots are paid out. Anyone.
    Settle {
        /// The series.
        series: u32,
        /// Holders, at most [`MAX_ITEMS`].
        devices: Vec<DeviceId>,
    },
    /// Reckons exercised leases that are closed: what the provider's side left undone is compensated. Anyone.
    Reckon {
        /// Leases, at most [`MAX_ITEMS`].
        leases: Vec<Uint64>,
    },
    /// Adds leases of the auction to a market's index. Anyone.
    Observe {
        /// The market.
        market: MarketId,
        /// Leases, at most [`MAX_ITEMS`].
        leases: Vec<Uint64>,
    },
    /// Calls for margin if collateral is below what the mark asks for, also when an earlier call is void because nobody
    /// acted on it for as long as its grace (600 seconds at least) once that was over. Ends a call that is met. Anyone.
    Call {
        /// The series.
        series: u32,
    },
    /// Adds collateral. Who backs the series: the seller, unless it was issued backed.
    TopUp {
        /// The series.
        series: u32,
        /// Base units from the backer's owner's free balance.
        amount: Uint64,
    },
    /// Takes back collateral that is not needed. Who backs the series: the seller, unless it was issued backed.
    Release {
        /// The series.
        series: u32,
        /// Base units.
        amount: Uint64,
    },
    /// Declares a default: the grace of a margin call is over, or the device was retired or suspended. The
    /// earliest slots that the collateral covers stay, the rest is settled in cash. Anyone.
    Default {
        /// The series.
        series: u32,
    },
    /// Lets another device of the seller's owner deliver. The seller, who must act for the backer too if the series
    /// was issued backed.
    Substitute {
        /// The series.
        series: u32,
        /// The device.
        device: DeviceId,
    },
    /// Offers the seller's side to another device's owner. The seller.
    OfferNovation {
        /// The series.
        series: u32,
        /// To whom; nobody when absent.
        to: Option<DeviceId>,
    },
    /// Takes the seller's side over with fresh collateral. The owner of the device it was offered to.
    Novate {
        /// The series.
        series: u32,
        /// The device that was named.
        device: DeviceId,
        /// Base units from its owner's free balance.
        collateral: Uint64,
    },
    /// Ends a series in which nothing is left: what remains of its collateral returns to who put it up. Anyone.
    Close {
        /// The series.
        series: u32,
    },
    /// New rules for series issued from now on, and for the index at once. Governance.
    SetRules(Rules),
    /// Ownership and pause. A pause stops Issue, IssueBacked, Buy, Bid, List, Take, Novate and Observe only.
    Admin(AdminMsg),
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
    /// A series.
    #[returns(SeriesResponse)]
    Series {
        /// The series.
        series: u32,
    },
    /// Series by number.
    #[returns(SeriesListResponse)]
    AllSeries {
        /// Cursor.
        start_after: Option<u32>,
        /// Default 30, at most 100.
        limit: Option<u32>,
    },
    /// A position.
    #[returns(PositionResponse)]
    Position {
        /// The series.
        series: u32,
        /// The holder.
        device: DeviceId,
    },
    /// Positions of a series by holder.
    #[returns(PositionsResponse)]
    Positions {
        /// The series.
        series: u32,
        /// Cursor.
        start_after: Option<DeviceId>,
        /// Default 30, at most 100.
        limit: Option<u32>,
    },
    /// Bids of a series' auction, the highest first.
    #[returns(BidsResponse)]
    Bids {
        /// The series.
        series: u32,
    },
    /// Listings by number.
    #[returns(ListingsResponse)]
    Listings {
        /// Cursor.
        start_after: Option<Uint64>,
        /// Default 30, at most 100.
        limit: Option<u32>,
    },
    /// A market's mark: the index, or its fallback.
    #[returns(MarkResponse)]
    Mark {
        /// The market.
        market: MarketId,
    },
    /// An exercised lease that is not yet reckoned.
    #[returns(DeliveryResponse)]
    Delivery {
        /// The lease.
        lease: Uint64,
    },
    /// Whether an account may act for another.
    #[returns(OperatorResponse)]
    Operator {
        /// Whose devices.
        owner: String,
        /// The operator.
        operator: String,
    },
}

/// Peers and rules.
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
    /// Rules.
    pub rules: Rules,
}

/// The same lots in every slot from `from` up to, not including, `to`.
#[cw_serde]
#[derive(Copy, Eq)]
pub struct RunResponse {
    /// First slot.
    pub from: u16,
    /// The slot after the last.
    pub to: u16,
    /// Lots in each of them.
    pub lots: u32,
}

/// Slots that were defaulted on.
#[cw_serde]
#[derive(Copy, Eq)]
pub struct DefaultResponse {
    /// First slot.
    pub from: u16,
    /// The slot after the last.
    pub to: u16,
    /// Base units a lot beside what was prepaid.
    pub paid: Uint64,
}

/// A series.
#[cw_serde]
pub struct SeriesResponse {
    /// Its number.
    pub series: u32,
    /// The delivering device.
    pub seller: DeviceId,
    /// The device whose owner has the collateral in its account: the delivering one, unless another was named.
    pub backer: DeviceId,
    /// The market.
    pub market: MarketId,
    /// What it is paid in.
    pub asset: AssetId,
    /// The class.
    pub quality: Quality,
    /// The market's slot that is delivered first.
    pub first_slot: u32,
    /// Slots.
    pub slots: u16,
    /// Seconds of a slot.
    pub slot_secs: u32,
    /// The slot that runs or comes first, within the series; `slots` once all are over.
    pub current: u16,
    /// How it was first sold.
    pub sale: Sale,
    /// Base units a lot; `None` before an auction closed.
    pub strike: Option<Uint64>,
    /// What a lapsed lot pays its seller.
    pub reservation: Bps,
    /// Lots not sold yet.
    pub unsold: Vec<RunResponse>,
    /// Lots in positions, those not yet settled included.
    pub sold: Vec<RunResponse>,
    /// Lots in exercised leases that are not reckoned.
    pub delivering: Uint64,
    /// Base units of collateral, without what is owed.
    pub collateral: Uint64,
    /// Base units that the margin asks for now.
    pub required: Uint128,
    /// Base units of collateral that defaults owe to positions.
    pub owed: Uint64,
    /// Unix seconds of the margin call that is open: neither ended nor void.
    pub called: Option<Uint64>,
    /// Seconds from a margin call to the default, as of the issue.
    pub grace_secs: u32,
    /// Whom the seller's side is offered to.
    pub novation: Option<DeviceId>,
    /// Slots that were defaulted on.
    pub defaults: Vec<DefaultResponse>,
}

/// A list of series.
#[cw_serde]
pub struct SeriesListResponse {
    /// In ascending order.
    pub series: Vec<SeriesResponse>,
}

/// A position: lots by slot that are neither exercised nor settled.
#[cw_serde]
pub struct PositionResponse {
    /// The holder.
    pub device: DeviceId,
    /// Lots.
    pub runs: Vec<RunResponse>,
    /// Base units prepaid for them.
    pub prepaid: Uint64,
}

/// Positions of a series.
#[cw_serde]
pub struct PositionsResponse {
    /// In ascending order of holders.
    pub positions: Vec<PositionResponse>,
}

/// A bid.
#[cw_serde]
pub struct BidResponse {
    /// Its number.
    pub bid: u32,
    /// Who bids.
    pub device: DeviceId,
    /// Lots in each slot.
    pub lots: Lots,
    /// Most base units a lot.
    pub limit: Uint64,
}

/// Bids of an auction.
#[cw_serde]
pub struct BidsResponse {
    /// The highest first, among equals the oldest.
    pub bids: Vec<BidResponse>,
}

/// A listing.
#[cw_serde]
pub struct ListingResponse {
    /// Its number.
    pub listing: Uint64,
    /// The series.
    pub series: u32,
    /// Who sells.
    pub device: DeviceId,
    /// First slot.
    pub from: u16,
    /// The slot after the last.
    pub to: u16,
    /// Lots in each of them.
    pub lots: Lots,
    /// Base units a lot.
    pub price: Uint64,
}

/// Listings.
#[cw_serde]
pub struct ListingsResponse {
    /// In ascending order.
    pub listings: Vec<ListingResponse>,
}

/// Where a market stands as far as margins are concerned.
#[cw_serde]
pub struct MarkResponse {
    /// The index; `None` if too few owners traded within the window.
    pub index: Option<Uint64>,
    /// What margins use: the index, or the auction's base price.
    pub mark: Uint64,
    /// What defaults are settled at: the mark, or the index of the latest quarter of the window if higher.
    pub settle: Uint64,
    /// Trades within the window.
    pub trades: u32,
}

/// An exercised lease.
#[cw_serde]
pub struct DeliveryResponse {
    /// The series.
    pub series: u32,
    /// Who exercised.
    pub device: DeviceId,
    /// The slot.
    pub slot: u16,
    /// Lots.
    pub lots: Lots,
}

/// Whether an account may act for another.
#[cw_serde]
pub struct OperatorResponse {
    /// Unix seconds until when; 0 for never.
    pub until: Uint64,
}
