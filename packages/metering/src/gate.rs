//! What a payee answers when it is asked to serve.

/// The answer to [`crate::Payee::charge`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Gate {
    /// The units are counted: serve them.
    Go,
    /// Not now. Nothing is counted; ask again when something has changed.
    Pause(Pause),
    /// Never again on this lane.
    End(End),
}

/// Why service waits. The fabric says it to the payer, which answers with [`crate::Payer::on_pause`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pause {
    /// Why.
    pub reason: PauseReason,
    /// Units that have to be paid for the next operation, beyond the last count of the payer that was heard.
    pub wanted: u64,
}

/// Why service waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PauseReason {
    /// The session has not resumed yet: Challenge, Hello, Resume and Meter come first.
    NotResumed,
    /// Served and not paid would pass the risk cap: a voucher or tick resumes service.
    Unpaid,
    /// The view of the chain is older than 60 s and what is paid is used up: a block resumes service.
    StaleView,
    /// Owed and not redeemed would pass the exposure cap: a settlement resumes service.
    Exposure,
    /// The payer counts fewer units than tolerated: a count that agrees resumes service.
    CountMismatch,
    /// A write is on its way to the disk: ask again when the journal has synced.
    Storing,
    /// The disk is full: service resumes when there is room. Nothing is lost.
    StoreFull,
    /// The store fails otherwise.
    StoreBroken,
}

impl std::fmt::Display for PauseReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::NotResumed => "the session has not resumed: complete the hello first",
            Self::Unpaid => "unpaid service reached the risk cap: send a voucher or a tick",
            Self::StaleView => "the chain was last seen over 60 s ago: wait for a block",
            Self::Exposure => "unredeemed service reached the exposure cap: wait for a settlement",
            Self::CountMismatch => "the counts differ by more than tolerated: send a count",
            Self::Storing => "a write is on its way to the disk: ask again in a moment",
            Self::StoreFull => "the provider's disk is full: service resumes when it has room",
            Self::StoreBroken => "the provider's store fails: service resumes when it is repaired",
        })
    }
}

/// Why a lane is served no more; escrow's close reasons have the same names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum End {
    /// The lane's cap is used up.
    Exhausted = 1,
    /// The payer has signed its last voucher.
    ConsumerClosed = 3,
    /// The payee is done.
    ProviderFinished = 4,
    /// Three counts in a row differed by more than tolerated.
    CountMismatch = 9,
}

impl End {
    /// The reason with escrow's number.
    #[must_use]
    pub const fn from_u8(value: u8) -> Option<Self> {
        Some(match value {
            1 => Self::Exhausted,
            3 => Self::ConsumerClosed,
            4 => Self::ProviderFinished,
            9 => Self::CountMismatch,
            _ => return None,
        })
    }
}
