//! The provider's side of a job unit.

use super::places::{Place, Places};
use super::{Executor, FAILED, Frame, FrameSource, MAX_FRAME, Work};
use crate::adapter::{Adapter, Load};
use crate::end::Stop;
use crate::host::{BodyReader, Op};
use crate::lease::LeaseView;
use crate::service::{Service, Tariff};
use async_trait::async_trait;
use bytes::Bytes;
use caplet_protocol::wire::{JobResult, RunJob};
use prost::Message as _;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::task::{AbortOnDropHandle, TaskTracker};

/// Frames of one lease that are here at a time, read, worked on or not taken yet; also of one operation.
const AHEAD: usize = 4;

/// Frames of all leases that are here at a time.
const MOST: usize = 32;

/// How long a frame that has begun may take to come, and a result to be paid: what takes longer holds up others.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long who wants to watch waits for another one to leave.
const CROWDED: Duration = Duration::from_secs(2);

/// A frame that is worked on, in its place. Dropped before it is done it is given up.
type Working = AbortOnDropHandle<(Result<Work, String>, Place)>;

/// Offers an executor's jobs, and the frames of a source if there is one.
pub struct JobAdapter {
    executor: Arc<dyn Executor>,
    source: Option<Arc<dyn FrameSource>>,
    sessions: usize,
    tasks: TaskTracker,
    places: Places,
    /// Places of those who watch: each holds one frame at most.
    watching: Places,
}

impl JobAdapter {
    /// To at most `sessions` consumers at a time.
    #[must_use]
    pub fn new(executor: Arc<dyn Executor>, sessions: usize) -> Self {
        let most = sessions.saturating_mul(AHEAD).clamp(AHEAD, MOST);
        let (places, watching) = (Places::new(most, AHEAD), Places::new(most, AHEAD));
        Self { executor, source: None, sessions, tasks: TaskTracker::new(), places, watching }
    }

    /// With a source of frames besides.
    #[must_use]
    pub fn with_source(mut self, source: Arc<dyn FrameSource>) -> Self {
        self.source = Some(source);
        self
    }

    /// The next frame and its place, which is taken when it is known that one comes, and before it does.
    async fn frame(
        &self,
        reader: &mut BodyReader,
        lease: &LeaseView,
    ) -> Result<Option<(Bytes, Place)>, Stop> {
        let Some(len) = reader.begin_frame(MAX_FRAME).await? else { return Ok(None) };
        let place = self.places.take(lease.lease).await?;
        let read = async {
            let mut frame = Vec::new();
            while let Some(more) = len.checked_sub(frame.len()).filter(|more| *more > 0) {
                frame.extend_from_slice(&reader.read_part(more).await?);
            }
            Ok::<_, Stop>(frame)
        };
        let late = |_| Stop::refused(format!("a frame took more than {} s", PATIENCE.as_secs()));
        let frame = tokio::time::timeout(PATIENCE, read).await.map_err(late)??;
        Ok(Some((frame.into(), place)))
    }

    fn begin(&self, asked: &RunJob, frame: Bytes, place: Place) -> Working {
        let (executor, asked) = (Arc::clone(&self.executor), asked.clone());
        AbortOnDropHandle::new(self.tasks.spawn(async move {
            let done = executor.run(&asked.job, &asked.params, frame).await;
            (done, place)
        }))
    }

    /// One result for each frame, in their order; the next is read when there is room. What a job costs is known when
    /// it is done: what is done before it is paid is what has a place, and no more.
    async fn run(&self, op: &mut Op) -> Result<(), Stop> {
        let asked: RunJob = op.args()?;
        if !self.executor.jobs().contains(&asked.job) {
            let known = self.executor.jobs().join(", ");
            return Err(Stop::own(format!("no job is named {:?}: ask for {known}", asked.job)));
        }
        let (charger, lease) = (op.charger(), op.lease().clone());
        let (reader, writer) = (&mut op.body.reader, &mut op.body.writer);
        let (begun, mut working) = mpsc::channel(AHEAD);
        let read = async move {
            while let Some((frame, place)) = self.frame(reader, &lease).await? {
                if begun.send(self.begin(&asked, frame, place)).await.is_err() {
                    break;
                }
            }
            Ok::<_, Stop>(())
        };
        let answer = async {
            while let Some(work) = working.recv().await {
                let (done, _place) = match work.await {
                    Ok((done, place)) => (done, Some(place)),
                    Err(_) => (Err(FAILED.into()), None),
                };
                let result = match done {
                    Ok(Work { output, units }) => {
                        let paid = tokio::time::timeout(PATIENCE, charger.charge(units)).await;
                        paid.map_err(|_| unpaid())??;
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

    /// A frame for each byte that comes, the latest there is: nothing is charged or sent that was not asked for, and who
    /// takes none holds up nobody. The consumer ends it by ending its side.
    async fn watch(&self, op: &mut Op) -> Result<(), Stop> {
        let none = || Stop::refused("this unit has no source of frames: run jobs on it");
        let source = self.source.as_ref().ok_or_else(none)?;
        let crowded = |_| Stop::refused(format!("{AHEAD} watch on this lease: leave one first"));
        let place = self.watching.take(op.lease().lease);
        let _place = tokio::time::timeout(CROWDED, place).await.map_err(crowded)??;
        let charger = op.charger();
        let (reader, writer) = (&mut op.body.reader, &mut op.body.writer);
        let (mut after, mut wanted) = (0, 0usize);
        loop {
            let frame = tokio::select! {
                biased;
                more = reader.read(), if wanted < AHEAD => match more? {
                    Some(more) => {
                        wanted = wanted.saturating_add(more.len()).min(AHEAD);
                        continue;
                    }
                    None => return Ok(()),
                },
                frame = source.next(after), if wanted > 0 => frame.map_err(Stop::Refused)?,
            };
            let Some(Frame { number, bytes }) = frame else { return Ok(()) };
            charger.charge(1).await?;
            writer.write_frame(&bytes).await?;
            (after, wanted) = (number, wanted.saturating_sub(1));
        }
    }
}

fn unpaid() -> Stop {
    let seconds = PATIENCE.as_secs();
    Stop::refused(format!("a result was not paid for in {seconds} s: send fewer frames at a time"))
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
