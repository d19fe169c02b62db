//! Storage layouts that contracts read of each other by raw query, documented to the byte.
//!
//! A raw query costs by the byte and has no fixed part worth a smart query's 69k gas
//! (`MECHANISMS.md` 9). A page is a run of fixed-width records under the key
//! `prefix byte | sub-key | page number u32`, integers big-endian; a page may be shorter than full:
//! records past its end are all zero. Prefix bytes are above 0x7F, so they never meet the
//! namespaces of cw-storage-plus, which begin with ASCII or 0.
//!
//! Bytes are what gas is paid for, so pages of most kinds are stored in a smaller form ([`Pages::stored`]);
//! whoever reads one takes [`Pages::records`] of it first.

use crate::compact;
use caplet_protocol::{AccountId, AssetId, CellId, DeviceId, LeaseId, MarketId, layout::Side};

/// Reads a big-endian number of up to 16 bytes at `at`; missing bytes read as zero.
fn number(from: &[u8], at: usize, len: usize) -> u128 {
    let mut value = 0u128;
    for i in at..at.saturating_add(len) {
        value = (value << 8) | u128::from(from.get(i).copied().unwrap_or(0));
    }
    value
}

macro_rules! records {
    ($(#[$doc:meta])* $name:ident, $len:literal { $($(#[$fdoc:meta])* $field:ident: $ty:ty = $at:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct $name {
            $($(#[$fdoc])* pub $field: $ty,)*
        }

        impl $name {
            /// Bytes of a record.
            pub const LEN: usize = $len;

            /// The record's bytes.
            #[must_use]
            pub fn encode(&self) -> [u8; $len] {
                let mut out = [0u8; $len];
                $(
                    let bytes = self.$field.to_be_bytes();
                    for (to, from) in out.iter_mut().skip($at).zip(bytes) {
                        *to = from;
                    }
                )*
                out
            }

            /// The record in `from`; bytes that are missing read as zero.
            #[must_use]
            #[allow(clippy::cast_possible_truncation)] // each field reads exactly its own width
            pub fn decode(from: &[u8]) -> Self {
                Self { $($field: number(from, $at, core::mem::size_of::<$ty>()) as $ty,)* }
            }
        }
    };
}

records!(
    /// Registry: what others need of a device. All zero: no such device.
    DeviceRecord, 16 {
        /// Owner's account.
        owner: u32 = 0,
        /// Gateway's account: it settles for the device.
        gateway: u32 = 4,
        /// Network region.
        cell: u16 = 8,
        /// Number of the `DeviceStatus`.
        status: u8 = 10,
        /// Bit 0: attested.
        flags: u8 = 11,
        /// Current key epoch.
        key_epoch: u32 = 12,
    }
);

records!(
    /// Reputation: what others need of a device. All zero: unrated, tier 0.
    StandingRecord, 2 {
        /// Reliability tier.
        tier: u8 = 0,
        /// Bit 0: suspended.
        flags: u8 = 1,
    }
);

records!(
    /// Reputation: what is on record of a device. All zero: unrated.
    EvidenceRecord, 34 {
        /// Weight of good service in millionths of a standard lease, decayed up to `updated`.
        alpha: u64 = 0,
        /// Weight of bad service.
        beta: u64 = 8,
        /// How much of it complaints are.
        complained: u64 = 16,
        /// Unix seconds.
        updated: u32 = 24,
        /// Leases rated.
        leases: u32 = 28,
        /// Tier after the last rating.
        tier: u8 = 32,
        /// Bit 0: there is more, about faults and suspensions.
        flags: u8 = 33,
    }
);

records!(
    /// Reputation: what is at stake for a device and does not unbond.
    StakedRecord, 9 {
        /// Base units.
        amount: u64 = 0,
        /// It counts while this is the rules' ([`AllowanceRecord::generation`]).
        generation: u8 = 8,
    }
);

records!(
    /// Reputation: what a device's allowance is reckoned with: `starter + staked + alpha x standard_fee / 10^6`, alpha
    /// decayed to the moment that it is asked for.
    AllowanceRecord, 21 {
        /// Base units that may depend on any device at once.
        starter: u64 = 0,
        /// Base units that a standard lease burns.
        standard_fee: u64 = 8,
        /// Seconds in which evidence loses half its weight.
        half_life: u32 = 16,
        /// Counts the denominations that stakes had.
        generation: u8 = 20,
    }
);

records!(
    /// Escrow: one balance.
    BalanceRecord, 32 {
        /// May be withdrawn.
        free: u128 = 0,
        /// Locked for orders.
        ordered: u128 = 16,
    }
);

records!(
    /// Escrow: what a settlement reads of a lane. `fees` is 0 for a slot that is empty or closed.
    LaneRecord, 20 {
        /// Most the lane may redeem.
        cap: u64 = 0,
        /// Device whose key signs.
        signer: u32 = 8,
        /// Account that is credited.
        payee: u32 = 12,
        /// Asset.
        asset: u16 = 16,
        /// Lane number within the lease, 0..=3.
        lane: u8 = 18,
        /// Fee schedule, counted from 1; 0: the slot is empty or the lease closed.
        fees: u8 = 19,
    }
);

records!(
    /// Escrow: what was agreed, at the lease's first slot; only `lots` ever changes, by TopUp.
    DealRecord, 28 {
        /// Number of the terms it shares with its batch.
        terms: u32 = 0,
        /// Consuming device.
        consumer: u32 = 4,
        /// Providing device.
        provider: u32 = 8,
        /// Payer's account.
        payer: u32 = 12,
        /// Base units a lot.
        price: u64 = 16,
        /// Lots.
        lots: u16 = 24,
        /// Lanes, 1..=4.
        lanes: u8 = 26,
        /// Bit 0: ordered by the owner itself, so no device's allowance is involved.
        flags: u8 = 27,
    }
);

records!(
    /// Escrow: what leases opened together share, see [`crate::opened`].
    TermsRecord, 66 {
        /// The market.
        market: u32 = 0,
        /// The market's epoch.
        epoch: u32 = 4,
        /// Asset.
        asset: u16 = 8,
        /// Unix seconds: when service may begin.
        start: u64 = 10,
        /// Unix seconds: when the leases expire.
        end: u64 = 18,
        /// Units of service in a lot.
        lot_units: u64 = 26,
        /// Seconds from closing to sweeping, at least.
        settle_secs: u32 = 34,
        /// Blocks from closing to sweeping, at least.
        settle_blocks: u32 = 38,
        /// Seconds of a provider's notice.
        notice_secs: u32 = 42,
        /// Base units a payee may be owed beyond what it has redeemed.
        exposure_cap: u64 = 46,
        /// Base units a lease for whoever sweeps.
        close_bond: u64 = 54,
        /// Unix seconds of the opening.
        at: u32 = 62,
    }
);

records!(
    /// Escrow: where a lease stands. All zero: Open.
    StateRecord, 16 {
        /// Number of the `LeaseState`.
        state: u8 = 0,
        /// Number of the `CloseReason`.
        reason: u8 = 1,
        /// Unix seconds of the notice.
        notice: u32 = 2,
        /// Unix seconds of Close or Poke.
        closing_time: u32 = 6,
        /// Height of Close or Poke, low 32 bits.
        closing_height: u32 = 10,
        /// Fee schedule, counted from 1, kept when the lane record is cleared.
        fees: u8 = 14,
        /// Spare.
        spare: u8 = 15,
    }
);

records!(
    /// Auction: an offer in its page, written once. All zero: none.
    OfferRecord, 16 {
        /// Providing device.
        device: u32 = 0,
        /// Class slot.
        class: u8 = 4,
        /// `OrderFlags`, and bit 7: placed by the owner itself.
        flags: u8 = 5,
        /// Ask.
        tick: u16 = 6,
        /// Lots of the batch lane.
        batch: u16 = 8,
        /// Lots of the instant lane.
        instant: u16 = 10,
        /// Unix seconds.
        not_after: u32 = 12,
    }
);

records!(
    /// Auction: a demand in its page, written once. All zero: none.
    DemandRecord, 16 {
        /// Consuming device.
        device: u32 = 0,
        /// Requirement vector.
        vector: u16 = 4,
        /// Limit.
        tick: u16 = 6,
        /// Lots.
        lots: u16 = 8,
        /// `OrderFlags`, and bit 7: placed by the owner itself.
        flags: u8 = 10,
        /// Spare.
        spare: u8 = 11,
        /// Unix seconds.
        not_after: u32 = 12,
    }
);

records!(
    /// Auction: before the records of an order page.
    OrderPageHeader, 16 {
        /// Epoch in which the page was placed.
        epoch: u32 = 0,
        /// Base units of bond locked with each demand of the page.
        bond: u64 = 4,
        /// Orders in the page.
        count: u16 = 12,
        /// Layout version: 1, records as they are; 2, in the form of [`crate::compact`].
        version: u16 = 14,
    }
);

/// Layout version of order pages that are written now.
pub const ORDER_PAGE_VERSION: u16 = 2;

impl OrderPageHeader {
    /// An order page: this header in the present version, then `records`, 1 to 256 of them of 16 bytes each.
    ///
    /// `None` if there are fewer or more.
    #[must_use]
    pub fn page(&self, records: &[u8]) -> Option<Vec<u8>> {
        let header = Self { version: ORDER_PAGE_VERSION, ..*self };
        let mut page = header.encode().to_vec();
        page.extend(compact::shrink(records, OfferRecord::LEN)?);
        Some(page)
    }

    /// The header of an order page and its records, 16 bytes each.
    ///
    /// # Errors
    /// The version that the page says it is of, if that is none known; 0 if it is shorter than a header.
    pub fn read(page: &[u8]) -> Result<(Self, Vec<u8>), u16> {
        let (header, records) = page.split_at_checked(Self::LEN).ok_or(0u16)?;
        let header = Self::decode(header);
        match header.version {
            1 => Ok((header, records.to_vec())),
            ORDER_PAGE_VERSION => Ok((header, compact::expand(records, OfferRecord::LEN))),
            other => Err(other),
        }
    }
}

records!(
    /// Auction: where a device stands on a market's capacity ledger. All zero: not on it.
    ///
    /// Running leases are kept by their end, latest last; `end` 0 is none. A fourth end is merged with the
    /// latest, so lots come free late rather than early.
    CapacityRecord, 26 {
        /// Lots at a time; 0: not on the ledger.
        capacity: u16 = 0,
        /// Lots of open offers, both lanes, pending ones included.
        open: u16 = 2,
        /// Unix seconds until when leases of open offers may run at the latest.
        until: u32 = 4,
        /// Unix seconds.
        end_a: u32 = 8,
        /// Lots of leases that end then.
        lots_a: u16 = 12,
        /// Unix seconds.
        end_b: u32 = 14,
        /// Lots of leases that end then.
        lots_b: u16 = 18,
        /// Unix seconds.
        end_c: u32 = 20,
        /// Lots of leases that end then.
        lots_c: u16 = 24,
    }
);

/// Bit of [`OfferRecord::flags`] and [`DemandRecord::flags`]: placed by the owner itself.
pub const PLACED_BY_OWNER: u8 = 0x80;

/// Bit of [`OfferRecord::flags`]: counted on the capacity ledger.
pub const ON_LEDGER: u8 = 0x40;

/// Bit of [`StandingRecord::flags`].
pub const SUSPENDED: u8 = 1;

/// Bit of [`DeviceRecord::flags`].
pub const ATTESTED: u8 = 1;

/// Registry: until when a device is attested, and what its enclave measures. All zero: it is not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AttestationRecord {
    /// Unix seconds after which it is void.
    pub not_after: u64,
    /// `caplet_attest::Measurement`.
    pub measurement: [u8; 32],
}

impl AttestationRecord {
    /// Bytes of a record.
    pub const LEN: usize = 40;

    /// The record's bytes.
    #[must_use]
    pub fn encode(&self) -> [u8; Self::LEN] {
        let mut out = [0; Self::LEN];
        let bytes = self.not_after.to_be_bytes().into_iter().chain(self.measurement);
        for (to, from) in out.iter_mut().zip(bytes) {
            *to = from;
        }
        out
    }

    /// The record in `from`; bytes that are missing read as zero.
    #[must_use]
    pub fn decode(from: &[u8]) -> Self {
        let mut measurement = [0; 32];
        for (to, from) in measurement.iter_mut().zip(from.iter().skip(8)) {
            *to = *from;
        }
        let not_after = u64::try_from(number(from, 0, 8)).unwrap_or_default();
        Self { not_after, measurement }
    }
}

/// Where records of one kind are: prefix byte, and how many stand in a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pages {
    /// First byte of every key.
    pub prefix: u8,
    /// Records a page.
    pub per_page: u32,
    /// Bytes a record.
    pub width: usize,
    /// Whether pages may be stored in the small form.
    pub compact: bool,
}

