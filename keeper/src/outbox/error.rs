//! What a submitter decides by.

/// Why a submission brought no included transaction.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OutboxError {
    /// The chain said no, before or after inclusion: nothing of it took effect.
    #[error("the chain refused the transaction: {log}")]
    Failed {
        /// The chain's words.
        log: String,
    },
    /// It would cost more than it is worth.
    #[error(
        "the transaction costs {cost} in fees and is worth {worth}: wait for more to settle, or raise settle.value_bps"
    )]
    Uneconomic {
        /// Fee, in the smallest unit of its denomination.
        cost: u128,
        /// What the submitter takes it to be worth, in the same unit.
        worth: u128,
    },
    /// The chain could not be asked for so long that the submission may be out of date.
    #[error("the chain could not be reached: {cause}; submit anew once it answers")]
    Unreachable {
        /// What the last attempt failed with.
        cause: String,
    },
    /// The keeper is stopping. What was persisted is finished at the next start.
    #[error("the keeper is stopping; what was queued is finished at the next start")]
    Stopped,
    /// The store failed; nothing was sent.
    #[error("the outbox could not be written: {cause}; check disk space and permissions")]
    Store {
        /// What the store failed with.
        cause: String,
    },
}
