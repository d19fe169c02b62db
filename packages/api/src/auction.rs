//! Auction: markets, supply classes, order pages, epochs, batch clearing, instant lane, price controller.

use crate::common::AdminMsg;
use caplet_protocol::{
    AssetId, Bps, CellId, ClassSlot, DeviceId, Kind, Lots, MarketId, Tick,
    layout::{OrderFlags, Side},
};
use cosmwasm_schema::{QueryResponses, cw_serde};
use cosmwasm_std::{Binary, Uint64, Uint128};

/// What the name of a tag begins with that names what an enclave runs.
pub const MEASUREMENT_TAG: &str = "mr/";

/// Orders in one page, hence in one placing message and side.
pub const MAX_PAGE: usize = 256;
/// Live supply classes of a market.
pub const MAX_CLASSES: usize = 64;
/// Slots of one reservation, and slots ahead that an offer on the capacity ledger may reach.
pub const MAX_SLOTS: u16 = 1_024;
/// Epoch in [`crate::escrow::Terms`] of leases that no epoch of the auction opened: what futures and pools open
/// in a market. [`ExecuteMsg::Return`] leaves such leases alone; their opener releases its own slots.
pub const NO_EPOCH: u32 = u32::MAX;

/// Parameters of a new auction.
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
}

/// A market as governance defines it.
#[cw_serde]
pub struct MarketConfig {
    /// Kind of capability.
    pub kind: Kind,
    /// What of that kind, such as `temperature`; 1..=64 characters of `a-z0-9/._-`.
    pub resource: String,
    /// Unit that is counted, such as `reading`, `MiB`, `Mfuel`, `job`.
    pub unit: String,
    /// Units of service in a lot; not 0.
    pub lot_units: Uint64,
    /// Seconds a lot lasts; not 0.
    pub slot_secs: u32,
    /// What is paid.
    pub asset: AssetId,
    /// Base units of one tick; not 0.
    pub tick_size: Uint64,
    /// Seconds of an epoch: one to collect, the next to clear; not 0.
    pub epoch_secs: u32,
    /// Seconds from a lease's closing to its sweep, at least.
    pub settle_secs: u32,
    /// Blocks from a lease's closing to its sweep, at least.
    pub settle_blocks: u32,
    /// Seconds of a provider's notice.
    pub notice_secs: u32,
    /// Share of a lease's reserve a payee may be owed unredeemed, at most 2,500.
    pub exposure: Bps,
    /// Base units per lot inside every pair's cost, paid by the buyer to whoever clears (`MECHANISMS.md` 2).
    pub lot_fee: Uint64,
    /// Base units a demand leaves as a bond (`docs/contracts/auction.md`, "Bonds", says when it is lost). A
    /// signed order names its market and a market never changes, so this is part of what is signed.
    pub order_bond: Uint64,
    /// Base units an offer leaves as a bond, by the same rule; 0 if absent.
    #[serde(default)]
    pub offer_bond: Uint64,
    /// Base units of each lease for whoever sweeps it.
    pub close_bond: Uint64,
    /// Thresholds of the quality tiers.
    pub tiers: Tiers,
    /// Names of the tags, bit by bit; at most 32. One of [`MEASUREMENT_TAG`] and 64 hexadecimal digits stays only on offers
    /// of devices that are attested to run what measures so: a demand that requires it accepts that measurement.
    pub tags: Vec<String>,
    /// The price controller.
    pub price: PriceConfig,
    /// Orders open at a time, at most 20,000.
    pub max_orders: u32,
    /// One-class market that drops the marginal trade (`MECHANISMS.md` 1).
    pub trade_reduction: bool,
    /// How a segment's measured quality sets the rate of the next (`PROTOCOL.md` 2).
    #[serde(default)]
    pub quality: QualityConfig,
    /// Base units of the stakes' asset that may depend on one lot: what a device has promised in this market at a time
    /// (open offers, running leases, reservations) is at most its allowance over this, and its owner declares its
    /// capacity before it offers. 0 if absent: no allowance is asked for.
    #[serde(default)]
    pub exposure_per_lot: Uint64,
}