impl Pages {
    /// Page and place in it of record `index`.
    #[must_use]
    pub fn locate(&self, index: u32) -> (u32, u32) {
        // per_page is a non-zero constant of the tables below, so neither falls back
        let page = index.checked_div(self.per_page).unwrap_or_default();
        (page, index.checked_rem(self.per_page).unwrap_or_default())
    }

    /// Page and place in it of a lease's slot.
    #[must_use]
    pub fn locate_slot(&self, slot: u64) -> Option<(u32, u32)> {
        let per_page = u64::from(self.per_page);
        let page = u32::try_from(slot.checked_div(per_page)?).ok()?;
        Some((page, u32::try_from(slot.checked_rem(per_page)?).ok()?))
    }

    /// Key of a page under a sub-key.
    #[must_use]
    pub fn key(&self, sub: &[u8], page: u32) -> Vec<u8> {
        let mut key = Vec::with_capacity(sub.len().saturating_add(5));
        key.push(self.prefix);
        key.extend_from_slice(sub);
        key.extend_from_slice(&page.to_be_bytes());
        key
    }

    /// A page's bytes as they are stored: without zeros at the end; if `compact`, and that is shorter, in the form of
    /// [`crate::compact`] with a zero after it. So a last byte tells which of the two it is, and pages that were stored
    /// before there was a small form are read as they are.
    #[must_use]
    pub fn stored(&self, records: &[u8]) -> Vec<u8> {
        let used = records.iter().rposition(|byte| *byte != 0);
        let used = used.and_then(|last| records.get(..=last)).unwrap_or_default();
        let small = if self.compact { compact::shrink(used, self.width) } else { None };
        match small {
            Some(mut small) if small.len().saturating_add(1) < used.len() => {
                small.push(0);
                small
            }
            _ => used.to_vec(),
        }
    }

