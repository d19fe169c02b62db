//! How sessions and operations stop.

use crate::frame::FrameError;
use caplet_protocol::LeaseId;
use caplet_protocol::wire::{Close, SessionEnd};

/// Why a session ended; both sides learn the same.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{words}")]
pub struct End {
    /// The reason.
    pub reason: SessionEnd,
    /// For people.
    pub words: String,
    /// Number of the lease's close reason, as the escrow contract counts them; 0 while it is open.
    pub lease_reason: u8,
}

impl End {
    /// An end while the lease goes on.
    pub fn new(reason: SessionEnd, words: impl Into<String>) -> Self {
        Self { reason, words: words.into(), lease_reason: 0 }
    }

    /// Whether there is no point in connecting again.
    #[must_use]
    pub fn is_final(&self) -> bool {
        matches!(
            self.reason,
            SessionEnd::LeaseClosed
                | SessionEnd::Superseded
                | SessionEnd::Refused
                | SessionEnd::CountMismatch
                | SessionEnd::Detached
        )
    }
}

impl From<Close> for End {
    fn from(close: Close) -> Self {
        let reason = close.reason();
        Self {
            reason,
            words: close.words,
            lease_reason: u8::try_from(close.lease_reason).unwrap_or(0),
        }
    }
}

impl From<&End> for Close {
    fn from(end: &End) -> Self {
        Self {
            reason: end.reason.into(),
            words: clipped(&end.words),
            lease_reason: end.lease_reason.into(),
        }
    }
}

/// Words for the wire, at most 512 bytes.
pub(crate) fn clipped(words: &str) -> String {
    let mut end = words.len().min(512);
    while !words.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    words.get(..end).unwrap_or_default().to_owned()
}

/// Why an operation can't go on.
#[derive(Debug, thiserror::Error)]
pub enum Stop {
    /// The session is over.
    #[error("the session ended: {0}")]
    Ended(#[from] End),
    /// The consumer allowed no more.
    #[error(
        "{wanted} units are wanted, {allowed} are allowed for the operation: allow more, or ask for less"
    )]
    MaxUnits {
        /// Units that it would come to.
        wanted: u64,
        /// Units that may be.
        allowed: u64,
    },
    /// The lease holds no more, or too little for what was asked; at the consumer, as far as its own count agrees and
    /// nothing was declared for it.
    #[error("{0}")]
    Exhausted(String),
    /// It took too long.
    #[error("the operation took more than {0} ms: allow more, or ask for less")]
    Deadline(u32),
    /// Its stream failed.
    #[error("the operation's stream failed: {0}")]
    Stream(#[from] std::io::Error),
    /// A frame that can't be read.
    #[error(transparent)]
    Frame(FrameError),
    /// The other side asked for something that it can't have.
    #[error("{0}")]
    Refused(String),
}

impl From<FrameError> for Stop {
    /// A stream that broke is that, whatever was being read from it.
    fn from(error: FrameError) -> Self {
        match error {
            FrameError::Stream(error) => Self::Stream(error),
            other => Self::Frame(other),
        }
    }
}

/// How a refusal begins whose cause is what was asked: a program that traps, one that may cost too little.
const OWN: &str = "as asked it can't be done: ";

/// How a refusal begins whose cause is that the lease has too little left.
const USED_UP: &str = "used up: ";

impl Stop {
    /// A refusal since what is left of the lease does not pay for it.
    pub(crate) fn used_up(lease: LeaseId) -> Self {
        Self::Exhausted(format!("{USED_UP}lease {lease} does not pay for it any more, lease more"))
    }

    /// Whether these words of a provider say that the lease is used up.
    pub(crate) fn says_used_up(words: &str) -> bool {
        words.starts_with(USED_UP)
    }

    /// A refusal, with the remedy in its words.
    pub fn refused(words: impl Into<String>) -> Self {
        Self::Refused(words.into())
    }

    /// A refusal whose cause is what was asked, and no failure of the service ([`Stop::is_own`]).
    pub fn own(words: impl std::fmt::Display) -> Self {
        Self::Refused(format!("{OWN}{words}"))
    }

    /// Whether it is, at the word of who refuses, what was asked that can't be done. Who is refused so holds that
    /// against nobody, if it finds the same or has paid nothing for it.
    #[must_use]
    pub fn is_own(&self) -> bool {
        match self {
            Self::MaxUnits { .. } => true,
            Self::Refused(words) => words.starts_with(OWN),
            _ => false,
        }
    }

    /// As the other side reads it.
    pub(crate) fn said(&self) -> String {
        match self {
            Self::MaxUnits { .. } => clipped(&Self::own(self).to_string()),
            _ => clipped(&self.to_string()),
        }
    }
}
