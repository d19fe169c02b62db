//! One operation on the provider's side.

use super::Inner;
use super::body::{self, Body, Charger};
use super::gauge::Ended;
use super::replay::Answer;
use super::session::{ServeOp, Session, Shared};
use crate::adapter::Adapter;
use crate::end::{End, Stop};
use crate::frame;
use crate::lease::LeaseView;
use crate::link::{Link, Stream};
use bytes::Bytes;
use caplet_protocol::wire::{OpDone, OpHeader, SessionEnd, control::Body as Says};
use prost::Message;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

/// Bytes of an operation's name and arguments.
const NAME: usize = 64;
const ARGS: usize = 16 * 1024;

/// Ids of operations under way.
type Running = Arc<Mutex<BTreeSet<u64>>>;

/// An operation that a consumer asks for. Its outcome is sent by [`Op::finish`]; dropped before, the
/// consumer hears that it was given up.
pub struct Op {
    /// Names it within the lease.
    pub id: u64,
    /// What is asked.
    pub header: OpHeader,
    /// Its metered bytes.
    pub body: Body,
    pub(super) shared: Arc<Shared>,
    charger: Arc<Charger>,
    started: Instant,
    reply: Option<Bytes>,
    running: Running,
    done: bool,
    _permit: OwnedSemaphorePermit,
}

impl Op {
    /// The lease it is part of.
    #[must_use]
    pub fn lease(&self) -> &LeaseView {
        &self.shared.lease
    }

    /// Its arguments as a message.
    ///
    /// # Errors
    /// [`Stop::Refused`] if they are none.
    pub fn args<M: Message + Default>(&self) -> Result<M, Stop> {
        M::decode(self.header.args.as_slice()).map_err(|e| {
            Stop::refused(format!("the arguments of {} can't be read: {e}", self.header.name))
        })
    }

    /// Counts units about to be served; waits while they may not be. Nothing is read or sent until
    /// this returns.
    ///
    /// # Errors
    /// [`Stop`] if it never may: stop serving.
    pub async fn charge(&self, units: u64) -> Result<(), Stop> {
        self.charger.charge(units).await
    }

    /// Units it may still cost.
    #[must_use]
    pub fn allowance(&self) -> u64 {
        self.charger.left()
    }

    /// A handle that charges for it from elsewhere.
    #[must_use]
    pub fn charger(&self) -> Arc<Charger> {
        Arc::clone(&self.charger)
    }

    /// Writes the whole answer, and remembers it: asked again under the same id, it is sent again and
    /// costs nothing more.
    ///
    /// # Errors
    /// [`Stop`].
    pub async fn reply(&mut self, answer: Bytes) -> Result<(), Stop> {
        self.body.write(&answer).await?;
        self.reply = Some(answer);
        Ok(())
    }

    pub(crate) async fn within_deadline<A: Adapter>(&mut self, adapter: &A) -> Result<(), Stop> {
        let (ms, charger) = (self.header.deadline_ms, self.charger());
        tokio::select! {
            biased;
            outcome = adapter.operate(self) => outcome,
            () = past(ms) => Err(Stop::Deadline(ms)),
            never = charger.keep_telling() => match never {},
        }
    }

    /// Tells the consumer how it ended.
    pub async fn finish(mut self, outcome: Result<(), Stop>) {
        self.done = true;
        let took = self.started.elapsed();
        let how = Ended::of(&outcome, self.charger.used() > 0);
        let own = self.reply.is_some().then(|| took.saturating_sub(self.charger.waited()));
        self.shared.has_ended(own, how);
        let error = match outcome {
            Ok(()) => self.body.finish().await.err(),
            Err(stop) => Some(stop),
        };
        let mut done = OpDone {
            op: self.id,
            ok: error.is_none(),
            units: self.charger.used(),
            error: error.as_ref().map(Stop::said).unwrap_or_default(),
            took_ms: u32::try_from(took.as_millis()).unwrap_or(u32::MAX),
        };
        if let (true, Some(body)) = (done.ok, self.reply.take()) {
            self.shared.replay.put(self.shared.lease.lease, Answer { body, done: done.clone() });
        }
        if done.ok {
            match self.body.writer.conclude(&done).await {
                Ok(true) => return self.charger.has_told(),
                Ok(false) => {}
                Err(stop) => (done.ok, done.error) = (false, stop.said()),
            }
        }
        if !done.ok {
            self.body.abandon();
        }
        self.charger.tell().await;
        self.shared.say(Says::Done(done)).await;
    }
}

impl Drop for Op {
    fn drop(&mut self) {
        self.charger.tell_now();
        self.running.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.id);
        if !self.done {
            self.body.abandon();
        }
    }
}

