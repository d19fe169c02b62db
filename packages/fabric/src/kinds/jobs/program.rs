//! An executor in a program of its own, spoken to over its standard input and output.
//!
//! Both ways frames: u32 length (big-endian), then u16 length of a JSON head, the head, the body. The
//! program first says `{"jobs": ["blur", ...]}`. A request's head is `{"id": 1, "job": "blur",
//! "params": "..."}` with the input as body; a result's `{"id": 1, "ok": true, "units": 1}` with the
//! output, or the reason, as body. Results may come in any order. What the program writes to standard
//! error is its own log. Its standard input ends when it is wanted no more.

use super::{Executor, FAILED, MAX_FRAME, Work};
use crate::frame;
use async_trait::async_trait;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio_util::task::TaskTracker;

/// Requests on their way at a time: not answered, whether anybody still waits for the answer or not.
const WAITING: usize = 32;

/// Why a program can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ProgramError {
    /// It does not start.
    #[error("the program does not start: {0}")]
    Start(#[from] std::io::Error),
    /// It does not speak the protocol.
    #[error("the program does not say what jobs it runs: {0}")]
    Greeting(String),
}

#[derive(Serialize)]
struct Request<'a> {
    id: u64,
    job: &'a str,
    params: &'a str,
}

#[derive(Deserialize)]
struct Reply {
    id: u64,
    ok: bool,
    #[serde(default)]
    units: u64,
}

#[derive(Deserialize)]
struct Greeting {
    jobs: Vec<String>,
}

type Answer = Result<Work, String>;
type Waiting = Arc<Mutex<BTreeMap<u64, Asked>>>;

/// A request that the program has not answered.
struct Asked {
    answer: oneshot::Sender<Answer>,
    since: Instant,
    _place: OwnedSemaphorePermit,
}

/// A running program.
pub struct Program {
    jobs: Vec<String>,
    requests: mpsc::Sender<Vec<u8>>,
    waiting: Waiting,
    places: Arc<Semaphore>,
    next: AtomicU64,
    limit: Duration,
    /// Whether nothing more comes from it.
    gone: Arc<AtomicBool>,
    _child: Child,
}

impl Program {
    /// Starts one; a job may take `limit`. It ends when this is dropped.
    ///
    /// # Errors
    /// [`ProgramError`].
    pub async fn start(mut command: Command, limit: Duration) -> Result<Self, ProgramError> {
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true).spawn()?;
        let gone = || ProgramError::Greeting("its streams are closed".into());
        let stdin = child.stdin.take().ok_or_else(gone)?;
        let mut stdout = child.stdout.take().ok_or_else(gone)?;
        let greeting = tokio::time::timeout(limit, frame::read(&mut stdout, 64 * 1024)).await;
        let bad = |e: &dyn std::fmt::Display| ProgramError::Greeting(e.to_string());
        let greeting = greeting.map_err(|e| bad(&e))?.map_err(|e| bad(&e))?.ok_or_else(gone)?;
        let (head, _) = split(&greeting).ok_or_else(|| bad(&"no head"))?;
        let Greeting { jobs } = serde_json::from_slice(head).map_err(|e| bad(&e))?;
        let (requests, queue) = mpsc::channel(WAITING);
        let waiting = Waiting::default();
        let (tasks, answered) = (TaskTracker::new(), Arc::clone(&waiting));
        tasks.spawn(write(stdin, queue));
        let gone = Arc::<AtomicBool>::default();
        tasks.spawn(read(stdout, answered, Arc::clone(&gone)));
        let (places, next) = (Arc::new(Semaphore::new(WAITING)), AtomicU64::new(1));
        Ok(Self { jobs, requests, waiting, places, next, limit, gone, _child: child })
    }

    /// Whether it has ended: it answers nothing any more.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        self.gone.load(Ordering::Acquire)
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, BTreeMap<u64, Asked>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for a request. One that was given up by who asked has its place until it is answered, or until an
    /// answer would be too late.
    async fn place(&self) -> Result<OwnedSemaphorePermit, String> {
        let late = self.limit.saturating_add(Duration::from_secs(1));
        loop {
            self.waiting().retain(|_, asked| asked.since.elapsed() <= late);
            let free = Arc::clone(&self.places).acquire_owned();
            if let Ok(place) = tokio::time::timeout(late, free).await {
                return place.map_err(|error| error.to_string());
            }
        }
    }
}

#[async_trait]
impl Executor for Program {
    fn jobs(&self) -> Vec<String> {
        self.jobs.clone()
    }

    async fn run(&self, job: &str, params: &str, input: Bytes) -> Result<Work, String> {
        let place = self.place().await?;
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let head = serde_json::to_vec(&Request { id, job, params }).map_err(|e| e.to_string())?;
        let request = joined(&head, &input).ok_or("the job's parameters are too long")?;
        let (answer, answered) = oneshot::channel();
        self.waiting().insert(id, Asked { answer, since: Instant::now(), _place: place });
        let down = || format!("{FAILED}: its program is gone");
        if self.requests.send(request).await.is_err() || self.is_gone() {
            self.waiting().remove(&id);
            return Err(down());
        }
        let answered = tokio::time::timeout(self.limit, answered).await;
        self.waiting().remove(&id);
        match answered {
            Ok(answer) => answer.unwrap_or_else(|_| Err(down())),
            Err(_) => Err(format!("{FAILED}: the job took more than {} s", self.limit.as_secs())),
        }
    }
}

/// A head and its body as one frame's bytes; `None` if the head is too long.
#[must_use]
pub(super) fn joined(head: &[u8], body: &[u8]) -> Option<Vec<u8>> {
    let len = u16::try_from(head.len()).ok()?;
    Some([&len.to_be_bytes(), head, body].concat())
}

/// The head and the body of a frame.
pub(super) fn split(frame: &[u8]) -> Option<(&[u8], &[u8])> {
    let (len, rest) = frame.split_first_chunk::<2>()?;
    rest.split_at_checked(u16::from_be_bytes(*len).into())
}

async fn write(mut stdin: ChildStdin, mut queue: mpsc::Receiver<Vec<u8>>) {
    use tokio::io::AsyncWriteExt as _;
    while let Some(request) = queue.recv().await {
        let written = frame::write(&mut stdin, &request).await;
        if written.is_err() || stdin.flush().await.is_err() {
            return; // the reader sees the end, too
        }
    }
}

async fn read(mut stdout: ChildStdout, waiting: Waiting, gone: Arc<AtomicBool>) {
    loop {
        let frame = frame::read(&mut stdout, MAX_FRAME + 1_024).await;
        let Ok(Some(frame)) = frame else { break };
        let Some((head, body)) = split(&frame) else { break };
        let Ok(result) = serde_json::from_slice::<Reply>(head) else { break };
        let answer = if result.ok {
            Ok(Work { output: Bytes::copy_from_slice(body), units: result.units })
        } else {
            Err(String::from_utf8_lossy(body).into_owned())
        };
        let asked = waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(&result.id);
        if let Some(asked) = asked {
            // one that gave up is not told
            let _ = asked.answer.send(answer);
        }
    }
    // whoever still waits hears that the program is gone, and whoever comes now sees it
    gone.store(true, Ordering::Release);
    waiting.lock().unwrap_or_else(PoisonError::into_inner).clear();
}
