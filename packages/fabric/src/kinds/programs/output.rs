//! What a program writes, and how it ends.

use super::MOST;
use crate::end::Stop;
use async_trait::async_trait;
use std::time::Duration;

/// Which of its streams a program wrote to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

/// How a program ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ended {
    /// Exit code.
    pub exit: i32,
    /// Units, as the provider bills the run itself.
    pub units: u64,
    /// From asking until the provider took it up: what the program itself takes is its own affair.
    pub answered: Duration,
}

/// What a program did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ran {
    /// Exit code.
    pub exit: i32,
    /// Units, as the provider bills the run itself; where they can be checked, running it again shows the same.
    pub units: u64,
    /// Standard output.
    pub stdout: Vec<u8>,
    /// Standard error.
    pub stderr: Vec<u8>,
}

impl Ran {
    /// The same, ended so.
    #[must_use]
    pub fn with_end(self, ended: Ended) -> Self {
        Self { exit: ended.exit, units: ended.units, ..self }
    }
}

/// Takes what a program writes, as it does.
#[async_trait]
pub trait Output: Send {
    /// Takes some of it.
    ///
    /// # Errors
    /// [`Stop`] if nothing more is taken: the run is given up.
    async fn take(&mut self, from: Said, bytes: &[u8]) -> Result<(), Stop>;
}

/// Gathers it, at most [`MOST`] bytes.
#[async_trait]
impl Output for Ran {
    async fn take(&mut self, from: Said, bytes: &[u8]) -> Result<(), Stop> {
        let sum = self.stdout.len().saturating_add(self.stderr.len()).saturating_add(bytes.len());
        if sum > MOST {
            return Err(Stop::refused(format!(
                "more than {MOST} bytes of output: have it write less, or take it as a stream"
            )));
        }
        match from {
            Said::Out => self.stdout.extend_from_slice(bytes),
            Said::Err => self.stderr.extend_from_slice(bytes),
        }
        Ok(())
    }
}
