//! Packed items inside messages: calldata costs by the byte, so lists travel as fixed-width records
//! (vouchers as varints), never as JSON.

use caplet_protocol::{Lane, LeaseId, OrderId, layout::Voucher};
use thiserror::Error;

/// A packed list that does not parse.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum PackedError {
    /// The length is not a multiple of the item's.
    #[error(
        "packed list of {len} bytes is not a whole number of {item}-byte items: encode each item to exactly {item} bytes"
    )]
    Ragged {
        /// Bytes given.
        len: usize,
        /// Bytes an item.
        item: usize,
    },
    /// More items than a message may carry.
    #[error("{count} items, at most {most} in one message: split the list")]
    TooMany {
        /// Items given.
        count: usize,
        /// Items allowed.
        most: usize,
    },
    /// A voucher item ends before its fields do.
    #[error(
        "voucher item {index} is cut off or malformed at byte {at}: encode it as schema/vectors show"
    )]
    Voucher {
        /// Which item, from 0.
        index: usize,
        /// Where in the list.
        at: usize,
    },
}

macro_rules! item {
    ($(#[$doc:meta])* $name:ident, $len:literal { $($(#[$fdoc:meta])* $field:ident: $ty:ty = $at:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name {
            $($(#[$fdoc])* pub $field: $ty,)*
        }

        impl $name {
            /// Bytes of an item.
            pub const LEN: usize = $len;

            /// Appends the item.
            pub fn put(&self, out: &mut Vec<u8>) {
                $(out.extend_from_slice(&self.$field.to_be_bytes());)*
            }

            /// All items as one packed list.
            #[must_use]
            pub fn pack(items: &[Self]) -> Vec<u8> {
                let mut out = Vec::with_capacity(items.len().saturating_mul($len));
                for item in items {
                    item.put(&mut out);
                }
                out
            }

            /// The items of a packed list, at most `most`.
            ///
            /// # Errors
            /// If the length is not a whole number of items, or there are too many.
            pub fn unpack(from: &[u8], most: usize) -> Result<Vec<Self>, PackedError> {
                let chunks = from.chunks_exact($len);
                if !chunks.remainder().is_empty() {
                    return Err(PackedError::Ragged { len: from.len(), item: $len });
                }
                if chunks.len() > most {
                    return Err(PackedError::TooMany { count: chunks.len(), most });
                }
                Ok(chunks.map(|chunk| Self {
                    $($field: {
                        let mut bytes = [0; core::mem::size_of::<$ty>()];
                        for (to, byte) in bytes.iter_mut().zip(chunk.iter().skip($at)) {
                            *to = *byte;
                        }
                        <$ty>::from_be_bytes(bytes)
                    },)*
                }).collect())
            }
        }
    };
}

item!(
    /// Money to lock for an order.
    LockItem, 21 {
        /// The ordering device.
        device: u32 = 0,
        /// Base units from free to ordered: limit x lots, close bonds, order bond.
        amount: u64 = 4,
        /// Base units from free to the relayer's free.
        relay_fee: u64 = 12,
        /// Bit 7: placed by the owner itself, so the device's allowance is not asked.
        flags: u8 = 20,
    }
);

item!(
    /// Money to give back for an order that ended.
    UnlockItem, 21 {
        /// The ordering device.
        device: u32 = 0,
        /// Base units from ordered back to free.
        amount: u64 = 4,
        /// Base units from ordered to the message's beneficiary.
        forfeit: u64 = 12,
        /// Bit 7: placed by the owner itself.
        flags: u8 = 20,
    }
);

item!(
    /// A lease to open.
    OpenItem, 43 {
        /// The consuming device; its owner pays, its key signs.
        consumer: u32 = 0,
        /// The providing device; its owner is paid, its gateway settles.
        provider: u32 = 4,
        /// Base units a lot.
        price: u64 = 8,
        /// Lots.
        lots: u16 = 16,
        /// Base units to take out of the payer's ordered: price x lots and close bond are reserved,
        /// `fee` goes to the message's beneficiary, the rest returns to free.
        unlock: u64 = 18,
        /// Base units from the unlocked to whoever cleared.
        fee: u64 = 26,
        /// The demand's number; 0 in the instant lane. Passed into the event.
        demand: u64 = 34,
        /// Bit 7: placed by the owner itself. Bit 0: instant lane, `unlock` is taken from free
        /// (allowance asked), nothing was locked before.
        flags: u8 = 42,
    }
);

item!(
    /// A lane of a lease that several lanes share, in the order of their numbers.
    LaneItem, 16 {
        /// The device whose key signs its vouchers, one of the payer's; 0: the consuming device.
        signer: u32 = 0,
        /// The device whose owner is credited; 0: the providing device.
        payee: u32 = 4,
        /// Most it may redeem; the caps of all lanes add up to price x lots.
        cap: u64 = 8,
    }
);

item!(
    /// Lots that a running lease takes on, at its own price.
    TopUpItem, 40 {
        /// The lease.
        lease: u64 = 0,
        /// The lane whose cap rises.
        lane: u8 = 8,
        /// Lots, taken from the offer's instant lane by whoever sends.
        lots: u16 = 9,
        /// Base units to take from the payer: price x lots are reserved, the rest returns to free.
        unlock: u64 = 11,
        /// Bit 7: asked by the owner itself, as the lease was. Bit 0: `unlock` is taken from free
        /// (allowance asked), nothing was locked before.
        flags: u8 = 19,
        /// The consuming device, which must be the lease's.
        consumer: u32 = 20,
        /// The providing device whose lots they are, which must be the lease's.
        provider: u32 = 24,
        /// The market whose lots they are, which must be the lease's.
        market: u32 = 28,
        /// What the provider asks for a lot, base units: the lease's price must be no less.
        price: u64 = 32,
    }
);

item!(
    /// Lots of one offer given to one demand.
    FillItem, 12 {
        /// The offer's page.
        offer_page: u32 = 0,
        /// The offer's slot.
        offer_slot: u8 = 4,
        /// The demand's page.
        demand_page: u32 = 5,
        /// The demand's slot.
        demand_slot: u8 = 9,
        /// Lots.
        lots: u16 = 10,
    }
);

impl FillItem {
    /// The offer.
    #[must_use]
    pub const fn offer(&self) -> OrderId {
        OrderId { page: self.offer_page, slot: self.offer_slot }
    }

    /// The demand.
    #[must_use]
    pub const fn demand(&self) -> OrderId {
        OrderId { page: self.demand_page, slot: self.demand_slot }
    }
}

/// Bit of [`OpenItem::flags`]: instant lane.
pub const INSTANT: u8 = 1;

/// A voucher in calldata: tag and domain are never sent, zero fields are left out.
///
/// `flags u8 | lease varint | [lane u8] | amount varint | units varint |
/// [links u16 | link_units varint | link_amount varint | anchor 32] | [k u16 | link 32] |
/// [evidence 32] | signature 64`, varints LEB128. Flags: 1 lane is not 0, 2 has a chain, 4 reveals a
/// link (needs a chain), 8 has evidence; other bits must be 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VoucherItem {
    /// The voucher.
    pub voucher: Voucher,
    /// Which link is revealed; 0 for none.
    pub k: u16,
    /// That link; zero for none.
    pub link: [u8; 32],
    /// The lane key's signature.
    pub signature: [u8; 64],
}

/// An entry of a signed list of vouchers (`layout::VoucherList`): `lease varint | lane u8 | amount
/// varint | units varint`. It carries neither chain nor evidence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ListEntry {
    /// The lease.
    pub lease: LeaseId,
    /// The lane.
    pub lane: u8,
    /// Cumulative base units.
    pub amount: u128,
    /// Cumulative units.
    pub units: u64,
}

