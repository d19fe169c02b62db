//! Orders: what a device signs so that anybody may place it.

use crate::{DeviceId, Domain, Lots, MarketId, OrderId, bytes::Writer, tag};

/// Side of the book.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
#[cfg_attr(
    feature = "schema",
    derive(cosmwasm_schema::schemars::JsonSchema, cosmwasm_schema::cw_schema::Schemaifier),
    schemars(crate = "cosmwasm_schema::schemars"),
    schemaifier(crate = "cosmwasm_schema::cw_schema")
)]
#[repr(u8)]
pub enum Side {
    /// Supply.
    Offer = 1,
    /// Demand.
    Demand = 2,
}

/// Bits of an order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "schema",
    derive(cosmwasm_schema::schemars::JsonSchema, cosmwasm_schema::cw_schema::Schemaifier),
    schemars(crate = "cosmwasm_schema::schemars"),
    schemaifier(crate = "cosmwasm_schema::cw_schema")
)]
pub struct OrderFlags(pub u8);

impl OrderFlags {
    /// A demand that takes all its lots or none (second pass, outside the certificate).
    pub const ALL_OR_NOTHING: u8 = 1;
    /// Renews slot by slot until it expires.
    pub const STANDING: u8 = 2;
    /// Offer: comes from an attested enclave. Demand: requires one.
    pub const ATTESTED: u8 = 4;
    /// Every bit with a meaning.
    pub const KNOWN: u8 = 7;

    /// Whether all bits of `bits` are set.
    #[must_use]
    pub const fn has(self, bits: u8) -> bool {
        self.0 & bits == bits
    }
}

/// Reads a big-endian field at a fixed place of a fixed array.
fn field<const N: usize, const L: usize>(from: &[u8; N], at: usize) -> [u8; L] {
    let mut out = [0; L];
    for (to, byte) in out.iter_mut().zip(from.iter().skip(at)) {
        *to = *byte;
    }
    out
}

/// An order to sell. Cell and reliability tier are not in it: they come from the chain, never from
/// what a provider says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The providing device.
    pub device: DeviceId,
    /// Rises with every order the device signs; an order with a sequence not above the last is refused.
    pub sequence: u32,
    /// The market.
    pub market: MarketId,
    /// Latency tier it promises; higher is better.
    pub latency: u8,
    /// Throughput tier it promises.
    pub throughput: u8,
    /// Accuracy tier it promises.
    pub accuracy: u8,
    /// [`OrderFlags`].
    pub flags: OrderFlags,
    /// Tags it has, as the market numbers them.
    pub tags: u32,
    /// Least price of a lot in base units, a multiple of the market's tick.
    pub ask: u64,
    /// Lots for the batch lane.
    pub batch: Lots,
    /// Lots for the instant lane.
    pub instant: Lots,
    /// Unix seconds (chain time) after which the order is void.
    pub not_after: u64,
    /// Base units for whoever relays the order, debited when it is placed.
    pub relay_fee: u64,
}

impl Offer {
    /// Bytes of the signed layout.
    pub const LEN: usize = 96;
    /// Bytes of the layout after tag and domain: what calldata carries.
    pub const BODY: usize = 48;

    /// The order whose layout, after tag and domain, is `body`.
    #[must_use]
    pub fn decode(body: &[u8; Self::BODY]) -> Self {
        Self {
            device: DeviceId(u32::from_be_bytes(field(body, 0))),
            sequence: u32::from_be_bytes(field(body, 4)),
            market: MarketId(u32::from_be_bytes(field(body, 8))),
            latency: body[12],
            throughput: body[13],
            accuracy: body[14],
            flags: OrderFlags(body[15]),
            tags: u32::from_be_bytes(field(body, 16)),
            ask: u64::from_be_bytes(field(body, 20)),
            batch: Lots(u16::from_be_bytes(field(body, 28))),
            instant: Lots(u16::from_be_bytes(field(body, 30))),
            not_after: u64::from_be_bytes(field(body, 32)),
            relay_fee: u64::from_be_bytes(field(body, 40)),
        }
    }

    /// The bytes that the device key signs.
    #[must_use]
    pub fn preimage(&self, domain: &Domain) -> [u8; Self::LEN] {
        Writer::new()
            .put(&tag::ORDER)
            .put(&domain.0)
            .put(&self.device.0.to_be_bytes())
            .put(&self.sequence.to_be_bytes())
            .put(&self.market.0.to_be_bytes())
            .put(&[self.latency, self.throughput, self.accuracy, self.flags.0])
            .put(&self.tags.to_be_bytes())
            .put(&self.ask.to_be_bytes())
            .put(&self.batch.0.to_be_bytes())
            .put(&self.instant.0.to_be_bytes())
            .put(&self.not_after.to_be_bytes())
            .put(&self.relay_fee.to_be_bytes())
            .done()
    }
}

