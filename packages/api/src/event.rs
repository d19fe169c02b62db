//! Typed events: contracts encode them, keepers decode them with the same type; no attribute key is
//! written anywhere else.
//!
//! On chain an event's type is `wasm-` and the name, and carries `_contract_address`. Lists travel
//! as base64 of packed big-endian records.

use core::str::FromStr;
use cosmwasm_std::{Attribute, Event, HexBinary};
use thiserror::Error;

/// An event that does not decode.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum EventError {
    /// It is another event.
    #[error("event {found} is not {wanted}")]
    Other {
        /// Its type.
        found: String,
        /// The type that was asked for.
        wanted: &'static str,
    },
    /// An attribute is missing or does not parse.
    #[error(
        "event {event} has no readable attribute {attribute}: contract and client are of different versions"
    )]
    Attribute {
        /// The event.
        event: &'static str,
        /// The attribute.
        attribute: &'static str,
    },
}

/// What an event is made of, for clients in other languages (`schema/events.json`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Its name, without the `wasm-` that the chain puts before it.
    pub name: &'static str,
    /// Who says it, and what it says.
    pub about: &'static str,
    /// Its attributes: name, form, meaning.
    pub attributes: &'static [(&'static str, &'static str, &'static str)],
}

/// A value in an attribute.
pub trait Value: Sized {
    /// How it is written, in words.
    const FORM: &'static str;
    /// As text.
    fn to_text(&self) -> String;
    /// From text.
    fn from_text(text: &str) -> Option<Self>;
}

macro_rules! plain {
    ($form:literal: $($ty:ty),*) => {$(
        impl Value for $ty {
            const FORM: &'static str = $form;
            fn to_text(&self) -> String { self.to_string() }
            fn from_text(text: &str) -> Option<Self> { <$ty>::from_str(text).ok() }
        }
    )*};
}
plain!("decimal": u8, u16, u32, u64, u128);
plain!("text": String);
plain!("true or false": bool);

impl Value for Vec<u8> {
    const FORM: &'static str = "hex";
    fn to_text(&self) -> String {
        HexBinary::from(self.as_slice()).to_hex()
    }
    fn from_text(text: &str) -> Option<Self> {
        HexBinary::from_hex(text).ok().map(Into::into)
    }
}

impl Value for Vec<u64> {
    const FORM: &'static str = "decimals parted by commas";
    fn to_text(&self) -> String {
        let parts: Vec<String> = self.iter().map(ToString::to_string).collect();
        parts.join(",")
    }
    fn from_text(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Vec::new());
        }
        text.split(',').map(|part| part.parse().ok()).collect()
    }
}