/// A market's schedule of quality: consumers sign the next segment at `floor + (10000 - floor) * quality / full` basis
/// points of the price, at most all of it, and at most `step` below the rate of the segment before.
#[cw_serde]
#[derive(Copy)]
pub struct QualityConfig {
    /// Rate of the worst quality, 1,000 to 10,000: what was accepted is never nearly free.
    pub floor: Bps,
    /// Quality from which the full price is paid, 1 to 10,000.
    pub full: Bps,
    /// Most by which the rate falls from one segment to the next, 1 to 10,000.
    pub step: Bps,
}

impl Default for QualityConfig {
    /// Half the price for nothing measured well, all of it from 95 % on, a quarter less a segment at most.
    fn default() -> Self {
        Self { floor: Bps(5_000), full: Bps(9_500), step: Bps(2_500) }
    }
}

/// Tier thresholds: tier 0 promises nothing, tier `i` what entry `i - 1` says. At most 7 entries each.
#[cw_serde]
pub struct Tiers {
    /// Milliseconds, strictly falling.
    pub latency_ms: Vec<u32>,
    /// Units a second, strictly rising.
    pub throughput: Vec<Uint64>,
    /// Parts per million, strictly rising.
    pub accuracy_ppm: Vec<u32>,
    /// R of each reliability tier, tier 0 included, rising; what c uses.
    pub reliability: Vec<Bps>,
}

/// The price controller of `MECHANISMS.md` 3.
#[cw_serde]
pub struct PriceConfig {
    /// Base price at the start.
    pub start: Tick,
    /// Least base price.
    pub floor: Tick,
    /// Greatest base price.
    pub ceiling: Tick,
    /// Target utilisation U*, 8,000 in most markets.
    pub target: Bps,
    /// Greatest step of ln p an epoch, 1,250 (1/8) in most markets.
    pub step: Bps,
    /// Instant lane: premium at U*.
    pub premium: Bps,
    /// Instant lane: further premium from U* to full.
    pub premium_scarce: Bps,
    /// Instant lane: further premium of offers by reliability tier, tier 0 first, never falling, at most 5,000 each; a
    /// tier beyond the list has that of the last. Empty if absent: no tier has any.
    #[serde(default)]
    pub premium_tiers: Vec<Bps>,
}

