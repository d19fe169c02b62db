//! Every way the escrow says no, with both sides and the remedy, one file an idea.

mod lane;
mod lease;
mod money;
mod opening;
mod party;
mod rule;
mod voucher;

pub use lane::LaneError;
pub use lease::LeaseError;
pub use money::MoneyError;
pub use opening::OpeningError;
pub use party::PartyError;
pub use rule::RuleError;
pub use voucher::VoucherError;

use caplet_api::packed::PackedError;
use caplet_base::admin::AdminError;
use cosmwasm_std::StdError;
use thiserror::Error;

/// Why the escrow refuses. Nothing is changed then.
#[derive(Debug, Error)]
pub enum ContractError {
    /// Storage, address or query trouble.
    #[error(transparent)]
    Std(#[from] StdError),
    /// Governance only, or paused.
    #[error(transparent)]
    Admin(#[from] AdminError),
    /// A packed list that does not parse.
    #[error(transparent)]
    Packed(#[from] PackedError),
    /// An invariant of the escrow itself does not hold; the message is undone.
    #[error("the escrow contradicts itself: {0}; nothing was changed, report it")]
    Broken(&'static str),
    /// Migration from something that is no older escrow.
    #[error("cannot become {name} {version}: {reason}; migrate an older {name} only")]
    Migration {
        /// What cw2 says.
        reason: String,
        /// This contract.
        name: &'static str,
        /// This version.
        version: &'static str,
    },
    /// A numbered table has no number left.
    #[error("no number is left for more {what}: reuse one that exists")]
    Full {
        /// Of what.
        what: &'static str,
    },
    /// Who may not, or is not known.
    #[error(transparent)]
    Party(#[from] PartyError),
    /// Money that is not there, not accepted, or not asked for.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// Leases that cannot be opened as asked.
    #[error(transparent)]
    Opening(#[from] OpeningError),
    /// States of leases that do not allow what is asked.
    #[error(transparent)]
    Lease(#[from] LeaseError),
    /// Lanes and reserves that do not fit.
    #[error(transparent)]
    Lane(#[from] LaneError),
    /// Vouchers that cannot be redeemed.
    #[error(transparent)]
    Voucher(#[from] VoucherError),
    /// Assets and fees that governance may not set.
    #[error(transparent)]
    Rule(#[from] RuleError),
}
