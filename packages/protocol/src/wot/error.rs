//! Why a Thing Description is not one of ours.

use alloc::string::String;

/// Why a Thing Description could not be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum WotError {
    /// A term is not there.
    #[error("{at} has no {term}: this is not the description of a Caplet device")]
    Missing {
        /// Where it was looked for.
        at: String,
        /// The term.
        term: &'static str,
    },
    /// A term holds something else than it should.
    #[error("{at}: {reason}")]
    Malformed {
        /// The term, and where it stands.
        at: String,
        /// What the reader said.
        reason: String,
    },
}