/// What one may ask of the auction.
#[cw_serde]
#[allow(clippy::large_enum_variant)] // one a transaction, and a box would show in every caller
pub enum ExecuteMsg {
    /// Opens a market. Owner only.
    CreateMarket(MarketConfig),
    /// Sets latencies between cells. Owner only.
    SetLatency {
        /// Symmetric entries, at most 1,024.
        entries: Vec<LatencyEntry>,
    },
    /// Places orders written out. The devices' owner, or anyone with the devices' signatures.
    Place {
        /// The market.
        market: MarketId,
        /// At most 256.
        offers: Vec<OfferInput>,
        /// At most 256.
        demands: Vec<DemandInput>,
    },
    /// Places signed orders in packed form. Anyone; the sender gets the relay fees.
    Relay {
        /// The market.
        market: MarketId,
        /// `Offer` bodies with signatures, 48 + 64 bytes each, at most 256.
        offers: Binary,
        /// `Demand` bodies with signatures, 52 + 64 bytes each, at most 256.
        demands: Binary,
    },
    /// Instant lane: takes one offer's posted price now. The device's owner, or anyone with its signature.
    Take {
        /// The offer.
        offer: Uint64,
        /// The demand; never enters the book.
        demand: DemandInput,
        /// The market.
        market: MarketId,
        /// A running lease of both devices in this market that takes the lots on until its own end, at its own price if
        /// that is no less than the posted one and within the limit. Absent for a lease of their own.
        lease: Option<Uint64>,
    },
    /// Takes orders back. The devices' owner, or anyone with the devices' signatures.
    Cancel {
        /// The market.
        market: MarketId,
        /// At most 100.
        orders: Vec<CancelInput>,
    },
    /// Clears away orders past their end; the bonds of demands go to the sender. Anyone.
    Expire {
        /// The market.
        market: MarketId,
        /// Which side.
        side: Side,
        /// At most 100.
        orders: Vec<Uint64>,
    },
    /// Clears the frozen book of an epoch. Anyone; the first valid clearing wins the lot fees.
    Clear {
        /// The market.
        market: MarketId,
        /// The epoch whose book it clears: the one before the current.
        epoch: u32,
        /// [`crate::packed::FillItem`]s, strictly ascending by (offer, demand).
        fills: Binary,
        /// Price of a lot by class slot, the witness; `None` where the class has no offers.
        prices: Vec<Option<Uint64>>,
    },
    /// Begins the sender's own scan of an epoch's book that is too large for one transaction: keeps fills and
    /// prices, pins the terms, scans the first orders. Replaces an earlier scan of the sender in this market;
    /// nobody else's is touched. Anyone.
    BeginClear {
        /// The market.
        market: MarketId,
        /// As in `Clear`.
        epoch: u32,
        /// As in `Clear`.
        fills: Binary,
        /// As in `Clear`.
        prices: Vec<Option<Uint64>>,
        /// Orders to scan now; 0 only keeps the clearing.
        orders: u32,
    },
    /// Goes on with the sender's scan; when every order was scanned, settles as `Clear` does. Anyone.
    ContinueClear {
        /// The market.
        market: MarketId,
        /// The epoch of the scan.
        epoch: u32,
        /// Orders to scan now.
        orders: u32,
    },
    /// Places standing orders anew whose slot is over, with their flags, limit and end as signed, for as many
    /// lots as were filled; locks what `Place` locks, pays no relay fee. Anyone.
    Renew {
        /// The market.
        market: MarketId,
        /// Which side.
        side: Side,
        /// At most 100, as [`QueryMsg::Standing`] lists them.
        orders: Vec<Uint64>,
    },
    /// Brings open orders in line with what the chain says of their devices now. An order of a device that is suspended,
    /// frozen or retired ends, with its bond back; an offer whose class is another by now (tier, cell, attestation)
    /// enters the book again in that class, under a new number, once the frozen book it stands in is cleared. Orders
    /// that are as they should be, or gone, are passed over; a message that changes nothing is refused. Anyone.
    Reclass {
        /// The market.
        market: MarketId,
        /// Which side.
        side: Side,
        /// At most 100.
        orders: Vec<Uint64>,
    },
    /// Puts a device on a market's capacity ledger, or changes what it can do at a time: open offers, running
    /// leases and reservations together never exceed it in any slot. The device's owner only. A device that is
    /// not on the ledger is bound by its reputation alone, and nothing can be reserved on it.
    SetCapacity {
        /// The market.
        market: MarketId,
        /// The device.
        device: DeviceId,
        /// Lots at a time, at least what is promised; `None` takes it off the ledger if nothing is promised.
        lots: Option<Lots>,
    },
    /// Holds lots of a device in later slots. Contracts named by `SetReservers` only; that the device's owner
    /// agreed is for them to know.
    ///
    /// Slot `n` of a market is the Unix seconds from `n * slot_secs` to before `(n + 1) * slot_secs`.
    Reserve {
        /// The market.
        market: MarketId,
        /// The device; on the ledger, active and not suspended.
        device: DeviceId,
        /// The first slot, not before the one that runs.
        first_slot: u32,
        /// How many slots, 1..=[`MAX_SLOTS`].
        slots: u16,
        /// Lots in each of them.
        lots: Lots,
    },
    /// Gives reserved lots back, whole or in part, past slots included. Contracts named by `SetReservers` only.
    Release {
        /// The market.
        market: MarketId,
        /// The device.
        device: DeviceId,
        /// The first slot.
        first_slot: u32,
        /// How many slots, 1..=[`MAX_SLOTS`].
        slots: u16,
        /// Lots in each of them, at most what is reserved.
        lots: Lots,
    },
    /// Returns to the ledger what is left of the slots of leases that ended early, each once. Anyone.
    Return {
        /// The market.
        market: MarketId,
        /// Leases of this auction's market that are closing or closed, at most 100.
        leases: Vec<Uint64>,
    },
    /// Contracts that may reserve and release: futures, pools. Owner only.
    SetReservers {
        /// Addresses; replaces the list.
        contracts: Vec<String>,
    },
    /// Takes the latency of pairs of cells from the registry's measurements (median over at least three
    /// gateways, `registry::QueryMsg::CellLatency`). Anyone.
    RefreshLatency {
        /// Pairs of cells, 1..=32.
        pairs: Vec<CellPair>,
    },
    /// Ownership and pause. A pause stops Place, Relay, Renew, Take, Clear, BeginClear, ContinueClear and
    /// Reserve; Cancel, Expire, Release and Return go on.
    Admin(AdminMsg),
}

