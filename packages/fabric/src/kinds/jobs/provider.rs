//! The provider's side of a job unit.

use super::{Executor, FrameSource, MAX_FRAME, Work};
use crate::adapter::{Adapter, Load};
use crate::end::Stop;
use crate::host::Op;
use crate::lease::LeaseView;
use crate::service::{Service, Tariff};
use async_trait::async_trait;
use bytes::Bytes;
use caplet_protocol::wire::{JobResult, RunJob};
use prost::Message as _;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;

/// Frames of one operation that are worked on at a time: what is read ahead and not more.
const AHEAD: usize = 4;

/// Offers an executor's jobs, and the frames of a source if there is one.
pub struct JobAdapter {
    executor: Arc<dyn Executor>,
    source: Option<Arc<dyn FrameSource>>,
    sessions: usize,
    tasks: TaskTracker,
}

impl JobAdapter {
    /// To at most `sessions` consumers at a time.
    #[must_use]
    pub fn new(executor: Arc<dyn Executor>, sessions: usize) -> Self {
        Self { executor, source: None, sessions, tasks: TaskTracker::new() }
    }

    /// With a source of frames besides.
    #[must_use]
    pub fn with_source(mut self, source: Arc<dyn FrameSource>) -> Self {
        self.source = Some(source);
        self
    }

    /// One result for each frame, in their order; the next is read when there is room.
    async fn run(&self, op: &mut Op) -> Result<(), Stop> {
        let asked: RunJob = op.args()?;
        if !self.executor.jobs().contains(&asked.job) {
            let known = self.executor.jobs().join(", ");
            return Err(Stop::refused(format!("no job is named {:?}: ask for {known}", asked.job)));
        }
        let charger = op.charger();
        let (reader, writer) = (&mut op.body.reader, &mut op.body.writer);
        let (begun, mut working) = mpsc::channel(AHEAD);
        let read = async move {
            while let Some(frame) = reader.read_frame(MAX_FRAME).await? {
                let (executor, asked) = (Arc::clone(&self.executor), asked.clone());
                let work = self.tasks.spawn(async move {
                    executor.run(&asked.job, &asked.params, Bytes::from(frame)).await
                });
                if begun.send(work).await.is_err() {
                    break;
                }
            }
            Ok::<_, Stop>(())
        };
        let answer = async {
            while let Some(work) = working.recv().await {
                let done = work.await.unwrap_or_else(|_| Err("the unit failed".into()));
                let result = match done {
                    Ok(Work { output, units }) => {
                        charger.charge(units).await?;
                        JobResult { ok: true, units, body: output.into() }
                    }
                    // a job that fails is free
                    Err(words) => JobResult { ok: false, units: 0, body: words.into_bytes() },
                };
                writer.write_frame(&result.encode_to_vec()).await?;
            }
            Ok(())
        };
        tokio::try_join!(read, answer).map(|_| ())
    }

    async fn watch(&self, op: &mut Op) -> Result<(), Stop> {
        let none = || Stop::refused("this unit has no source of frames: run jobs on it");
        let source = self.source.as_ref().ok_or_else(none)?;
        while let Some(frame) = source.next().await {
            op.charge(1).await?;
            op.body.write_frame(&frame).await?;
        }
        Ok(())
    }
}

#[async_trait]
impl Adapter for JobAdapter {
    fn service(&self) -> Service {
        Service::JOBS
    }

    fn tariff(&self) -> Tariff {
        Tariff::Accepted
    }

    fn admit(&self, _: &LeaseView, load: Load) -> Result<(), String> {
        if load.sessions < self.sessions {
            return Ok(());
        }
        Err(format!(
            "{} consumers use this unit, that is all it serves: come back later",
            load.sessions
        ))
    }

    async fn operate(&self, op: &mut Op) -> Result<(), Stop> {
        match op.header.name.as_str() {
            "run" => self.run(op).await,
            "watch" => self.watch(op).await,
            other => Err(Stop::refused(format!("{other:?} is no operation here: run, watch"))),
        }
    }
}
