//! When transactions are worth sending.

use serde::{Deserialize, Serialize};

/// Sending transactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutboxConfig {
    /// Blocks after which a transaction that was not included may be signed anew.
    pub timeout_blocks: u64,
    /// Milliseconds without inclusion after which the same bytes are sent again.
    pub resend_ms: u64,
    /// Transactions of this key that may wait for a block at once, at least 1.
    pub in_flight: usize,
    /// Seconds a submission may wait for an unreachable chain before it is given back.
    pub give_up_secs: u64,
}

impl Default for OutboxConfig {
    fn default() -> Self {
        Self { timeout_blocks: 60, resend_ms: 5_000, in_flight: 4, give_up_secs: 600 }
    }
}

/// Redeeming vouchers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SettleConfig {
    /// Base units vouched for and not redeemed, over all leases of an asset, that are worth a
    /// transaction.
    pub min_value: u64,
    /// Seconds after which what is vouched for is redeemed however little it is.
    pub max_age_secs: u64,
    /// Seconds before a lease's end at which its vouchers are redeemed in any case.
    pub before_end_secs: u64,
    /// Vouchers in one transaction, at most.
    pub batch: usize,
    /// Bytes of packed vouchers in one transaction, at most.
    pub batch_bytes: usize,
    /// Seconds for which revealed links wait for a consolidated voucher without, which is
    /// cheaper to redeem; the consumer is asked for it. Nothing that is urgent waits.
    pub consolidate_secs: u64,
    /// Share of the redeemed value, basis points, that a settlement is worth to this keeper beyond
    /// its fee: the providers it serves are paid by it. A settlement whose gas costs more than fee
    /// and share together waits.
    pub value_bps: u16,
    /// Units of the gas denomination that a million base units of a payment asset are worth.
    pub gas_per_million: u64,
}

impl Default for SettleConfig {
    fn default() -> Self {
        Self {
            min_value: 100_000,
            max_age_secs: 300,
            before_end_secs: 30,
            batch: 1_000,
            batch_bytes: 500_000,
            consolidate_secs: 30,
            value_bps: 500,
            gas_per_million: 1_000_000,
        }
    }
}

/// Bringing devices' orders.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrdersConfig {
    /// Relay fee of an order, in ticks of its market: what is proposed, and the least that is relayed. With 0, for a
    /// gateway whose operator owns the devices, whoever runs the keeper pays the gas of their orders. An offer's fee is
    /// its owner's too, out of what it has in escrow.
    pub relay_ticks: u32,
}

/// Clearing markets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MatcherConfig {
    /// Blocks that a keeper waits for another one which the rendezvous hash puts before it.
    pub patience_blocks: u64,
    /// Whether a book in which nothing matches is cleared too: it moves the base price, and earns nothing. One with a
    /// side that is empty is cleared until the price is at its bound.
    pub clear_unmatched: bool,
}

impl Default for MatcherConfig {
    fn default() -> Self {
        Self { patience_blocks: 2, clear_unmatched: true }
    }
}