impl ListEntry {
    /// All entries as one packed list, as it is signed and sent.
    #[must_use]
    pub fn pack(entries: &[Self]) -> Vec<u8> {
        let mut out = Vec::new();
        for entry in entries {
            put_varint(&mut out, entry.lease.0.into());
            out.push(entry.lane);
            put_varint(&mut out, entry.amount);
            put_varint(&mut out, entry.units.into());
        }
        out
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            lease: LeaseId(u64::try_from(from.varint()?).ok()?),
            lane: from.byte()?,
            amount: from.varint()?,
            units: u64::try_from(from.varint()?).ok()?,
        })
    }

    /// The entries of a packed list, at most `most`.
    ///
    /// # Errors
    /// If an entry is cut off or has an impossible field, or there are too many.
    pub fn unpack(from: &[u8], most: usize) -> Result<Vec<Self>, PackedError> {
        unpack_varying(from, most, Self::read)
    }

    /// The voucher that the entry stands for.
    #[must_use]
    pub fn voucher(&self) -> Voucher {
        let (lane, Self { lease, amount, units, .. }) = (Lane(self.lane.into()), *self);
        Voucher { lease, lane, amount, units, ..Voucher::default() }
    }
}

const HAS_LANE: u8 = 1;
const HAS_CHAIN: u8 = 2;
const HAS_LINK: u8 = 4;
const HAS_EVIDENCE: u8 = 8;