/// Two cells; the order does not matter.
#[cw_serde]
#[derive(Copy)]
pub struct CellPair {
    /// One cell.
    pub a: CellId,
    /// The other, or the same.
    pub b: CellId,
}

/// Latency between two cells, both ways.
#[cw_serde]
pub struct LatencyEntry {
    /// One cell.
    pub a: CellId,
    /// The other.
    pub b: CellId,
    /// Milliseconds; 65,535 for unreachable.
    pub ms: u16,
}

/// An offer written out; fields as in `layout::Offer`.
#[cw_serde]
pub struct OfferInput {
    /// The providing device.
    pub device: DeviceId,
    /// Above the device's last order's.
    pub sequence: u32,
    /// Latency tier it promises.
    pub latency: u8,
    /// Throughput tier it promises.
    pub throughput: u8,
    /// Accuracy tier it promises.
    pub accuracy: u8,
    /// Flags.
    pub flags: OrderFlags,
    /// Tags, bit by bit.
    pub tags: u32,
    /// Base units a lot, a multiple of the tick.
    pub ask: Uint64,
    /// Lots for the batch lane.
    pub batch: Lots,
    /// Lots for the instant lane.
    pub instant: Lots,
    /// Unix seconds.
    pub not_after: Uint64,
    /// Base units for the relayer.
    pub relay_fee: Uint64,
    /// The device's signature; not needed when its owner sends.
    pub signature: Option<Binary>,
}

/// A demand written out; fields as in `layout::Demand`.
#[cw_serde]
pub struct DemandInput {
    /// The consuming device.
    pub device: DeviceId,
    /// Above the device's last order's.
    pub sequence: u32,
    /// Least latency tier.
    pub latency: u8,
    /// Least throughput tier.
    pub throughput: u8,
    /// Least accuracy tier.
    pub accuracy: u8,
    /// Least reliability tier.
    pub reliability: u8,
    /// Flags.
    pub flags: OrderFlags,
    /// Tags, bit by bit.
    pub tags: u32,
    /// Ticks a lot for a whole lost point of reliability.
    pub rho: u16,
    /// Thousandths of a tick a lot per millisecond.
    pub lambda: u16,
    /// Base units a lot, a multiple of the tick.
    pub limit: Uint64,
    /// Lots.
    pub lots: Lots,
    /// Unix seconds.
    pub not_after: Uint64,
    /// Base units for the relayer.
    pub relay_fee: Uint64,
    /// The device's signature; not needed when its owner sends.
    pub signature: Option<Binary>,
}

