//! Newtypes for identifiers and quantities, so that one is never taken for another.

macro_rules! newtype {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        #[cfg_attr(
            feature = "schema",
            derive(cosmwasm_schema::schemars::JsonSchema, cosmwasm_schema::cw_schema::Schemaifier),
            schemars(crate = "cosmwasm_schema::schemars"),
            schemaifier(crate = "cosmwasm_schema::cw_schema")
        )]
        pub struct $name(pub $inner);

        impl $name {
            /// The bare number.
            #[must_use]
            pub const fn get(self) -> $inner {
                self.0
            }
        }

        impl From<$inner> for $name {
            fn from(value: $inner) -> Self {
                Self(value)
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

newtype!(
    /// A device as the registry numbers it; key rotation keeps it (`PROTOCOL.md` 5). 0 is never given.
    DeviceId(u32)
);
newtype!(
    /// A chain account as the registry numbers it, so that pages hold four bytes instead of an address. 0 is never given.
    AccountId(u32)
);
newtype!(
    /// A market of the auction contract: kind, resource, unit, lot, payment asset. 0 is never given.
    MarketId(u32)
);
newtype!(
    /// A payment asset on the escrow's allow-list. 0 is never given.
    AssetId(u16)
);
newtype!(
    /// A network region; latencies between cells are governed, never free text.
    CellId(u16)
);
newtype!(
    /// One of at most 64 live supply classes of a market.
    ClassSlot(u8)
);
newtype!(
    /// A requirement vector of a market's demands, memoised per distinct vector.
    VectorId(u16)
);
newtype!(
    /// A lease of the escrow contract. It is also the number of its first lane slot and is never reused.
    LeaseId(u64)
);
newtype!(
    /// A payment lane of a lease: one live session each, at most four.
    Lane(u16)
);
newtype!(
    /// An epoch of a market, counted from the market's start.
    Epoch(u32)
);
newtype!(
    /// Parallel lots in one slot of a market.
    Lots(u16)
);
newtype!(
    /// A step of a market's price ladder; the price of a lot is `tick * tick_size` base units.
    Tick(u16)
);
newtype!(
    /// Hundredths of a percent, 0..=10_000.
    Bps(u16)
);

/// An order of one side of a market: the page it was placed in and its place there.
///
/// On the wire and in JSON it is one number, `page * 256 + slot`, and ordered as such.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct OrderId {
    /// Page of the market and side, counted from 0; one per placing transaction.
    pub page: u32,
    /// Place in the page.
    pub slot: u8,
}

impl OrderId {
    /// `page * 256 + slot`.
    #[must_use]
    pub const fn to_u64(self) -> u64 {
        ((self.page as u64) << 8) | self.slot as u64
    }

    /// The inverse of [`OrderId::to_u64`]; `None` past 2^40.
    #[must_use]
    pub const fn from_u64(value: u64) -> Option<Self> {
        if value >> 40 != 0 {
            return None;
        }
        #[allow(clippy::cast_possible_truncation)] // checked above; the low byte is meant
        Some(Self { page: (value >> 8) as u32, slot: value as u8 })
    }
}

// Books are sorted by ids throughout: one comparison instead of one of pages and one of slots.
impl Ord for OrderId {
    fn cmp(&self, other: &Self) -> core::cmp::Ordering {
        self.to_u64().cmp(&other.to_u64())
    }
}

impl PartialOrd for OrderId {
    fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl core::fmt::Display for OrderId {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.to_u64().fmt(f)
    }
}
