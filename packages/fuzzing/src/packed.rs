//! Packed lists of the contracts' messages.

use caplet_api::packed::{
    FillItem, LaneItem, ListEntry, LockItem, OpenItem, TopUpItem, UnlockItem, VoucherItem,
};

const MOST: usize = 64;

/// Vouchers and entries of signed lists: what is read writes and reads the same again.
pub(crate) fn vouchers(bytes: &[u8]) {
    if let Ok(items) = VoucherItem::unpack(bytes, MOST) {
        // one byte may be written in several ways, so the second reading decides
        let packed = VoucherItem::pack(&items);
        let again = VoucherItem::unpack(&packed, MOST).unwrap();
        assert_eq!(VoucherItem::pack(&again), packed);
        for (item, read) in items.iter().zip(&again) {
            assert_eq!(item.voucher.worth(item.k), read.voucher.worth(read.k));
        }
    }
    if let Ok(entries) = ListEntry::unpack(bytes, MOST) {
        let packed = ListEntry::pack(&entries);
        assert_eq!(ListEntry::unpack(&packed, MOST).unwrap(), entries);
    }
}

/// Lists of fixed width: the bytes are the items.
pub(crate) fn lists(bytes: &[u8]) {
    macro_rules! same {
        ($($item:ident)*) => {$(
            if let Ok(items) = $item::unpack(bytes, MOST) {
                assert_eq!($item::pack(&items), bytes);
            }
        )*};
    }
    same! { LockItem UnlockItem OpenItem LaneItem TopUpItem FillItem }
}
