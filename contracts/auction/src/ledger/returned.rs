//! Leases whose slot was given back already: a bitmap of 256 leases a key.

use crate::keys;
use cosmwasm_std::Storage;

const BYTES: usize = 32;

/// Marks a lease; whether it was not marked before.
pub(crate) fn mark(storage: &mut dyn Storage, lease: u64) -> bool {
    let [page @ .., place] = lease.to_be_bytes();
    let key = keys::returned(&page);
    let mut bits = storage.get(&key).unwrap_or_default();
    bits.resize(BYTES, 0);
    let fresh = match bits.get_mut(usize::from(place / 8)) {
        Some(byte) => {
            let bit = 1u8 << (place % 8);
            let fresh = *byte & bit == 0;
            *byte |= bit;
            fresh
        }
        None => false, // 32 bytes hold every place
    };
    storage.set(&key, &bits);
    fresh
}