fn put_varint(out: &mut Vec<u8>, mut value: u128) {
    loop {
        #[allow(clippy::cast_possible_truncation)] // seven bits
        let low = (value & 0x7F) as u8;
        value >>= 7;
        if value == 0 {
            out.push(low);
            return;
        }
        out.push(low | 0x80);
    }
}

/// Reads from front to back; every read says `None` past the end.
struct Reader<'a> {
    rest: &'a [u8],
}

impl Reader<'_> {
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.rest.split_at_checked(N)?;
        self.rest = rest;
        head.try_into().ok()
    }

    fn byte(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    fn varint(&mut self) -> Option<u128> {
        let mut value = 0u128;
        for shift in (0..133).step_by(7) {
            let byte = self.byte()?;
            let bits = u128::from(byte & 0x7F);
            // the nineteenth group has room for two bits only
            if shift == 126 && bits > 3 {
                return None;
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }
}

impl VoucherItem {
    /// Appends the item.
    pub fn put(&self, out: &mut Vec<u8>) {
        let voucher = &self.voucher;
        let mut flags = 0;
        if voucher.lane.0 != 0 {
            flags |= HAS_LANE;
        }
        if voucher.links != 0 {
            flags |= HAS_CHAIN;
            if self.k != 0 {
                flags |= HAS_LINK;
            }
        }
        if voucher.evidence != [0; 32] {
            flags |= HAS_EVIDENCE;
        }
        out.push(flags);
        put_varint(out, u128::from(voucher.lease.0));
        if flags & HAS_LANE != 0 {
            // lanes are 0..=3; one that does not fit a byte is no lane of any lease
            out.push(u8::try_from(voucher.lane.0).unwrap_or(u8::MAX));
        }
        put_varint(out, voucher.amount);
        put_varint(out, u128::from(voucher.units));
        if flags & HAS_CHAIN != 0 {
            out.extend_from_slice(&voucher.links.to_be_bytes());
            put_varint(out, u128::from(voucher.link_units));
            put_varint(out, u128::from(voucher.link_amount));
            out.extend_from_slice(&voucher.anchor);
        }
        if flags & HAS_LINK != 0 {
            out.extend_from_slice(&self.k.to_be_bytes());
            out.extend_from_slice(&self.link);
        }
        if flags & HAS_EVIDENCE != 0 {
            out.extend_from_slice(&voucher.evidence);
        }
        out.extend_from_slice(&self.signature);
    }

    /// All items as one packed list.
    #[must_use]
    pub fn pack(items: &[Self]) -> Vec<u8> {
        let mut out = Vec::new();
        for item in items {
            item.put(&mut out);
        }
        out
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        let flags = from.byte()?;
        if flags > 15 || flags & (HAS_CHAIN | HAS_LINK) == HAS_LINK {
            return None;
        }
        let mut voucher =
            Voucher { lease: LeaseId(u64::try_from(from.varint()?).ok()?), ..Voucher::default() };
        if flags & HAS_LANE != 0 {
            voucher.lane = Lane(u16::from(from.byte()?));
        }
        voucher.amount = from.varint()?;
        voucher.units = u64::try_from(from.varint()?).ok()?;
        if flags & HAS_CHAIN != 0 {
            voucher.links = u16::from_be_bytes(from.array()?);
            voucher.link_units = u32::try_from(from.varint()?).ok()?;
            voucher.link_amount = u64::try_from(from.varint()?).ok()?;
            voucher.anchor = from.array()?;
        }
        let (mut k, mut link) = (0, [0; 32]);
        if flags & HAS_LINK != 0 {
            k = u16::from_be_bytes(from.array()?);
            link = from.array()?;
        }
        if flags & HAS_EVIDENCE != 0 {
            voucher.evidence = from.array()?;
        }
        Some(Self { voucher, k, link, signature: from.array()? })
    }

    /// The items of a packed list, at most `most`.
    ///
    /// # Errors
    /// If an item is cut off or has an impossible field, or there are too many. The list is refused
    /// whole, since nothing after a broken item can be told apart.
    pub fn unpack(from: &[u8], most: usize) -> Result<Vec<Self>, PackedError> {
        unpack_varying(from, most, Self::read)
    }
}

/// Items of varying length, one after another until the bytes end.
fn unpack_varying<T>(
    from: &[u8],
    most: usize,
    read: impl Fn(&mut Reader<'_>) -> Option<T>,
) -> Result<Vec<T>, PackedError> {
    let mut reader = Reader { rest: from };
    let mut items = Vec::new();
    while !reader.rest.is_empty() {
        let at = from.len().saturating_sub(reader.rest.len());
        if items.len() >= most {
            return Err(PackedError::TooMany { count: items.len().saturating_add(1), most });
        }
        let item = read(&mut reader).ok_or(PackedError::Voucher { index: items.len(), at })?;
        items.push(item);
    }
    Ok(items)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn voucher_item() -> impl Strategy<Value = VoucherItem> {
        let chain =
            (1u16..=1024, any::<u32>(), 1u64.., any::<[u8; 32]>(), 0u16..=1024, any::<[u8; 32]>());
        (
            any::<u64>(),
            0u16..4,
            any::<u128>(),
            any::<u64>(),
            proptest::option::of(chain),
            any::<[u8; 32]>(),
        )
            .prop_map(|(lease, lane, amount, units, chain, evidence)| {
                let mut item = VoucherItem {
                    voucher: Voucher {
                        lease: LeaseId(lease),
                        lane: Lane(lane),
                        amount,
                        units,
                        evidence,
                        ..Voucher::default()
                    },
                    k: 0,
                    link: [0; 32],
                    signature: [9; 64],
                };
                if let Some((links, link_units, link_amount, anchor, k, link)) = chain {
                    item.voucher =
                        Voucher { links, link_units, link_amount, anchor, ..item.voucher };
                    if k != 0 {
                        (item.k, item.link) = (k, link);
                    }
                }
                item
            })
    }

    proptest! {
        #[test]
        fn vouchers_come_back_as_they_were(items in proptest::collection::vec(voucher_item(), 0..5)) {
            prop_assert_eq!(VoucherItem::unpack(&VoucherItem::pack(&items), 5).unwrap(), items);
        }

        #[test]
        fn no_bytes_make_a_decoder_panic(bytes: Vec<u8>) {
            let _ = VoucherItem::unpack(&bytes, 100);
            let _ = FillItem::unpack(&bytes, 100);
            let _ = ListEntry::unpack(&bytes, 100);
        }

        #[test]
        fn lists_come_back_as_they_were(entries in proptest::collection::vec(
            (any::<u64>(), any::<u8>(), any::<u128>(), any::<u64>()), 0..5)) {
            let entries: Vec<ListEntry> = entries.into_iter().map(|(lease, lane, amount, units)| {
                ListEntry { lease: LeaseId(lease), lane, amount, units }
            }).collect();
            prop_assert_eq!(ListEntry::unpack(&ListEntry::pack(&entries), 5).unwrap(), entries);
        }

        #[test]
        fn fills_come_back_in_order(a: u32, b: u8, c: u32, d: u8, lots: u16) {
            let fill = FillItem { offer_page: a, offer_slot: b, demand_page: c, demand_slot: d, lots };
            prop_assert_eq!(FillItem::unpack(&FillItem::pack(&[fill, fill]), 2).unwrap(), vec![fill, fill]);
        }
    }

    #[test]
    fn a_ragged_list_and_a_long_one_are_refused() {
        assert_eq!(LockItem::unpack(&[0; 22], 9), Err(PackedError::Ragged { len: 22, item: 21 }));
        assert_eq!(LockItem::unpack(&[0; 42], 1), Err(PackedError::TooMany { count: 2, most: 1 }));
    }

    #[test]
    fn a_plain_voucher_takes_about_eighty_bytes() {
        let item = VoucherItem {
            voucher: Voucher {
                lease: LeaseId(70_000),
                amount: 1_000_000,
                units: 20_000,
                ..Voucher::default()
            },
            k: 0,
            link: [0; 32],
            signature: [1; 64],
        };
        assert!(VoucherItem::pack(&[item]).len() <= 80);
    }
}
