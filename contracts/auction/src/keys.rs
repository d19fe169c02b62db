//! Keys of what only this contract reads, beside the public order pages of `caplet_api::layout`.
//!
//! One prefix byte a kind, all above 0x7F, so that none meets a namespace of cw-storage-plus.

use caplet_api::layout::Pages;
use caplet_protocol::{CellId, MarketId, OrderId, VectorId, layout::Side};

/// Class table: 12 bytes a slot, see `tables::class`.
const CLASS_TABLE: u8 = 0xA2;
/// Open offers of each class: u32 a slot.
const CLASS_COUNTS: u8 = 0xA3;
/// A requirement vector by its number: 15 bytes, see `tables::vector`.
const VECTOR: u8 = 0xA4;
/// The number of a requirement vector, by its 15 bytes.
const VECTOR_ID: u8 = 0xA5;
/// Open demands by requirement vector, sub-key market u32.
pub(crate) const VECTOR_COUNTS: Pages =
    Pages { prefix: 0xA6, per_page: 64, width: 4, compact: true };
/// Last order sequence by device.
pub(crate) const SEQUENCES: Pages = Pages { prefix: 0xA7, per_page: 64, width: 4, compact: true };
/// A cancelled order that may still be filled, or whose money is still to be returned.
const PENDING: u8 = 0xA8;
/// Leases whose slot was returned: 32 bytes of bits.
const RETURNED: u8 = 0xAC;
/// A standing order that waits for its slot to end.
const STANDING: u8 = 0xAD;
/// A keeper's scan of a large book.
const SCAN: u8 = 0xAE;
/// Latencies of one cell to others: (cell u16, ms u16) ascending by cell.
const LATENCY: u8 = 0xA9;

fn under(prefix: u8, market: MarketId, rest: &[u8]) -> Vec<u8> {
    let mut key = vec![prefix];
    key.extend_from_slice(&market.0.to_be_bytes());
    key.extend_from_slice(rest);
    key
}

/// Key of a market's class table.
pub(crate) fn class_table(market: MarketId) -> Vec<u8> {
    under(CLASS_TABLE, market, &[])
}

/// Key of the counts of a market's classes.
pub(crate) fn class_counts(market: MarketId) -> Vec<u8> {
    under(CLASS_COUNTS, market, &[])
}

/// Key of a vector.
pub(crate) fn vector(market: MarketId, id: VectorId) -> Vec<u8> {
    under(VECTOR, market, &id.0.to_be_bytes())
}

/// Prefix of a market's vectors.
pub(crate) fn vectors(market: MarketId) -> Vec<u8> {
    under(VECTOR, market, &[])
}

/// Key of a vector's number.
pub(crate) fn vector_id(market: MarketId, content: &[u8]) -> Vec<u8> {
    under(VECTOR_ID, market, content)
}

/// Prefix of a market's pending log.
pub(crate) fn pending(market: MarketId) -> Vec<u8> {
    under(PENDING, market, &[])
}

/// Key of an entry of the pending log.
pub(crate) fn pending_entry(market: MarketId, epoch: u32, side: Side, order: OrderId) -> Vec<u8> {
    let mut key = under(PENDING, market, &epoch.to_be_bytes());
    key.push(side as u8);
    key.extend_from_slice(&order.to_u64().to_be_bytes());
    key
}

/// Key of the returned bits of 256 leases.
pub(crate) fn returned(page: &[u8]) -> Vec<u8> {
    let mut key = vec![RETURNED];
    key.extend_from_slice(page);
    key
}

/// Prefix of a market's waiting standing orders of one side.
pub(crate) fn standing(market: MarketId, side: Side) -> Vec<u8> {
    under(STANDING, market, &[side as u8])
}

/// Key of a waiting standing order.
pub(crate) fn standing_order(market: MarketId, side: Side, order: OrderId) -> Vec<u8> {
    let mut key = standing(market, side);
    key.extend_from_slice(&order.to_u64().to_be_bytes());
    key
}

/// Key of a part of a keeper's scan: 0 where it stands, 1 its fills, 2 its terms.
pub(crate) fn scan(market: MarketId, part: u8, keeper: &str) -> Vec<u8> {
    let mut key = under(SCAN, market, &[part]);
    key.extend_from_slice(keeper.as_bytes());
    key
}

/// Key of a cell's latencies.
pub(crate) fn latency(cell: CellId) -> Vec<u8> {
    let mut key = vec![LATENCY];
    key.extend_from_slice(&cell.0.to_be_bytes());
    key
}

/// Prefix of all latencies.
pub(crate) fn latencies() -> Vec<u8> {
    vec![LATENCY]
}

/// The first key after every key that begins with `prefix`.
pub(crate) fn after(prefix: &[u8]) -> Vec<u8> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if let Some(next) = last.checked_add(1) {
            end.push(next);
            break;
        }
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;
    use caplet_api::layout::{order_page_key, order_state_key};

    #[test]
    fn no_kind_of_key_is_a_prefix_of_another() {
        let market = MarketId(1);
        let first: Vec<u8> = [
            order_page_key(market, Side::Offer, 0)[0],
            order_state_key(market, Side::Offer, 0)[0],
            class_table(market)[0],
            class_counts(market)[0],
            vectors(market)[0],
            vector_id(market, &[])[0],
            VECTOR_COUNTS.prefix,
            SEQUENCES.prefix,
            pending(market)[0],
            latencies()[0],
            caplet_api::layout::CAPACITY.prefix,
            caplet_api::layout::RESERVED.prefix,
            returned(&[])[0],
            standing(market, Side::Offer)[0],
            scan(market, 0, "k")[0],
        ]
        .to_vec();
        let mut sorted = first.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(sorted.len(), first.len());
        assert!(sorted.iter().all(|byte| *byte > 0x7F));
    }

    #[test]
    fn the_end_of_a_prefix_carries_over_full_bytes() {
        assert_eq!(after(&[1, 2]), [1, 3]);
        assert_eq!(after(&[1, 255, 255]), [2]);
    }
}