/// An order to take back.
#[cw_serde]
pub struct CancelInput {
    /// Which side.
    pub side: Side,
    /// The order.
    pub order: Uint64,
    /// The device's signature over `layout::Cancel`; not needed when its owner sends.
    pub signature: Option<Binary>,
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
    /// Peers.
    #[returns(ConfigResponse)]
    Config {},
    /// A market.
    #[returns(MarketResponse)]
    Market {
        /// The market.
        market: MarketId,
    },
    /// Markets by number.
    #[returns(MarketsResponse)]
    Markets {
        /// Cursor.
        start_after: Option<MarketId>,
        /// Default 30, at most 100.
        limit: Option<u32>,
    },
    /// A market's live classes and requirement vectors.
    #[returns(TablesResponse)]
    Tables {
        /// The market.
        market: MarketId,
    },
    /// Latencies between cells.
    #[returns(LatencyResponse)]
    Latency {},
    /// An order.
    #[returns(OrderResponse)]
    Order {
        /// The market.
        market: MarketId,
        /// Which side.
        side: Side,
        /// The order.
        order: Uint64,
    },
    /// A device on a market's capacity ledger.
    #[returns(CapacityResponse)]
    Capacity {
        /// The market.
        market: MarketId,
        /// The device.
        device: DeviceId,
        /// First slot to show; the one that runs when absent.
        first_slot: Option<u32>,
        /// How many slots, at most 100; 1 when absent.
        slots: Option<u16>,
    },
    /// Contracts that may reserve.
    #[returns(ReserversResponse)]
    Reservers {},
    /// A keeper's scan of a large book.
    #[returns(Option<ScanResponse>)]
    Scan {
        /// The market.
        market: MarketId,
        /// The keeper.
        keeper: String,
    },
    /// Standing orders of one side that wait for their slot to end, by number.
    #[returns(StandingsResponse)]
    Standing {
        /// The market.
        market: MarketId,
        /// Which side.
        side: Side,
        /// Cursor.
        start_after: Option<Uint64>,
        /// Default 30, at most 100.
        limit: Option<u32>,
    },
    /// Why a demand stands as it does: which requirement excludes how many offers, what it would have cost.
    #[returns(ExplainResponse)]
    Explain {
        /// The market.
        market: MarketId,
        /// The demand.
        demand: Uint64,
    },
    /// Open orders of one side, by number.
    #[returns(OrdersResponse)]
    Orders {
        /// The market.
        market: MarketId,
        /// Which side.
        side: Side,
        /// Cursor.
        start_after: Option<Uint64>,
        /// Default 30, at most 100.
        limit: Option<u32>,
    },
}

/// A device on a market's capacity ledger.
#[cw_serde]
pub struct CapacityResponse {
    /// Seconds of a slot.
    pub slot_secs: u32,
    /// The slot that runs.
    pub current: u32,
    /// Lots at a time; `None`: the device is not on the ledger.
    pub capacity: Option<Lots>,
    /// Lots of its open offers, both lanes.
    pub open: Lots,
    /// Unix seconds until when leases of those offers may run at the latest.
    pub open_until: Uint64,
    /// The slots asked for.
    pub slots: Vec<SlotResponse>,
}

/// A slot of a device.
#[cw_serde]
pub struct SlotResponse {
    /// The slot.
    pub slot: u32,
    /// Lots of leases that run into it.
    pub leased: Lots,
    /// Lots that futures and pools hold.
    pub reserved: Lots,
    /// Lots still free in it, after open offers that may reach it.
    pub free: Lots,
}

/// Contracts that may reserve.
#[cw_serde]
pub struct ReserversResponse {
    /// Addresses.
    pub contracts: Vec<String>,
}

/// Where a keeper's scan stands.
#[cw_serde]
pub struct ScanResponse {
    /// The epoch it scans.
    pub epoch: u32,
    /// Orders scanned.
    pub scanned: u32,
    /// Whether all demands are scanned.
    pub offers: bool,
    /// The order scanned last on this side.
    pub last: Option<Uint64>,
}

