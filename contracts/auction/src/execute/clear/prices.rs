//! What a proven clearing is settled at.

use crate::ContractError;
use crate::book::Frozen;
use caplet_api::auction::MarketConfig;
use caplet_clearing::{Fill, Terms, Verified};

/// What is settled.
pub(super) struct Charged {
    /// The fills.
    pub(super) fills: Vec<Fill>,
    /// What a lot of each class is paid.
    pub(super) prices: Vec<Option<u64>>,
    /// Lots filled.
    pub(super) lots: u64,
}

/// The clearing itself at its midpoint prices.
pub(super) fn charged(
    _config: &MarketConfig,
    _frozen: &Frozen,
    _terms: Terms<'_>,
    fills: &[Fill],
    verified: &Verified,
) -> Result<Charged, ContractError> {
    Ok(Charged { fills: fills.to_vec(), prices: verified.prices.clone(), lots: verified.lots })
}