    /// A page's bytes from its stored ones.
    #[must_use]
    pub fn records(&self, stored: Vec<u8>) -> Vec<u8> {
        match stored.split_last() {
            Some((0, small)) if self.compact => compact::expand(small, self.width),
            _ => stored,
        }
    }

    /// Bytes of the record at `place` in a page's bytes; empty past the end.
    #[must_use]
    pub fn slice<'a>(&self, page: &'a [u8], place: u32) -> &'a [u8] {
        let Ok(place) = usize::try_from(place) else { return &[] };
        let Some(from) = place.checked_mul(self.width) else { return &[] };
        let rest = page.get(from..).unwrap_or(&[]);
        rest.get(..self.width).unwrap_or(rest)
    }
}

/// Registry: [`DeviceRecord`] by device.
pub const DEVICES: Pages =
    Pages { prefix: 0xD0, per_page: 32, width: DeviceRecord::LEN, compact: true };
/// Registry: 34-byte `PublicKey` by device.
pub const KEYS: Pages = Pages { prefix: 0xD1, per_page: 16, width: 34, compact: false };
/// Registry: [`AttestationRecord`] by device.
pub const ATTESTATIONS: Pages =
    Pages { prefix: 0xD5, per_page: 16, width: AttestationRecord::LEN, compact: false };
