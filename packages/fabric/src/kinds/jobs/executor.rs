//! What stands behind a job unit.

use async_trait::async_trait;
use bytes::Bytes;

/// A finished job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Work {
    /// Result.
    pub output: Bytes,
    /// Units it cost.
    pub units: u64,
}

/// How the words of an executor begin that has failed itself, whatever it was asked.
pub const FAILED: &str = "the unit failed";

/// Runs jobs: in this process, or in a program of its own ([`super::Program`]).
#[async_trait]
pub trait Executor: Send + Sync + 'static {
    /// Names of the jobs it runs.
    fn jobs(&self) -> Vec<String>;

    /// Runs one. `params` is JSON or empty.
    ///
    /// # Errors
    /// Why not, in words for the consumer: what is wrong with what was asked, or [`FAILED`] and why.
    async fn run(&self, job: &str, params: &str, input: Bytes) -> Result<Work, String>;
}

/// A frame of a live source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Larger than that of the frame before; 1 and more.
    pub number: u64,
    /// A JPEG or a PNG of at most [`super::MAX_FRAME`] bytes.
    pub bytes: Bytes,
}

/// A live source of frames, such as a camera. All who watch share it.
#[async_trait]
pub trait FrameSource: Send + Sync + 'static {
    /// The latest frame whose number is larger than `after`, waited for: who is slow misses frames, and none is kept
    /// for it. `None` when there are no more.
    ///
    /// # Errors
    /// Why it shows nothing, in words for the consumer.
    async fn next(&self, after: u64) -> Result<Option<Frame>, String>;
}