/// An order to buy: hard requirements, weights, limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Demand {
    /// The consuming device. Its cell comes from the registry.
    pub device: DeviceId,
    /// Rises with every order the device signs.
    pub sequence: u32,
    /// The market.
    pub market: MarketId,
    /// Least latency tier.
    pub latency: u8,
    /// Least throughput tier.
    pub throughput: u8,
    /// Least accuracy tier.
    pub accuracy: u8,
    /// Least reliability tier.
    pub reliability: u8,
    /// [`OrderFlags`].
    pub flags: OrderFlags,
    /// Tags that must all be there.
    pub tags: u32,
    /// rho: what a whole point of lost reliability is worth to the buyer, in ticks a lot.
    pub rho: u16,
    /// lambda: what a millisecond is worth to the buyer, in thousandths of a tick a lot.
    pub lambda: u16,
    /// Most the buyer bears for a lot, weights included, in base units, a multiple of the tick.
    pub limit: u64,
    /// Lots wanted.
    pub lots: Lots,
    /// Unix seconds (chain time) after which the order is void.
    pub not_after: u64,
    /// Base units for whoever relays the order, debited when it is placed.
    pub relay_fee: u64,
}

impl Demand {
    /// Bytes of the signed layout.
    pub const LEN: usize = 100;
    /// Bytes of the layout after tag and domain: what calldata carries.
    pub const BODY: usize = 52;

    /// The order whose layout, after tag and domain, is `body`. The padding byte is not part of
    /// the order; a body that sets it yields a preimage that no signature fits.
    #[must_use]
    pub fn decode(body: &[u8; Self::BODY]) -> Self {
        Self {
            device: DeviceId(u32::from_be_bytes(field(body, 0))),
            sequence: u32::from_be_bytes(field(body, 4)),
            market: MarketId(u32::from_be_bytes(field(body, 8))),
            latency: body[12],
            throughput: body[13],
            accuracy: body[14],
            reliability: body[15],
            flags: OrderFlags(body[16]),
            tags: u32::from_be_bytes(field(body, 18)),
            rho: u16::from_be_bytes(field(body, 22)),
            lambda: u16::from_be_bytes(field(body, 24)),
            limit: u64::from_be_bytes(field(body, 26)),
            lots: Lots(u16::from_be_bytes(field(body, 34))),
            not_after: u64::from_be_bytes(field(body, 36)),
            relay_fee: u64::from_be_bytes(field(body, 44)),
        }
    }

    /// The bytes that the device key signs.
    #[must_use]
    pub fn preimage(&self, domain: &Domain) -> [u8; Self::LEN] {
        Writer::new()
            .put(&tag::DEMAND)
            .put(&domain.0)
            .put(&self.device.0.to_be_bytes())
            .put(&self.sequence.to_be_bytes())
            .put(&self.market.0.to_be_bytes())
            .put(&[self.latency, self.throughput, self.accuracy, self.reliability])
            .put(&[self.flags.0, 0])
            .put(&self.tags.to_be_bytes())
            .put(&self.rho.to_be_bytes())
            .put(&self.lambda.to_be_bytes())
            .put(&self.limit.to_be_bytes())
            .put(&self.lots.0.to_be_bytes())
            .put(&self.not_after.to_be_bytes())
            .put(&self.relay_fee.to_be_bytes())
            .done()
    }
}

/// Taking an order back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cancel {
    /// The device that signed the order.
    pub device: DeviceId,
    /// The market.
    pub market: MarketId,
    /// Side of the order.
    pub side: Side,
    /// The order.
    pub order: OrderId,
}

impl Cancel {
    /// Bytes of the signed layout.
    pub const LEN: usize = 68;

    /// The bytes that the device key signs. No replay guard is needed: an order is cancelled once.
    #[must_use]
    pub fn preimage(&self, domain: &Domain) -> [u8; Self::LEN] {
        Writer::new()
            .put(&tag::CANCEL)
            .put(&domain.0)
            .put(&self.device.0.to_be_bytes())
            .put(&self.market.0.to_be_bytes())
            .put(&[self.side as u8, 0, 0, 0])
            .put(&self.order.to_u64().to_be_bytes())
            .done()
    }
}
