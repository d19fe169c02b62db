//! Why an embedded chain cannot be opened.

use std::io;

/// Why an embedded chain cannot be opened. The journal is never changed by a failed attempt.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder or file could not be used.
    #[error("journal {path}: {cause}")]
    Io {
        /// Which file.
        path: String,
        /// What the system says.
        cause: io::Error,
    },
    /// Another process has it open.
    #[error("journal {path} is in use by another process: stop that one, or choose another folder")]
    InUse {
        /// Which file.
        path: String,
    },
    /// Damaged before its end, so it is no torn write.
    #[error(
        "journal {path} is damaged at byte {offset}: {cause}; restore it from a backup, or start anew in another folder"
    )]
    Damaged {
        /// Which file.
        path: String,
        /// Where the first unreadable frame starts.
        offset: u64,
        /// What is wrong there.
        cause: String,
    },
    /// It belongs to another chain than the one configured.
    #[error(
        "the journal is of chain \"{found}\", configured is \"{configured}\": choose another folder or chain id"
    )]
    OtherChain {
        /// Chain id and prefix in the journal.
        found: String,
        /// Chain id and prefix of the options.
        configured: String,
    },
    /// Replay did not bring what was recorded.
    #[error(
        "block {height} gives another result than when it was made: the contracts in this binary have changed; use the older binary or start anew in another folder"
    )]
    Diverged {
        /// The first such block.
        height: u64,
    },
    /// The genesis cannot be used.
    #[error("genesis: {0}")]
    Genesis(String),
    /// The thread could not be started or ended early.
    #[error("the chain's thread failed: {0}")]
    Thread(String),
}