/// Auction: last order sequence (u32) by device, all markets together.
pub const ORDER_SEQUENCES: Pages = Pages { prefix: 0xA7, per_page: 64, width: 4, compact: true };
/// Auction: [`CapacityRecord`] by device, sub-key market u32.
pub const CAPACITY: Pages =
    Pages { prefix: 0xAA, per_page: 32, width: CapacityRecord::LEN, compact: true };
/// Auction: lots (u16) reserved by slot, sub-key market u32, device u32 ([`reserved_sub`]).
pub const RESERVED: Pages = Pages { prefix: 0xAB, per_page: 64, width: 2, compact: true };
/// Reputation: [`StandingRecord`] by device.
pub const STANDINGS: Pages =
    Pages { prefix: 0xB0, per_page: 64, width: StandingRecord::LEN, compact: false };
/// Reputation: [`EvidenceRecord`] by device.
pub const EVIDENCE: Pages =
    Pages { prefix: 0xB3, per_page: 8, width: EvidenceRecord::LEN, compact: true };
/// Reputation: [`StakedRecord`] by device.
pub const STAKED: Pages =
    Pages { prefix: 0xB4, per_page: 8, width: StakedRecord::LEN, compact: true };
/// Reputation: key of the [`AllowanceRecord`].
pub const ALLOWANCE_KEY: [u8; 1] = [0xB5];
/// Escrow: [`BalanceRecord`] by account, sub-key asset u16.
pub const BALANCES: Pages =
    Pages { prefix: 0xE0, per_page: 16, width: BalanceRecord::LEN, compact: true };
