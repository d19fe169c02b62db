//! What a block brought, and the digest that proves a replay brought the same.

use cosmwasm_std::Event;
use sha2::{Digest, Sha256};

use crate::head::Head;
use crate::tx::{TxHash, TxResult};

/// Transactions with their results, in order.
pub(super) type Outcome = Vec<(TxHash, TxResult)>;

/// SHA-256 over the digest before, the block's head and, for each transaction, hash, code and
/// events. Error texts are left out, so that better words do not make a journal unusable.
pub(super) fn digest(before: &[u8], head: Head, outcome: &Outcome) -> Vec<u8> {
    let mut hasher = Sha256::new();
    hasher.update(before);
    hasher.update(head.height.to_be_bytes());
    hasher.update(head.time_ns.to_be_bytes());
    for (hash, result) in outcome {
        hasher.update(hash.0);
        hasher.update(result.code.to_be_bytes());
        for event in &result.events {
            absorb_event(&mut hasher, event);
        }
        hasher.update([0xff]);
    }
    hasher.finalize().to_vec()
}

fn absorb_event(hasher: &mut Sha256, event: &Event) {
    hasher.update([1]);
    absorb(hasher, event.ty.as_bytes());
    for attribute in &event.attributes {
        hasher.update([2]);
        absorb(hasher, attribute.key.as_bytes());
        absorb(hasher, attribute.value.as_bytes());
    }
}

/// Bytes with their length before them, so that no two sequences run into the same input.
pub(super) fn absorb(hasher: &mut Sha256, bytes: &[u8]) {
    hasher.update((bytes.len() as u64).to_be_bytes());
    hasher.update(bytes);
}
