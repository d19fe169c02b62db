//! Assets and fees that governance may not set.

use caplet_protocol::{AssetId, Bps};
use thiserror::Error;

/// Assets and fees that governance may not set.
#[derive(Debug, Error)]
pub enum RuleError {
    /// An asset that is on the list already.
    #[error("this is asset {asset} already: use that number")]
    DuplicateAsset {
        /// Its number.
        asset: AssetId,
    },
    /// An asset that cannot be accepted as described.
    #[error("asset {symbol}: {what}")]
    BadAsset {
        /// Its symbol.
        symbol: String,
        /// What is wrong and what would be right.
        what: &'static str,
    },
    /// Fees above everything.
    #[error("fees of {protocol} and {keeper} basis points exceed 10000 together: lower them")]
    FeesTooHigh {
        /// Protocol's.
        protocol: Bps,
        /// Keeper's.
        keeper: Bps,
    },
}