/// A standing order that waits to be renewed.
#[cw_serde]
pub struct StandingResponse {
    /// Its number when it was filled.
    pub order: Uint64,
    /// Whose.
    pub device: DeviceId,
    /// Lots to renew.
    pub lots: Lots,
    /// Unix seconds from when it may be renewed: the end of its last lease.
    pub due: Uint64,
    /// Unix seconds of its end.
    pub not_after: Uint64,
}

/// Standing orders that wait.
#[cw_serde]
pub struct StandingsResponse {
    /// By number.
    pub orders: Vec<StandingResponse>,
}

/// Why a demand stands as it does against the open offers of its market.
#[cw_serde]
pub struct ExplainResponse {
    /// The demand.
    pub demand: OrderResponse,
    /// Its requirements.
    pub requires: VectorResponse,
    /// Open offers with batch lots.
    pub offers: u32,
    /// Of those, how many each requirement excludes; an offer that several exclude counts in each.
    pub excluded: Vec<Exclusion>,
    /// Offers that no requirement excludes.
    pub serving: u32,
    /// Their lots.
    pub serving_lots: Uint64,
    /// Of those, offers whose ask with cost is within the limit.
    pub within_limit: u32,
    /// Their lots.
    pub within_limit_lots: Uint64,
    /// The least a lot would cost it now, ask and cost.
    pub cheapest: Option<Bearing>,
    /// Lots of other demands that bid at least as much and could be served by its cheapest class.
    pub rivals_lots: Uint64,
    /// In words.
    pub verdict: Verdict,
}

/// How many offers one requirement excludes.
#[cw_serde]
pub struct Exclusion {
    /// The requirement.
    pub requirement: Requirement,
    /// Offers it excludes.
    pub offers: u32,
    /// Offers that it alone excludes: what relaxing it would win.
    pub alone: u32,
}

/// A hard requirement of a demand.
#[cw_serde]
#[derive(Copy, Eq, PartialOrd, Ord)]
pub enum Requirement {
    /// Its cell can be reached from the provider's.
    Reachable,
    /// Least latency tier.
    Latency,
    /// Least throughput tier.
    Throughput,
    /// Least accuracy tier.
    Accuracy,
    /// Least reliability tier.
    Reliability,
    /// Tags.
    Tags,
    /// Attested enclave.
    Attested,
}

/// What a lot of an offer would cost a demand.
#[cw_serde]
pub struct Bearing {
    /// The offer.
    pub offer: Uint64,
    /// Its class.
    pub class: ClassSlot,
    /// Base units of its ask.
    pub ask: Uint64,
    /// Base units for lost reliability, latency and fee.
    pub cost: Uint64,
    /// Both: the limit at which the demand would have taken it.
    pub bears: Uint64,
}

/// Why a demand is served or not.
#[cw_serde]
#[derive(Copy)]
pub enum Verdict {
    /// It is no longer open: filled, cancelled or expired.
    Ended,
    /// It waits for its epoch to be cleared; offers within its limit are there.
    Waiting,
    /// No offer meets its requirements.
    NoneServes,
    /// Offers meet its requirements, but the cheapest costs more than its limit.
    LimitTooLow,
    /// Offers are within its limit, but demands that bid at least as much want all of them.
    Outbid,
    /// It wants all its lots or none, and fewer are there.
    TooFewLots,
}

/// Peers.
#[cw_serde]
pub struct ConfigResponse {
    /// The registry.
    pub registry: String,
    /// The escrow.
    pub escrow: String,
    /// The reputation contract.
    pub reputation: String,
}

/// A market with where it stands.
#[cw_serde]
pub struct MarketResponse {
    /// Its number.
    pub market: MarketId,
    /// As defined.
    pub config: MarketConfig,
    /// Unix seconds of its first epoch's start.
    pub genesis: Uint64,
    /// Where its epochs stand, rolled forward to the block of the query.
    pub epoch: EpochResponse,
    /// Base price.
    pub base: Tick,
    /// Utilisation of the last cleared book, in basis points, may exceed 10,000.
    pub utilisation: Uint64,
    /// Open orders.
    pub open_orders: u32,
}

