//! Every way the verifier says no, with both sides and the remedy.

use caplet_attest::AttestError;
use caplet_base::admin::AdminError;
use cosmwasm_std::StdError;
use thiserror::Error;

/// Why the verifier refuses.
#[derive(Debug, Error)]
pub enum ContractError {
    /// Storage, address or query trouble.
    #[error(transparent)]
    Std(#[from] StdError),
    /// Governance only, or paused.
    #[error(transparent)]
    Admin(#[from] AdminError),
    /// The evidence.
    #[error(transparent)]
    Attest(#[from] AttestError),
    /// The root is due for a look.
    #[error(
        "the root was to be looked at by {not_after}, it is {now}: governance renews it with `renew_root`"
    )]
    RootOver {
        /// Unix seconds.
        not_after: u64,
        /// The block's time.
        now: u64,
    },
    /// A root that would be over at once.
    #[error("a root in force until {not_after}, it is {now}: give a later date")]
    RootDate {
        /// Unix seconds.
        not_after: u64,
        /// The block's time.
        now: u64,
    },
    /// Revocations that were replaced since.
    #[error(
        "the root's revocation list {found} is older than {seen}, which was seen: fetch the collateral anew"
    )]
    OldList {
        /// Its number.
        found: u32,
        /// The last one's.
        seen: u32,
    },
    /// A block hash is 32 bytes.
    #[error(
        "the block's hash has {found} bytes, 32 are needed: give the hash of the block that registered the enclave"
    )]
    Block {
        /// Bytes given.
        found: usize,
    },
    /// Migration.
    #[error("cannot become {name} {version}: {reason}; migrate an older one of the same name")]
    Migration {
        /// What was wrong.
        reason: String,
        /// The code's name.
        name: &'static str,
        /// The code's version.
        version: &'static str,
    },
}