/// Returns after so many milliseconds; never, if they are 0.
async fn past(ms: u32) {
    match ms {
        0 => std::future::pending().await,
        _ => tokio::time::sleep(Duration::from_millis(ms.into())).await,
    }
}

/// Turns the streams that a consumer opens into operations.
pub(super) struct Opener {
    shared: Arc<Shared>,
    ops: mpsc::Sender<Op>,
    by: Arc<OnceLock<ServeOp>>,
    slots: Arc<Semaphore>,
    running: Running,
    patience: Duration,
    tasks: tokio_util::task::TaskTracker,
}

impl Opener {
    pub(super) fn new(shared: &Arc<Shared>, session: &Session, host: &Inner) -> Self {
        Self {
            shared: Arc::clone(shared),
            ops: session.sender.clone(),
            by: Arc::clone(&session.by),
            slots: Arc::new(Semaphore::new(host.limits.ops)),
            running: Running::default(),
            patience: host.limits.patience,
            tasks: host.tasks.clone(),
        }
    }

    /// Takes streams while there are slots; more wait at the link, whose own limit then holds.
    pub(super) async fn accept(self, link: &dyn Link) -> End {
        loop {
            let Ok(permit) = Arc::clone(&self.slots).acquire_owned().await else {
                return std::future::pending().await; // nobody closes the semaphore
            };
            let stream = match link.accept().await {
                Ok(stream) => stream,
                Err(error) => return End::new(SessionEnd::Shutdown, error.to_string()),
            };
            let (shared, ops) = (Arc::clone(&self.shared), self.ops.clone());
            let (by, running, patience) =
                (Arc::clone(&self.by), Arc::clone(&self.running), self.patience);
            self.tasks.spawn(async move {
                let stop = shared.stop.clone();
                let opened = tokio::select! {
                    biased;
                    () = stop.cancelled() => None,
                    opened = open(shared, stream, permit, running, patience) => opened,
                };
                let Some(op) = opened else { return };
                match by.get() {
                    Some(serve) => serve(op).await,
                    // fails only once the session is over
                    None => drop(ops.send(op).await),
                }
            });
        }
    }
}

/// The operation that a stream asks for; `None` if it asks for none, or was answered here.
async fn open(
    shared: Arc<Shared>,
    mut stream: Stream,
    permit: OwnedSemaphorePermit,
    running: Running,
    patience: Duration,
) -> Option<Op> {
    let header = frame::read_message::<OpHeader>(&mut *stream.recv, frame::HEADER, "header");
    // a stream that opens with nothing or with anything else is not answered
    let Ok(Ok(Some(header))) = tokio::time::timeout(patience, header).await else { return None };
    let refuse = |words: &str| OpDone { op: header.id, error: words.into(), ..OpDone::default() };
    if header.name.len() > NAME || header.args.len() > ARGS {
        let words = "its name has at most 64 bytes, its arguments 16 KiB: shorten them";
        shared.say(Says::Done(refuse(words))).await;
        return None;
    }
    if header.name == super::RATE {
        shared.say(Says::Done(shared.repriced(&header))).await;
        return None;
    }
    if let Some(answer) = shared.replay.get(shared.lease.lease, header.id) {
        answer_again(&shared, stream, answer, header.trailer).await;
        return None;
    }
    if !running.lock().unwrap_or_else(PoisonError::into_inner).insert(header.id) {
        let words = "an operation of this id is under way: wait for it, or take another id";
        shared.say(Says::Done(refuse(words))).await;
        return None;
    }
    let charger = Arc::new(Charger::new(&shared, &header));
    Some(Op {
        id: header.id,
        body: Body::new(stream, &charger, header.trailer),
        header,
        shared,
        charger,
        started: Instant::now(),
        reply: None,
        running,
        done: false,
        _permit: permit,
    })
}

async fn answer_again(shared: &Shared, mut stream: Stream, answer: Answer, trailer: bool) {
    use tokio::io::AsyncWriteExt as _;
    // what it cost was declared when it was served
    let done = OpDone { units: 0, ..answer.done };
    let sent = async {
        if trailer {
            for part in answer.body.chunks(super::CHUNK) {
                frame::write(&mut *stream.send, part).await?;
            }
            stream.send.write_all(&body::trailer(&done)?).await?;
        } else {
            stream.send.write_all(&answer.body).await?;
        }
        Ok::<_, Stop>(stream.send.shutdown().await?)
    };
    let sent = tokio::time::timeout(shared.stall, sent).await;
    if !trailer && sent.is_ok_and(|sent| sent.is_ok()) {
        shared.say(Says::Done(done)).await;
    }
}