/// Escrow: redeemed u64 by lane slot (the hot pages).
pub const REDEEMED: Pages = Pages { prefix: 0xE1, per_page: 64, width: 8, compact: true };
/// Escrow: [`LaneRecord`] by lane slot (the cold pages).
pub const LANES: Pages =
    Pages { prefix: 0xE2, per_page: 64, width: LaneRecord::LEN, compact: true };
/// Escrow: [`DealRecord`] by lane slot, at a lease's first.
pub const DEALS: Pages =
    Pages { prefix: 0xE3, per_page: 64, width: DealRecord::LEN, compact: true };
/// Escrow: [`StateRecord`] by lane slot, at a lease's first.
pub const STATES: Pages =
    Pages { prefix: 0xE4, per_page: 64, width: StateRecord::LEN, compact: true };

/// Registry: key of the number (u32) of an address.
#[must_use]
pub fn account_key(address: &str) -> Vec<u8> {
    let mut key = vec![0xD2];
    key.extend_from_slice(address.as_bytes());
    key
}

/// Registry: bytes of one record under [`old_keys_key`]: 34-byte `PublicKey`, Unix seconds (u64) and
/// height (u64) of its rotation, then 1 if it was compromised (u8).
pub const OLD_KEY_LEN: usize = 51;

/// Registry: key of the retired keys of a device, the latest first, [`OLD_KEY_LEN`] bytes each. A key
/// stays at least until the longest settle window after its rotation has passed, in seconds and in blocks.
#[must_use]
pub fn old_keys_key(device: DeviceId) -> Vec<u8> {
    let mut key = vec![0xD3];
    key.extend_from_slice(&device.0.to_be_bytes());
    key
}

/// Reputation: key of the Unix seconds (u32) until which a provider that failed a consumer is not given to it
/// again: never in the instant lane, nor in the batch where its pairing allows. Missing: it never failed it.
#[must_use]
pub fn avoided_key(provider: DeviceId, consumer: DeviceId) -> Vec<u8> {
    let mut key = vec![0xB2];
    key.extend_from_slice(&provider.0.to_be_bytes());
    key.extend_from_slice(&consumer.0.to_be_bytes());
    key
}

/// Escrow: key of a lease's evidence, 32 bytes.
#[must_use]
pub fn evidence_key(lease: LeaseId) -> Vec<u8> {
    let mut key = vec![0xE5];
    key.extend_from_slice(&lease.0.to_be_bytes());
    key
}

