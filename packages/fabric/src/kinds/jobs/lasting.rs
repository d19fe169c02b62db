//! An executor in a program that is started again when it is gone: one that ran out of memory, say.

use super::{Executor, FAILED, Program, ProgramError, Work};
use async_trait::async_trait;
use bytes::Bytes;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::process::Command;
use tokio::sync::Mutex;

/// Between two starts: one that dies at once is not started over and over.
const AGAIN: Duration = Duration::from_secs(1);

/// How a program is started.
type Start = Box<dyn Fn() -> Command + Send + Sync>;

struct Running {
    program: Arc<Program>,
    since: Instant,
}

/// A program, or the one that was started in its place. What it was working on when it ended is lost; the next job is
/// another one's.
pub struct Lasting {
    start: Start,
    limit: Duration,
    jobs: Vec<String>,
    running: Mutex<Running>,
}

impl Lasting {
    /// Starts one; a job may take `limit`.
    ///
    /// # Errors
    /// [`ProgramError`].
    pub async fn start(
        start: impl Fn() -> Command + Send + Sync + 'static,
        limit: Duration,
    ) -> Result<Self, ProgramError> {
        let program = Arc::new(Program::start(start(), limit).await?);
        let jobs = program.jobs();
        let running = Mutex::new(Running { program, since: Instant::now() });
        Ok(Self { start: Box::new(start), limit, jobs, running })
    }

    /// The one that runs now.
    async fn program(&self) -> Result<Arc<Program>, String> {
        let mut running = self.running.lock().await;
        if running.program.is_gone() {
            tokio::time::sleep(AGAIN.saturating_sub(running.since.elapsed())).await;
            running.since = Instant::now();
            let started = Program::start((self.start)(), self.limit).await;
            let started = started.map_err(|error| format!("{FAILED}: {error}"))?;
            tracing::warn!("the program of a unit was gone and is started again");
            running.program = Arc::new(started);
        }
        Ok(Arc::clone(&running.program))
    }
}

#[async_trait]
impl Executor for Lasting {
    fn jobs(&self) -> Vec<String> {
        self.jobs.clone()
    }

    async fn run(&self, job: &str, params: &str, input: Bytes) -> Result<Work, String> {
        self.program().await?.run(job, params, input).await
    }
}
