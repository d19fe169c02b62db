//! A live session on the provider's side.

use super::Inner;
use super::op::{Op, Opener};
use super::replay::Replay;
use crate::adapter::AnyAdapter;
use crate::count::ByteCount;
use crate::end::{End, Stop};
use crate::frame;
use crate::lease::{FRESH, LeaseView, Stage};
use crate::link::{Link, RecvHalf, SendHalf, Stream};
use crate::meter::{PayError, Payee, Verdict};
use crate::service::Tariff;
use caplet_protocol::wire::{
    Control, Pause, PauseReason, SessionEnd, control::Body as Says,
};
use prost::Message as _;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

/// What an adapter serves: operations of one lease, one after another or side by side.
pub struct Session {
    shared: Arc<Shared>,
    ops: tokio::sync::Mutex<mpsc::Receiver<Op>>,
    pub(super) sender: mpsc::Sender<Op>,
}

impl Session {
    pub(super) fn new(shared: &Arc<Shared>) -> Self {
        // one: an operation waits at the link until the adapter takes it
        let (sender, ops) = mpsc::channel(1);
        Self { shared: Arc::clone(shared), ops: tokio::sync::Mutex::new(ops), sender }
    }

    /// The lease that is served.
    #[must_use]
    pub fn lease(&self) -> &LeaseView {
        &self.shared.lease
    }

    /// The next operation; `None` once the session ends.
    pub async fn next_op(&self) -> Option<Op> {
        let mut ops = self.ops.lock().await;
        tokio::select! {
            biased;
            () = self.shared.stop.cancelled() => None,
            op = ops.recv() => op,
        }
    }

    /// Cancelled when the session ends.
    #[must_use]
    pub fn stop_token(&self) -> CancellationToken {
        self.shared.stop.clone()
    }

    /// Waits for the end, and says why.
    pub async fn ended(&self) -> End {
        self.shared.stop.cancelled().await;
        self.shared.why()
    }
}

/// What the parts of a session share.
pub(super) struct Shared {
    pub(super) lease: LeaseView,
    pub(super) tariff: Tariff,
    pub(super) stop: CancellationToken,
    pub(super) replay: OnceLock<Arc<Replay>>,
    pub(super) stall: Duration,
    pub(super) operations: AtomicU64,
    payee: Arc<dyn Payee>,
    out: mpsc::Sender<Control>,
    end: OnceLock<End>,
    paid: watch::Sender<u64>,
    bytes: ByteCount,
    paused: Mutex<Option<i32>>,
    stale: AtomicBool,
}

impl Shared {
    pub(super) fn new(
        lease: LeaseView,
        tariff: Tariff,
        payee: Arc<dyn Payee>,
        out: mpsc::Sender<Control>,
        parent: &CancellationToken,
        stall: Duration,
    ) -> Self {
        Self {
            bytes: ByteCount::new(lease.unit_bytes),
            lease,
            tariff,
            stop: parent.child_token(),
            replay: OnceLock::new(),
            stall,
            operations: AtomicU64::new(0),
            payee,
            out,
            end: OnceLock::new(),
            paid: watch::Sender::new(0),
            paused: Mutex::new(None),
            stale: AtomicBool::new(false),
        }
    }

    pub(super) fn why(&self) -> End {
        self.end.get().cloned().unwrap_or_else(|| {
            End::new(SessionEnd::Shutdown, "the provider's gateway is going down")
        })
    }

    pub(super) async fn say(&self, body: Says) {
        // fails only once the session is over
        let _ = self.out.send(Control { body: Some(body) }).await;
    }

    /// Whole units that `bytes` more of payload make.
    pub(super) fn units_of(&self, bytes: usize) -> u64 {
        self.bytes.add(bytes)
    }

    /// Counts units about to be served; waits while the payee does not let them be.
    pub(super) async fn charge(&self, units: u64) -> Result<(), Stop> {
        let mut paid = self.paid.subscribe();
        loop {
            if self.stop.is_cancelled() {
                return Err(self.why().into());
            }
            let verdict = if self.stale.load(Ordering::Acquire) {
                Verdict::Wait(self.blind())
            } else {
                self.payee.charge(units)
            };
            match verdict {
                Verdict::Serve => {
                    self.pause(None).await;
                    return Ok(());
                }
                Verdict::Never(words) => return Err(Stop::Exhausted(words)),
                Verdict::Wait(pause) => self.pause(Some(pause)).await,
            }
            tokio::select! {
                () = self.stop.cancelled() => {}
                _ = paid.changed() => {}
            }
        }
    }