/// Escrow: key of shared terms, [`crate::opened::Opened`].
#[must_use]
pub fn terms_key(terms: u32) -> Vec<u8> {
    let mut key = vec![0xE6];
    key.extend_from_slice(&terms.to_be_bytes());
    key
}

/// Escrow: key of a fee schedule, counted from 1: protocol bps u16, keeper bps u16.
#[must_use]
pub fn fees_key(schedule: u8) -> [u8; 2] {
    [0xE7, schedule]
}

/// Sub-key of [`BALANCES`].
#[must_use]
pub fn asset_sub(asset: AssetId) -> [u8; 2] {
    asset.0.to_be_bytes()
}

/// Sub-key of [`RESERVED`].
#[must_use]
pub fn reserved_sub(market: MarketId, device: DeviceId) -> [u8; 8] {
    (u64::from(market.0) << 32 | u64::from(device.0)).to_be_bytes()
}

/// Auction: key of an order page: [`OrderPageHeader`], then its records.
#[must_use]
pub fn order_page_key(market: MarketId, side: Side, page: u32) -> [u8; 10] {
    order_key(0xA0, market, side, page)
}

/// Auction: key of what became of an order page's orders: a bitmap of 32 bytes (bit set: done;
/// slot `s` is bit `s % 8` of byte `s / 8`), then for each order used in part
/// `slot u8 | used batch lots u16 | used instant lots u16`, ascending by slot. Missing: untouched.
#[must_use]
pub fn order_state_key(market: MarketId, side: Side, page: u32) -> [u8; 10] {
    order_key(0xA1, market, side, page)
}

fn order_key(prefix: u8, market: MarketId, side: Side, page: u32) -> [u8; 10] {
    let mut key = [0; 10];
    let parts = [prefix].into_iter().chain(market.0.to_be_bytes()).chain([side as u8]);
    for (to, from) in key.iter_mut().zip(parts.chain(page.to_be_bytes())) {
        *to = from;
    }
    key
}

/// Device, account and cell numbers of a record, typed.
impl DeviceRecord {
    /// Owner's account; `None` if there is no such device.
    #[must_use]
    pub fn owner(&self) -> Option<AccountId> {
        (self.owner != 0).then_some(AccountId(self.owner))
    }

    /// Gateway's account.
    #[must_use]
    pub const fn gateway(&self) -> AccountId {
        AccountId(self.gateway)
    }

    /// Network region.
    #[must_use]
    pub const fn cell(&self) -> CellId {
        CellId(self.cell)
    }