/// Where a market's epochs stand.
#[cw_serde]
pub struct EpochResponse {
    /// The epoch that collects now.
    pub collecting: u32,
    /// The epoch whose frozen book may be cleared now; `None` once it is cleared or if there is none.
    pub clearing: Option<u32>,
    /// Offer pages below this number are in the frozen book.
    pub offer_pages: u32,
    /// Demand pages below this number are in the frozen book.
    pub demand_pages: u32,
    /// First offer page that may hold an open order.
    pub first_offer_page: u32,
    /// First demand page that may hold an open order.
    pub first_demand_page: u32,
    /// Unix seconds when the current epoch ends, and with it the time to clear the one before.
    pub ends: Uint64,
    /// Last epoch that was cleared.
    pub last_cleared: Option<u32>,
}

/// A list of markets.
#[cw_serde]
pub struct MarketsResponse {
    /// In ascending order.
    pub markets: Vec<MarketResponse>,
}

/// A supply class.
#[cw_serde]
pub struct ClassResponse {
    /// Its slot.
    pub slot: ClassSlot,
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
    /// From attested enclaves.
    pub attested: bool,
    /// Open offers in it.
    pub offers: u32,
}

/// A requirement vector.
#[cw_serde]
pub struct VectorResponse {
    /// Its number.
    pub vector: u16,
    /// The demander's region.
    pub cell: CellId,
    /// Least latency tier.
    pub latency: u8,
    /// Least throughput tier.
    pub throughput: u8,
    /// Least accuracy tier.
    pub accuracy: u8,
    /// Least reliability tier.
    pub reliability: u8,
    /// Required tags.
    pub tags: u32,
    /// Requires an attested enclave.
    pub attested: bool,
    /// Ticks a lot for a whole lost point of reliability.
    pub rho: u16,
    /// Thousandths of a tick a lot per millisecond.
    pub lambda: u16,
    /// Open demands with it.
    pub demands: u32,
}

/// A market's tables.
#[cw_serde]
pub struct TablesResponse {
    /// Live classes by slot.
    pub classes: Vec<ClassResponse>,
    /// Live vectors by number.
    pub vectors: Vec<VectorResponse>,
}

/// Latencies between cells.
#[cw_serde]
pub struct LatencyResponse {
    /// Each pair once, `a <= b`; a pair that is missing is unreachable, a cell to itself 0 unless set.
    pub entries: Vec<LatencyEntry>,
}

/// An order.
#[cw_serde]
pub struct OrderResponse {
    /// Its number.
    pub order: Uint64,
    /// Which side.
    pub side: Side,
    /// Whose.
    pub device: DeviceId,
    /// Ask or limit, base units a lot.
    pub price: Uint64,
    /// Lots left in the batch lane.
    pub lots: Lots,
    /// Lots left in the instant lane (offers).
    pub instant: Lots,
    /// Base units a lot that the instant lane asks now: ask, or base price with the premiums of utilisation and tier,
    /// whichever is more (offers with lots in it).
    pub posted: Option<Uint64>,
    /// Class (offers).
    pub class: Option<ClassSlot>,
    /// Vector (demands).
    pub vector: Option<u16>,
    /// Flags.
    pub flags: OrderFlags,
    /// Unix seconds.
    pub not_after: Uint64,
    /// Epoch in which it was placed.
    pub epoch: u32,
    /// Base units still locked for it.
    pub locked: Uint128,
    /// Whether anything of it is still open.
    pub open: bool,
}

/// A list of orders.
#[cw_serde]
pub struct OrdersResponse {
    /// In ascending order.
    pub orders: Vec<OrderResponse>,
}
