//! Vouchers that cannot be redeemed.

use caplet_api::escrow::ItemResult;
use caplet_protocol::LeaseId;
use thiserror::Error;

/// Vouchers that cannot be redeemed.
#[derive(Debug, Error)]
pub enum VoucherError {
    /// A field of a voucher written out that has another length.
    #[error("the voucher's {field} has {found} bytes, it must have {wanted}")]
    BadField {
        /// Which.
        field: &'static str,
        /// Bytes given.
        found: usize,
        /// Bytes needed.
        wanted: usize,
    },
    /// A voucher that cannot be redeemed.
    #[error("the voucher on lease {lease} pays nothing: {}", why(*.result))]
    NotRedeemed {
        /// The lease.
        lease: LeaseId,
        /// What became of it.
        result: ItemResult,
    },
}

/// Why an item pays nothing, in words.
fn why(result: ItemResult) -> &'static str {
    match result {
        ItemResult::BadSignature => {
            "its signature is not the lane device's, by its present key or one still in its settle window"
        }
        ItemResult::BadChain => {
            "the revealed link does not reach the anchor; send the right one, or none for the plain amount"
        }
        ItemResult::Closed => "the lease is closed",
        ItemResult::Unknown => "it has no such lane",
        ItemResult::Malformed => {
            "links, link amount and anchor must be all there or all zero, at most 1024 links"
        }
        ItemResult::Stale => "as much was redeemed already",
        ItemResult::Paid | ItemResult::Clamped => "it was paid",
    }
}
