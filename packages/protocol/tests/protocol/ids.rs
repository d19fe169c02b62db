//! Numbers of things.

use caplet_protocol::OrderId;
use proptest::prelude::*;

proptest! {
    #[test]
    fn orders_stand_by_page_and_then_by_slot_as_their_numbers_do(a: (u32, u8), b: (u32, u8)) {
        let id = |(page, slot)| OrderId { page, slot };
        prop_assert_eq!(id(a).cmp(&id(b)), a.cmp(&b));
        prop_assert_eq!(id(a).partial_cmp(&id(b)), id(a).to_u64().partial_cmp(&id(b).to_u64()));
        prop_assert_eq!(OrderId::from_u64(id(a).to_u64()), Some(id(a)));
    }

    #[test]
    fn a_number_past_the_last_page_is_none(number in 1u64 << 40..) {
        prop_assert_eq!(OrderId::from_u64(number), None);
    }
}