    /// Whether the device may open new leases and orders, as far as the registry knows.
    #[must_use]
    pub const fn is_active(&self) -> bool {
        self.status == crate::registry::DeviceStatus::Active as u8
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::arithmetic_side_effects)] // small numbers
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn records_come_back_as_they_were(owner: u32, gateway: u32, cell: u16, status: u8, flags: u8, key_epoch: u32,
                                          free: u128, ordered: u128) {
            let device = DeviceRecord { owner, gateway, cell, status, flags, key_epoch };
            prop_assert_eq!(DeviceRecord::decode(&device.encode()), device);
            let balance = BalanceRecord { free, ordered };
            prop_assert_eq!(BalanceRecord::decode(&balance.encode()), balance);
        }

        #[test]
        fn short_bytes_read_as_zero_and_never_panic(bytes: Vec<u8>, place: u32) {
            let _ = LaneRecord::decode(LANES.slice(&bytes, place));
            let _ = StateRecord::decode(&bytes);
        }
    }

    proptest! {
        #[test]
        fn a_page_comes_back_from_what_is_stored_and_is_never_longer(records in page(), width in 1usize..30) {
            let rows = records.len().div_ceil(width);
            for compact in [false, true] {
                let pages = Pages { prefix: 0xF0, per_page: 64, width, compact };
                let stored = pages.stored(&records);
                prop_assert!(stored.len() <= records.len());
                let back = pages.records(stored);
                for place in 0..u32::try_from(rows).unwrap() + 1 {
                    let (mut a, mut b) = (pages.slice(&records, place).to_vec(), pages.slice(&back, place).to_vec());
                    a.resize(width, 0);
                    b.resize(width, 0);
                    prop_assert_eq!(a, b);
                }
            }
        }

        #[test]
        fn a_page_that_was_stored_without_a_small_form_is_read_as_it_is(records in page(), width in 1usize..30) {
            let old = Pages { prefix: 0xF0, per_page: 64, width, compact: false }.stored(&records);
            let now = Pages { prefix: 0xF0, per_page: 64, width, compact: true };
            prop_assert_eq!(now.records(old.clone()), old);
        }
    }

    /// Bytes of a page, mostly zero, of at most 256 records.
    fn page() -> impl Strategy<Value = Vec<u8>> {
        proptest::collection::vec(
            prop_oneof![2 => Just(0u8), 1 => Just(1u8), 1 => any::<u8>()],
            0..250,
        )
    }

    /// Leases and balances with little in common: 100,000 devices of 20,000 owners, prices of eight classes, 1 to 4 lots.
    #[test]
    fn pages_of_a_mixed_crowd_take_less_than_half_of_their_records() {
        let mut seed = 1u64;
        let mut random = |below: u64| {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % below
        };
        let (mut lanes, mut deals, mut balances) = (Vec::new(), Vec::new(), Vec::new());
        for lease in 0..64u32 {
            let (price, lots) = (500_000 + 437_219 * random(8), 1 + random(4));
            let mut device = || 1 + u32::try_from(random(100_000)).unwrap();
            let (consumer, provider) = (device(), device());
            let (payer, payee) = (device() / 5, device() / 5);
            let lane = LaneRecord {
                cap: price * lots,
                signer: consumer,
                payee,
                asset: 1,
                lane: 0,
                fees: 1,
            };
            lanes.extend(lane.encode());
            let (terms, lots) = (12_345 + lease / 20, u16::try_from(lots).unwrap());
            let deal =
                DealRecord { terms, consumer, provider, payer, price, lots, lanes: 1, flags: 0 };
            deals.extend(deal.encode());
        }
        for _ in 0..16 {
            let (free, ordered) = (random(10_000_000_000).into(), random(100_000_000).into());
            balances.extend(BalanceRecord { free, ordered }.encode());
        }
        for (pages, records) in [(LANES, lanes), (DEALS, deals), (BALANCES, balances)] {
            let stored = pages.stored(&records).len();
            assert!(stored * 2 < records.len(), "{stored} bytes of {}", records.len());
        }
    }

    #[test]
    fn order_pages_of_both_versions_are_read_and_no_others() {
        let records: Vec<u8> = (0..48).collect();
        let header = OrderPageHeader { epoch: 3, bond: 9, count: 3, version: ORDER_PAGE_VERSION };
        let page = header.page(&records).unwrap();
        assert_eq!(OrderPageHeader::read(&page), Ok((header, records.clone())));
        let first = OrderPageHeader { version: 1, ..header };
        let page = [first.encode().to_vec(), records.clone()].concat();
        assert_eq!(OrderPageHeader::read(&page), Ok((first, records)));
        let third = OrderPageHeader { version: 3, ..header }.encode();
        assert_eq!(OrderPageHeader::read(&third), Err(3));
        assert_eq!(OrderPageHeader::read(&third[..15]), Err(0));
        assert_eq!(header.page(&[]), None);
    }

    #[test]
    fn prefixes_are_distinct_and_beyond_ascii() {
        let all = [
            DEVICES, KEYS, STANDINGS, EVIDENCE, STAKED, BALANCES, REDEEMED, LANES, DEALS, STATES,
            CAPACITY, RESERVED,
        ]
        .map(|p| p.prefix);
        for (i, a) in all.iter().enumerate() {
            assert!(*a > 0x7F);
            assert!(!all[i + 1..].contains(a));
        }
    }
}