    /// Tells the consumer of a pause or its end, once each.
    async fn pause(&self, pause: Option<Pause>) {
        let reason = pause.as_ref().map(|pause| pause.reason);
        let changed = {
            let mut paused = self.paused.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *paused, reason) != reason
        };
        if changed {
            let over = Pause { lease: self.lease.lease.0, ..Pause::default() };
            self.say(Says::Pause(pause.unwrap_or(over))).await;
        }
    }

    fn blind(&self) -> Pause {
        Pause {
            lease: self.lease.lease.0,
            reason: PauseReason::ChainStale.into(),
            words: "the provider's gateway sees no new blocks: service waits for the chain".into(),
            unpaid: Vec::new(),
        }
    }

    /// Runs everything of the session until something ends it.
    #[allow(clippy::too_many_arguments)] // the parts of one session, each used once
    pub(super) async fn drive(
        self: Arc<Self>,
        host: &Inner,
        link: Arc<dyn Link>,
        control: &mut Stream,
        resume: Control,
        frames: mpsc::Receiver<Control>,
        superseded: CancellationToken,
        session: Session,
        adapter: Arc<dyn AnyAdapter>,
    ) -> End {
        let _ = self.replay.set(Arc::clone(&host.replay));
        let Stream { send, recv } = control;
        let opener = Opener::new(&self, &session, host);
        let end = tokio::select! {
            end = write(&mut **send, resume, frames) => end,
            end = self.listen(&mut **recv) => end,
            end = self.watch(host) => end,
            end = opener.accept(&*link) => end,
            end = adapter.serve(session) => end,
            () = superseded.cancelled() => End::new(
                SessionEnd::Superseded, "another session of this lane has a larger epoch",
            ),
            () = host.stop.cancelled() => End::new(
                SessionEnd::Shutdown, "the provider's gateway is going down",
            ),
        };
        let _ = self.end.set(end.clone());
        self.stop.cancel();
        self.why()
    }

    /// What the consumer says.
    async fn listen(&self, recv: &mut dyn RecvHalf) -> End {
        loop {
            let said = frame::read_message::<Control>(recv, frame::CONTROL, "control frame").await;
            let body = match said {
                Ok(Some(said)) => said.body,
                Ok(None) => return End::new(SessionEnd::Shutdown, "the consumer is gone"),
                Err(frame::FrameError::Stream(e)) => {
                    return End::new(SessionEnd::Shutdown, format!("the link failed: {e}"));
                }
                Err(error) => return End::new(SessionEnd::Protocol, error.to_string()),
            };
            let taken = match body {
                Some(Says::Voucher(voucher)) => self.payee.voucher(&voucher),
                Some(Says::Tick(tick)) => self.payee.tick(&tick),
                Some(Says::Close(close)) => return close.into(),
                // a later version may say more
                _ => Ok(()),
            };
            match taken {
                Ok(()) => self.paid.send_modify(|n| *n = n.wrapping_add(1)),
                Err(PayError::Mismatch(words)) => {
                    return End::new(SessionEnd::CountMismatch, words);
                }
                Err(PayError::Invalid(words)) => return End::new(SessionEnd::Protocol, words),
                Err(PayError::Store(words)) => return End::new(SessionEnd::Busy, words),
            }
        }
    }

    /// Looks at the chain: what is over there is over here.
    async fn watch(&self, host: &Inner) -> End {
        let mut ticks = tokio::time::interval(host.limits.look);
        loop {
            ticks.tick().await;
            let stale = host.view.age() > FRESH;
            if self.stale.swap(stale, Ordering::AcqRel) && !stale {
                self.paid.send_modify(|n| *n = n.wrapping_add(1));
            }
            // a chain that can't be read is not a lease that is closed
            if let Ok(lease) = host.view.lease(self.lease.lease).await
                && let Some(end) = end_of(&lease, host.view.now())
            {
                return end;
            }
        }
    }
}

/// Why a lease is not served at `now`; `None` if it is.
pub(super) fn end_of(lease: &LeaseView, now: u64) -> Option<End> {
    let id = lease.lease;
    match lease.stage {
        Stage::Over(reason) => Some(End {
            reason: SessionEnd::LeaseClosed,
            words: format!("lease {id} is closed on chain (reason {reason})"),
            lease_reason: reason,
        }),
        _ if lease.is_due(now) => None,
        _ if now < lease.start => {
            let words = format!("lease {id} begins at {}, it is {now}", lease.start);
            Some(End::new(SessionEnd::NotDue, words))
        }
        _ => Some(End {
            reason: SessionEnd::LeaseClosed,
            words: format!("lease {id} ended at {}, it is {now}", lease.end),
            // CloseReason::Expired of the escrow contract
            lease_reason: 2,
        }),
    }
}

async fn write(
    send: &mut dyn SendHalf,
    resume: Control,
    mut frames: mpsc::Receiver<Control>,
) -> End {
    let mut next = Some(resume);
    while let Some(says) = next {
        if let Err(error) = frame::write(send, &says.encode_to_vec()).await {
            return End::new(SessionEnd::Shutdown, format!("the link failed: {error}"));
        }
        next = frames.recv().await;
    }
    // the session keeps a sender
    std::future::pending().await
}