macro_rules! event {
    ($(#[doc = $doc:literal])* $name:ident = $ty:literal { $($(#[doc = $fdoc:literal])* $field:ident: $fty:ty),* $(,)? }) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name {
            $($(#[doc = $fdoc])* pub $field: $fty,)*
        }

        impl $name {
            /// The event's name, without the `wasm-` that the chain puts before it.
            pub const NAME: &'static str = $ty;

            /// What it is made of.
            pub const SHAPE: Shape = Shape {
                name: $ty,
                about: concat!($($doc),*),
                attributes: &[$((stringify!($field), <$fty as Value>::FORM, concat!($($fdoc),*))),*],
            };

            /// Reads the event from its type (with or without `wasm-`) and attributes.
            ///
            /// # Errors
            /// If it is another event or an attribute is missing or malformed.
            pub fn read<'a>(
                ty: &str,
                attributes: impl IntoIterator<Item = (&'a str, &'a str)> + Clone,
            ) -> Result<Self, EventError> {
                if ty.strip_prefix("wasm-").unwrap_or(ty) != $ty {
                    return Err(EventError::Other { found: ty.to_string(), wanted: $ty });
                }
                $(let $field = attributes
                    .clone()
                    .into_iter()
                    .find(|(key, _)| *key == stringify!($field))
                    .and_then(|(_, value)| <$fty as Value>::from_text(value))
                    .ok_or(EventError::Attribute { event: $ty, attribute: stringify!($field) })?;)*
                Ok(Self { $($field,)* })
            }
        }

        impl From<$name> for Event {
            fn from(event: $name) -> Self {
                Event::new($ty).add_attributes([
                    $(Attribute::new(stringify!($field), event.$field.to_text()),)*
                ])
            }
        }

        impl TryFrom<&Event> for $name {
            type Error = EventError;
            fn try_from(event: &Event) -> Result<Self, EventError> {
                let pairs: Vec<(&str, &str)> =
                    event.attributes.iter().map(|a| (a.key.as_str(), a.value.as_str())).collect();
                Self::read(&event.ty, pairs)
            }
        }
    };
}

event!(
    /// Every contract: its administration changed.
    AdminChanged = "caplet_admin" {
        /// Who owns it.
        owner: String,
        /// Who was proposed as owner and may accept; empty if nobody.
        pending: String,
        /// Whether new business is stopped.
        paused: bool,
    }
);
event!(
    /// Registry: a gateway's endpoint record; carries the address list itself.
    EndpointPublished = "caplet_endpoint" {
        /// Gateway's account number.
        account: u32,
        /// Gateway's address.
        address: String,
        /// Endpoint key.
        key: Vec<u8>,
        /// Raw address list.
        addresses: Vec<u8>,
        /// Sequence.
        sequence: u64,
        /// Unix seconds.
        not_after: u64,
        /// The endpoint key's signature.
        signature: Vec<u8>,
    }
);
event!(
    /// Registry: a device was registered.
    DeviceRegistered = "caplet_device" {
        /// The device.
        device: u32,
        /// Its owner's address.
        owner: String,
        /// Its gateway's address.
        gateway: String,
        /// Scheme number of its key.
        scheme: u8,
        /// Its key.
        key: Vec<u8>,
    }
);
event!(
    /// Registry: a profile was announced.
    ProfileAnnounced = "caplet_profile" {
        /// The device.
        device: u32,
        /// SHA-256 of the raw profile.
        digest: Vec<u8>,
        /// Sequence.
        sequence: u64,
    }
);
event!(
    /// Registry: a device's keys changed.
    KeyRotated = "caplet_rotated" {
        /// The device.
        device: u32,
        /// The key epoch that began.
        epoch: u32,
        /// Whether the old key is no longer trusted.
        compromised: bool,
    }
);
event!(
    /// Registry: a delegation was recorded.
    GrantRecorded = "caplet_grant" {
        /// The device.
        device: u32,
        /// The delegate's key.
        delegate: Vec<u8>,
        /// Scopes; 0 revokes.
        scopes: u8,
        /// Epoch.
        epoch: u32,
    }
);
event!(
    /// Registry: a device's status changed.
    StatusChanged = "caplet_status" {
        /// The device.
        device: u32,
        /// Number of the status.
        status: u8,
    }
);
event!(
    /// Registry: an enclave works for a device.
    EnclaveRegistered = "caplet_enclave" {
        /// The device.
        device: u32,
        /// Sequence.
        sequence: u64,
        /// X25519 key.
        sealing: Vec<u8>,
        /// ed25519 key.
        signing: Vec<u8>,
    }
);
event!(
    /// Registry: what is attested of a device was counted.
    AttestationCounted = "caplet_attestation" {
        /// The device.
        device: u32,
        /// Unix seconds; 0: it is not attested.
        not_after: u64,
        /// What it runs; zeroes if it is not attested.
        measurement: Vec<u8>,
    }
);
event!(
    /// Attest: a quote was verified on chain.
    QuoteVerified = "caplet_quote" {
        /// The device.
        device: u32,
        /// SHA-256 of the quote.
        evidence: Vec<u8>,
        /// Hash of the registration's block as the quote names it; anyone can compare it with the chain's.
        block: Vec<u8>,
        /// What the enclave runs.
        measurement: Vec<u8>,
        /// Unix seconds.
        not_after: u64,
    }
);
event!(
    /// Registry: an attester was appointed, or dismissed.
    AttesterSet = "caplet_attester" {
        /// Its address.
        attester: String,
        /// Its weight; 0: dismissed.
        weight: u8,
    }
);
event!(
    /// Registry: an address was numbered.
    AccountOpened = "caplet_account" {
        /// Its number.
        account: u32,
        /// The address.
        address: String,
    }
);
event!(
    /// Registry: a gateway was put into a network region; devices registered or moved there from now on
    /// get it.
    CellAssigned = "caplet_cell" {
        /// Gateway's account number.
        account: u32,
        /// Gateway's address.
        address: String,
        /// The region.
        cell: u16,
    }
);
event!(
    /// Registry: a gateway measured round-trip times to others.
    RttMeasured = "caplet_rtt" {
        /// The gateway that measured.
        reporter: u32,
        /// The gateways it measured.
        targets: Vec<u64>,
        /// Milliseconds, in the same order.
        ms: Vec<u64>,
    }
);
event!(
    /// Registry: a device moved to a gateway and its region.
    DeviceMoved = "caplet_moved" {
        /// The device.
        device: u32,
        /// The gateway's address.
        gateway: String,
        /// The region.
        cell: u16,
    }
);
event!(
    /// Escrow: money came in.
    Deposited = "caplet_deposit" {
        /// Whose.
        account: u32,
        /// Of what.
        asset: u16,
        /// Base units.
        amount: u128,
    }
);
event!(
    /// Escrow: money went out.
    Withdrawn = "caplet_withdraw" {
        /// Whose.
        account: u32,
        /// Of what.
        asset: u16,
        /// Base units.
        amount: u128,
    }
);
event!(
    /// Escrow: leases were opened, in the order of the items.
    LeasesOpened = "caplet_opened" {
        /// The market.
        market: u32,
        /// The market's epoch.
        epoch: u32,
        /// The asset.
        asset: u16,
        /// Unix seconds.
        start: u64,
        /// Unix seconds.
        end: u64,
        /// The leases.
        leases: Vec<u64>,
        /// The demands they fill, as the items named them.
        demands: Vec<u64>,
        /// The consuming devices.
        consumers: Vec<u64>,
        /// The providing devices.
        providers: Vec<u64>,
        /// Prices, base units a lot.
        prices: Vec<u64>,
        /// Lots.
        lots: Vec<u64>,
    }
);
event!(
    /// Escrow: a lease was opened that several lanes share; `caplet_opened` has the rest of it.
    LeaseShared = "caplet_shared" {
        /// The lease.
        lease: u64,
        /// Devices whose keys sign, by lane.
        signers: Vec<u64>,
        /// Accounts that are credited, by lane.
        payees: Vec<u64>,
        /// Most that each lane may redeem, base units.
        caps: Vec<u64>,
    }
);
event!(
    /// Escrow: leases took on more lots at their price.
    LeasesToppedUp = "caplet_topped_up" {
        /// The leases.
        leases: Vec<u64>,
        /// The lanes whose caps rose.
        lanes: Vec<u64>,
        /// Lots taken on.
        lots: Vec<u64>,
        /// The lanes' caps now, base units.
        caps: Vec<u64>,
    }
);
event!(
    /// Escrow: a payer moved reserve from one lane of a lease to another.
    CapMoved = "caplet_cap_moved" {
        /// The lease.
        lease: u64,
        /// The lane that gave.
        from: u16,
        /// The lane that received.
        to: u16,
        /// Base units.
        amount: u64,
    }
);
event!(
    /// Escrow: vouchers were redeemed.
    Settled = "caplet_settled" {
        /// The submitter's account.
        keeper: u32,
        /// The leases, in the order of the items.
        leases: Vec<u64>,
        /// Numbers of the `ItemResult`s.
        results: Vec<u64>,
        /// Base units redeemed now, gross, by item.
        paid: Vec<u64>,
    }
);
event!(
    /// Escrow: leases began to close.
    LeasesClosing = "caplet_closing" {
        /// The leases.
        leases: Vec<u64>,
        /// Number of the reason.
        reason: u8,
    }
);
event!(
    /// Escrow: a lease is over.
    LeaseClosed = "caplet_closed" {
        /// The lease.
        lease: u64,
        /// Number of the reason.
        reason: u8,
        /// Base units it redeemed, gross.
        redeemed: u64,
        /// Base units that returned to the payer.
        refunded: u64,
    }
);
event!(
    /// Escrow: a device's key may commit another amount.
    AllowanceSet = "caplet_allowance" {
        /// The device.
        device: u32,
        /// Of what.
        asset: u16,
        /// Base units, over what it has committed so far.
        limit: u64,
    }
);
event!(
    /// Escrow: providers announced that they will reclaim leases.
    NoticeGiven = "caplet_notice" {
        /// The leases.
        leases: Vec<u64>,
    }
);
event!(
    /// Escrow: the protocol's fees went out.
    FeesSwept = "caplet_fees" {
        /// Of what.
        asset: u16,
        /// Base units.
        amount: u128,
        /// Burned rather than sent to the treasury.
        burned: bool,
    }
);
event!(
    /// Auction: a market was opened.
    MarketCreated = "caplet_market" {
        /// The market.
        market: u32,
    }
);
event!(
    /// Auction: orders were placed.
    OrdersPlaced = "caplet_placed" {
        /// The market.
        market: u32,
        /// Number of the side.
        side: u8,
        /// The page they are in; slots in the order of the message.
        page: u32,
        /// How many.
        count: u32,
        /// The epoch.
        epoch: u32,
    }
);
event!(
    /// Auction: orders ended without a fill.
    OrdersEnded = "caplet_ended" {
        /// The market.
        market: u32,
        /// Number of the side.
        side: u8,
        /// The orders.
        orders: Vec<u64>,
        /// Whether they expired rather than were cancelled.
        expired: bool,
        /// Whether they leave the book only when the epoch folds.
        pending: bool,
    }
);
event!(
    /// Auction: offers whose class is another by now left their pages for a new one, in the same sequence.
    OffersMoved = "caplet_reclassed" {
        /// The market.
        market: u32,
        /// Their numbers until now.
        orders: Vec<u64>,
        /// The page they are in from now on.
        page: u32,
    }
);
event!(
    /// Auction: an epoch was cleared.
    EpochCleared = "caplet_cleared" {
        /// The market.
        market: u32,
        /// The epoch.
        epoch: u32,
        /// Fills.
        fills: u32,
        /// Lots.
        lots: u64,
        /// Welfare, base units.
        welfare: u128,
        /// Who cleared.
        keeper: String,
        /// Fills that opened no lease, because a device was suspended, frozen or retired.
        skipped: u32,
    }
);
event!(
    /// Auction: a keeper's scan of a large book went on.
    ScanAdvanced = "caplet_scan" {
        /// The market.
        market: u32,
        /// The epoch.
        epoch: u32,
        /// Whose scan.
        keeper: String,
        /// Orders scanned so far.
        scanned: u32,
    }
);
event!(
    /// Auction: an epoch passed without a clearing; its orders stay.
    EpochLapsed = "caplet_lapsed" {
        /// The market.
        market: u32,
        /// The epoch.
        epoch: u32,
    }
);
event!(
    /// Auction: an offer was taken in the instant lane.
    OfferTaken = "caplet_taken" {
        /// The market.
        market: u32,
        /// The offer.
        offer: u64,
        /// The consuming device.
        consumer: u32,
        /// Lots.
        lots: u16,
        /// Base units a lot.
        price: u64,
    }
);
event!(
    /// Auction: the base price of a market moved.
    PriceMoved = "caplet_price" {
        /// The market.
        market: u32,
        /// The epoch whose book moved it.
        epoch: u32,
        /// Ticks before.
        from: u16,
        /// Ticks after.
        to: u16,
        /// Utilisation in basis points.
        utilisation: u64,
    }
);
event!(
    /// Reputation: governance set new rules; all of them are in the `config` query.
    RulesSet = "caplet_rules" {
        /// Suspends below, basis points.
        suspend_below: u16,
        /// Reinstates above, basis points.
        reinstate_above: u16,
    }
);
event!(
    /// Reputation: a lease was rated.
    LeaseRated = "caplet_rated" {
        /// The lease.
        lease: u64,
        /// The device that served.
        device: u32,
        /// r in basis points.
        rating: u16,
        /// w in thousandths of a standard lease, the complaint included.
        weight: u64,
        /// What of it the payer's voice lent.
        complaint: u64,
        /// R after it, basis points.
        score: u16,
        /// The tier after it.
        tier: u8,
    }
);
event!(
    /// Reputation: what is at stake for a device changed.
    StakeChanged = "caplet_stake" {
        /// The device.
        device: u32,
        /// Base units now.
        amount: u128,
        /// Unix seconds from which they may be withdrawn; 0 while they do not unbond.
        unbonds_at: u64,
    }
);
event!(
    /// Reputation: a device was proven to have signed what cannot both be true.
    LieProven = "caplet_lie" {
        /// The device.
        device: u32,
        /// The lease.
        lease: u64,
        /// Base units slashed, the bounty included.
        slashed: u128,
        /// Base units of it for whoever proved it.
        bounty: u128,
    }
);
event!(
    /// Reputation: a device was suspended or reinstated.
    SuspensionChanged = "caplet_suspension" {
        /// The device.
        device: u32,
        /// Whether it is suspended now.
        suspended: bool,
        /// Unix seconds until which at least; 0 when reinstated.
        until: u64,
    }
);

event!(
    /// Futures: a series was issued.
    SeriesIssued = "caplet_series" {
        /// The series.
        series: u32,
        /// The delivering device.
        device: u32,
        /// The market.
        market: u32,
        /// The market's slot that is delivered first.
        first_slot: u32,
        /// Slots.
        slots: u16,
        /// Lots in each.
        lots: u16,
        /// Base units a lot: the strike, or an auction's reserve.
        price: u64,
        /// Base units of collateral.
        collateral: u64,
    }
);
event!(
    /// Futures: lots came to a position, bought or transferred.
    PositionMoved = "caplet_position" {
        /// The series.
        series: u32,
        /// Who had them; 0 for the seller's sale.
        from: u32,
        /// Who has them.
        to: u32,
        /// First slot.
        first: u16,
        /// The slot after the last.
        end: u16,
        /// Lots in each.
        lots: u32,
        /// Base units a lot that were paid; 0 for a transfer.
        price: u64,
    }
);
event!(
    /// Futures: a bid was placed.
    BidPlaced = "caplet_bid" {
        /// The series.
        series: u32,
        /// The bid.
        bid: u32,
        /// Who bids.
        device: u32,
        /// Lots in each slot.
        lots: u16,
        /// Most base units a lot.
        limit: u64,
    }
);
event!(
    /// Futures: the first sale of a series is over.
    SaleEnded = "caplet_sale" {
        /// The series.
        series: u32,
        /// Base units a lot; 0 if an auction sold nothing.
        price: u64,
        /// Lots in each slot that the auction sold; 0 for a fixed-price sale.
        lots: u32,
    }
);
event!(
    /// Futures: a listing was made, changed by a sale, or ended.
    ListingChanged = "caplet_listing" {
        /// The listing.
        listing: u64,
        /// The series.
        series: u32,
        /// Who sells.
        device: u32,
        /// Lots left in each slot; 0 when it ended.
        lots: u16,
        /// Base units a lot.
        price: u64,
    }
);
event!(
    /// Futures: lots were exercised.
    FutureExercised = "caplet_exercised" {
        /// The series.
        series: u32,
        /// Who held them.
        device: u32,
        /// The slot, within the series.
        slot: u16,
        /// Lots.
        lots: u16,
        /// The lease; 0 if the seller could not serve and paid in cash.
        lease: u64,
        /// Base units that the seller paid beside the prepaid price; 0 with a lease.
        paid: u64,
    }
);
event!(
    /// Futures: what was over in a position was settled.
    PositionSettled = "caplet_futures_settled" {
        /// The series.
        series: u32,
        /// The holder.
        device: u32,
        /// Lots that lapsed.
        lapsed: u64,
        /// Base units of them that went to the seller.
        reserved: u64,
        /// Lots that were defaulted on.
        defaulted: u64,
        /// Base units of collateral that the holder got for them.
        paid: u64,
    }
);
event!(
    /// Futures: an exercised lease was reckoned.
    DeliveryReckoned = "caplet_reckoned" {
        /// The series.
        series: u32,
        /// The lease.
        lease: u64,
        /// Lots that the provider's side left undone.
        missed: u16,
        /// Base units of collateral that the holder got for them.
        paid: u64,
    }
);
event!(
    /// Futures: the collateral of a series, or who puts it up, changed, or a margin call began or ended.
    MarginChanged = "caplet_margin" {
        /// The series.
        series: u32,
        /// The delivering device.
        device: u32,
        /// Base units of collateral.
        collateral: u64,
        /// Base units that the margin asks for.
        required: u128,
        /// Unix seconds of the open margin call; 0 for none.
        called: u64,
    }
);
event!(
    /// Futures: a seller defaulted.
    SeriesDefaulted = "caplet_default" {
        /// The series.
        series: u32,
        /// The delivering device.
        device: u32,
        /// Slots from this one on, within the series.
        from: u16,
        /// Lots in them.
        lots: u64,
        /// Base units that each is paid beside what was prepaid.
        paid: u64,
    }
);
event!(
    /// Futures: trades were added to a market's index.
    IndexObserved = "caplet_index" {
        /// The market.
        market: u32,
        /// Trades that count now.
        trades: u32,
        /// What margins use now.
        mark: u64,
    }
);
event!(
    /// Futures: a series is over.
    SeriesClosed = "caplet_series_closed" {
        /// The series.
        series: u32,
        /// Base units of collateral that returned.
        returned: u64,
    }
);
event!(
    /// Futures: an account lets another act for it.
    OperatorSet = "caplet_operator" {
        /// Whose devices.
        account: u32,
        /// The operator.
        operator: String,
        /// Unix seconds until when; 0: no longer.
        until: u64,
    }
);

event!(
    /// Pool: a member joined, was admitted, announced to leave, or left.
    MemberChanged = "caplet_member" {
        /// Its device.
        device: u32,
        /// Lots it committed; 0 when it has left.
        lots: u16,
        /// Whether it counts.
        active: bool,
        /// The epoch from which it may depart; 0 for none.
        leaves: u64,
    }
);
event!(
    /// Pool: a member serves a lease, or more lots of it.
    LeaseServed = "caplet_served" {
        /// The lease.
        lease: u64,
        /// The member.
        member: u32,
        /// Who served before; 0 for nobody, the member itself where only lots came.
        before: u32,
        /// Base units of penalty that it paid.
        penalty: u64,
    }
);
event!(
    /// Pool: a serving member was challenged, or answered.
    MemberChallenged = "caplet_challenged" {
        /// The lease.
        lease: u64,
        /// Who would take over; 0 when it was answered.
        challenger: u32,
        /// Unix seconds until when it must be answered; 0 when it was.
        answer_by: u64,
    }
);
event!(
    /// Pool: revenue was credited.
    RevenueCredited = "caplet_revenue" {
        /// The lease; 0 for income that no lease brought.
        lease: u64,
        /// The member that delivered; 0 for none.
        member: u32,
        /// Base units for delivery.
        delivered: u64,
        /// Base units shared for readiness.
        ready: u64,
    }
);
event!(
    /// Pool: a member was paid.
    MemberPaid = "caplet_member_paid" {
        /// The member.
        device: u32,
        /// Base units.
        amount: u64,
    }
);

/// Every event there is.
pub const ALL: &[Shape] = &[
    AdminChanged::SHAPE,
    EndpointPublished::SHAPE,
    DeviceRegistered::SHAPE,
    ProfileAnnounced::SHAPE,
    KeyRotated::SHAPE,
    GrantRecorded::SHAPE,
    StatusChanged::SHAPE,
    EnclaveRegistered::SHAPE,
    AttestationCounted::SHAPE,
    AttesterSet::SHAPE,
    QuoteVerified::SHAPE,
    AccountOpened::SHAPE,
    CellAssigned::SHAPE,
    RttMeasured::SHAPE,
    DeviceMoved::SHAPE,
    Deposited::SHAPE,
    Withdrawn::SHAPE,
    LeasesOpened::SHAPE,
    LeaseShared::SHAPE,
    LeasesToppedUp::SHAPE,
    CapMoved::SHAPE,
    Settled::SHAPE,
    LeasesClosing::SHAPE,
    LeaseClosed::SHAPE,
    AllowanceSet::SHAPE,
    NoticeGiven::SHAPE,
    FeesSwept::SHAPE,
    MarketCreated::SHAPE,
    OrdersPlaced::SHAPE,
    OrdersEnded::SHAPE,
    OffersMoved::SHAPE,
    EpochCleared::SHAPE,
    ScanAdvanced::SHAPE,
    EpochLapsed::SHAPE,
    OfferTaken::SHAPE,
    PriceMoved::SHAPE,
    RulesSet::SHAPE,
    LeaseRated::SHAPE,
    StakeChanged::SHAPE,
    LieProven::SHAPE,
    SuspensionChanged::SHAPE,
    SeriesIssued::SHAPE,
    PositionMoved::SHAPE,
    BidPlaced::SHAPE,
    SaleEnded::SHAPE,
    ListingChanged::SHAPE,
    FutureExercised::SHAPE,
    PositionSettled::SHAPE,
    DeliveryReckoned::SHAPE,
    MarginChanged::SHAPE,
    SeriesDefaulted::SHAPE,
    IndexObserved::SHAPE,
    SeriesClosed::SHAPE,
    OperatorSet::SHAPE,
    MemberChanged::SHAPE,
    LeaseServed::SHAPE,
    MemberChallenged::SHAPE,
    RevenueCredited::SHAPE,
    MemberPaid::SHAPE,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_is_listed_once() {
        let defined = include_str!("event.rs").matches("\nevent!(\n").count();
        let names: std::collections::BTreeSet<&str> = ALL.iter().map(|shape| shape.name).collect();
        assert_eq!((names.len(), ALL.len()), (defined, defined));
    }

    #[test]
    fn an_event_reads_back_from_what_the_chain_shows() {
        let event = LeasesOpened {
            market: 1,
            epoch: 2,
            asset: 3,
            start: 4,
            end: 5,
            leases: vec![6, 7],
            demands: vec![],
            consumers: vec![1, 2],
            providers: vec![3, 4],
            prices: vec![5, 6],
            lots: vec![1, 1],
        };
        let mut raw = Event::from(event.clone());
        raw.ty = format!("wasm-{}", raw.ty);
        assert_eq!(LeasesOpened::try_from(&raw).unwrap(), event);
        assert!(matches!(Settled::try_from(&raw), Err(EventError::Other { .. })));
        raw.attributes.remove(0);
        assert_eq!(
            LeasesOpened::try_from(&raw),
            Err(EventError::Attribute { event: "caplet_opened", attribute: "market" })
        );
    }
}
