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

/// Runs jobs: in this process, or in a program of its own ([`super::Program`]).
#[async_trait]
pub trait Executor: Send + Sync + 'static {
    /// Names of the jobs it runs.
    fn jobs(&self) -> Vec<String>;

    /// Runs one. `params` is JSON or empty.
    ///
    /// # Errors
    /// Why not, in words for the consumer.
    async fn run(&self, job: &str, params: &str, input: Bytes) -> Result<Work, String>;
}

/// A live source of frames, such as a camera.
#[async_trait]
pub trait FrameSource: Send + Sync + 'static {
    /// The next JPEG; `None` when there is no more.
    async fn next(&self) -> Option<Bytes>;
}
