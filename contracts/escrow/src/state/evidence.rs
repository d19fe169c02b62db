//! Evidence: the digest that a lease's highest voucher carried, if one did.

use caplet_api::layout::evidence_key;
use caplet_protocol::LeaseId;
use cosmwasm_std::Storage;

/// Keeps the evidence of a lease; a higher voucher's replaces it.
pub(crate) fn keep(storage: &mut dyn Storage, lease: LeaseId, evidence: &[u8; 32]) {
    storage.set(&evidence_key(lease), evidence);
}

/// The evidence of a lease.
pub(crate) fn load(storage: &dyn Storage, lease: LeaseId) -> Option<Vec<u8>> {
    storage.get(&evidence_key(lease))
}
