//! A live session on the provider's side.

use super::gauges::{Gauges, SharedGauge};
use super::measure::TIRED;
use super::op::{Op, Opener};
use super::replay::Replay;
use super::{CHUNK, Inner};
use crate::adapter::AnyAdapter;
use crate::count::ByteCount;
use crate::end::{End, Stop};
use crate::frame;
use crate::lease::{ChainView, LeaseView, Stage, ViewError, seconds};
use crate::link::{Link, RecvHalf, SendHalf, Stream};
use crate::meter::{Payees, SharedPayee, locked, wire};
use crate::service::Tariff;
use caplet_metering::{self as metering, ChainTime, Gate, Pause, PauseReason, Refusal, Statement};
use caplet_protocol::wire::{Consolidate, Control, Hold, SessionEnd, control::Body as Says};
use caplet_protocol::{DeviceId, LeaseId};
use futures::future::BoxFuture;
use prost::Message as _;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

/// What serves an operation, on the task that has read its header.
pub(crate) type ServeOp = Arc<dyn Fn(Op) -> BoxFuture<'static, ()> + Send + Sync>;

/// What an adapter serves: operations of one lease, one after another or side by side.
pub struct Session {
    shared: Arc<Shared>,
    ops: tokio::sync::Mutex<mpsc::Receiver<Op>>,
    pub(super) sender: mpsc::Sender<Op>,
    pub(super) by: Arc<OnceLock<ServeOp>>,
}

impl Session {
    pub(super) fn new(shared: &Arc<Shared>) -> Self {
        // one: an operation waits at the link until the adapter takes it
        let (sender, ops) = mpsc::channel(1);
        let (ops, by) = (tokio::sync::Mutex::new(ops), Arc::default());
        Self { shared: Arc::clone(shared), ops, sender, by }
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

    /// Has operations that are opened from here on served by `serve` instead of by who asks for the next one: two
    /// hand-overs between tasks less, which a small call feels.
    pub(crate) fn serve_by(&self, serve: ServeOp) {
        // said twice, the first holds
        let _ = self.by.set(serve);
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
    pub(super) link: Arc<dyn Link>,
    pub(super) tariff: Tariff,
    pub(super) stop: CancellationToken,
    pub(super) replay: Arc<Replay>,
    pub(super) stall: Duration,
    pub(super) gauge: SharedGauge,
    pub(super) gauges: Arc<Gauges>,
    /// Who hears what was measured.
    pub(super) payees: Arc<dyn Payees>,
    /// Bytes read or written at a time: never more than a segment pays for.
    pub(super) chunk: usize,
    view: Arc<dyn ChainView>,
    payee: SharedPayee,
    segment: u64,
    out: mpsc::Sender<Control>,
    end: OnceLock<End>,
    paid: watch::Sender<u64>,
    sent: ByteCount,
    received: ByteCount,
    held: AtomicBool,
    /// Whether that is since more is owed than is let be.
    unpaid: AtomicBool,
    /// Declared units that were charged and that the consumer has not been told of, of all operations.
    untold: AtomicU64,
}

/// Between two holds of the same operation: what was in flight at the first may be counted by then.
const AGAIN: Duration = Duration::from_millis(200);

impl Shared {
    pub(super) fn new(
        host: &Inner,
        link: Arc<dyn Link>,
        lease: LeaseView,
        tariff: Tariff,
        payee: SharedPayee,
        out: mpsc::Sender<Control>,
    ) -> Self {
        let segment = locked(&payee).segment();
        let paid_for = match tariff {
            Tariff::Bytes => segment.saturating_mul(lease.unit_bytes) / 2,
            // bytes cost nothing by themselves: a segment says nothing of how many may come at a time
            Tariff::Declared | Tariff::Accepted => u64::MAX,
        };
        Self {
            sent: ByteCount::new(lease.unit_bytes),
            received: ByteCount::new(lease.unit_bytes),
            gauge: host.gauges.of((lease.lease, lease.lane), lease.end, seconds(host.view.now())),
            gauges: Arc::clone(&host.gauges),
            payees: Arc::clone(&host.payees),
            chunk: usize::try_from(paid_for).unwrap_or(CHUNK).clamp(1, CHUNK),
            lease,
            link,
            tariff,
            stop: host.stop.child_token(),
            replay: Arc::clone(&host.replay),
            stall: host.limits.stall,
            view: Arc::clone(&host.view),
            payee,
            segment,
            out,
            end: OnceLock::new(),
            paid: watch::Sender::new(0),
            held: AtomicBool::new(false),
            unpaid: AtomicBool::new(false),
            untold: AtomicU64::new(0),
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

    /// Says what there is room for; nothing is waited for.
    pub(super) fn say_now(&self, body: Says) {
        let _ = self.out.try_send(Control { body: Some(body) });
    }

    /// Notes declared units that the consumer is told of later, mostly with the outcome; whether it must be told now. A
    /// sixteenth of a segment is far from what makes the counts differ, and all that is lost if the connection is.
    pub(super) fn leave_untold(&self, units: u64) -> bool {
        let before = self.untold.fetch_add(units, Ordering::AcqRel);
        before.saturating_add(units) >= (self.segment / 16).max(1)
    }

    pub(super) fn was_told(&self, units: u64) {
        self.untold.fetch_sub(units, Ordering::AcqRel);
    }

    /// Whole units that `bytes` more make that are sent to the consumer.
    pub(super) fn units_sent(&self, bytes: usize) -> u64 {
        self.sent.add(bytes)
    }

    /// Whole units that `bytes` more make that have come from the consumer.
    pub(super) fn units_received(&self, bytes: usize) -> u64 {
        self.received.add(bytes)
    }

    /// The most that can be charged at once without credit.
    pub(super) const fn segment(&self) -> u64 {
        self.segment
    }

    /// Counts units about to be served; whether it could without waiting.
    pub(super) fn try_charge(&self, units: u64) -> Result<bool, Stop> {
        if self.stop.is_cancelled() {
            return Err(self.why().into());
        }
        let held = self.held.load(Ordering::Acquire);
        // a hold that is over has to be said: the slow way does
        let goes = !held && matches!(locked(&self.payee).charge(units, self.view.now()), Gate::Go);
        if goes {
            self.has_charged(units);
        }
        Ok(goes)
    }

    /// Counts units about to be served; waits while the payee does not let them be.
    pub(super) async fn charge(&self, units: u64) -> Result<(), Stop> {
        let mut paid = self.paid.subscribe();
        loop {
            if self.stop.is_cancelled() {
                return Err(self.why().into());
            }
            let gate = locked(&self.payee).charge(units, self.view.now());
            let wait = match gate {
                Gate::Go => {
                    self.has_charged(units);
                    self.go_on().await;
                    return Ok(());
                }
                Gate::End(metering::End::Exhausted) => {
                    return Err(Stop::used_up(self.lease.lease));
                }
                Gate::End(end) => return Err(self.ended(end)),
                Gate::Pause(Pause { reason: PauseReason::Storing, .. }) => Duration::from_millis(1),
                Gate::Pause(pause) => {
                    self.held.store(true, Ordering::Release);
                    self.unpaid.store(pause.reason == PauseReason::Unpaid, Ordering::Release);
                    self.say(Says::Hold(wire::hold(&pause))).await;
                    AGAIN
                }
            };
            tokio::select! {
                () = self.stop.cancelled() => {}
                _ = paid.changed() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// The side that is paid.
    pub(super) fn payee(&self) -> &SharedPayee {
        &self.payee
    }

    /// What waits to be paid is looked at again.
    pub(super) fn look_again(&self) {
        self.paid.send_modify(|n| *n = n.wrapping_add(1));
    }

    /// Whether service stands still for money.
    pub(super) fn waits_for_money(&self) -> bool {
        self.held.load(Ordering::Acquire) && self.unpaid.load(Ordering::Acquire)
    }

    /// Tells the consumer that a hold is over.
    async fn go_on(&self) {
        if self.held.swap(false, Ordering::AcqRel) {
            self.say(Says::Hold(Hold::default())).await;
        }
    }

    /// The lane is served no more: the session ends.
    fn ended(&self, end: metering::End) -> Stop {
        let (reason, words) = match end {
            metering::End::CountMismatch => (
                SessionEnd::CountMismatch,
                "the counts of both sides differed three times in a row",
            ),
            metering::End::ConsumerClosed => {
                (SessionEnd::LeaseClosed, "the consumer has signed its last voucher")
            }
            metering::End::ProviderFinished => (SessionEnd::LeaseClosed, TIRED),
            metering::End::Exhausted => (SessionEnd::LeaseClosed, "the lane is served no more"),
        };
        let lease_reason = end as u8;
        let _ = self.end.set(End { reason, words: words.into(), lease_reason });
        self.stop.cancel();
        self.why().into()
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
            let (lease, lane, now) = (self.lease.lease, self.lease.lane, self.view.now());
            let taken = match body {
                Some(Says::Voucher(voucher)) => self.paid_by(wire::voucher(&voucher)),
                Some(Says::Tick(tick)) => self.paid_by(wire::tick(&tick)),
                Some(Says::Count(count)) => {
                    locked(&self.payee).on_meter(&wire::meter(&count, lease, lane), now)
                }
                Some(Says::Close(close)) => return close.into(),
                // a later version may say more
                _ => Ok(()),
            };
            match taken {
                Ok(()) => self.paid.send_modify(|n| *n = n.wrapping_add(1)),
                // the payer says it again, service waits for it
                Err(Refusal::Journal(error)) => tracing::warn!(%error, "a payment is not kept"),
                // so it does if the device has a new key that is not seen here yet
                Err(Refusal::BadSignature) => tracing::debug!("a payment is of no key known here"),
                Err(refusal) => return End::new(SessionEnd::Protocol, refusal.to_string()),
            }
        }
    }

    fn paid_by(&self, statement: Result<Statement, wire::Malformed>) -> Result<(), Refusal> {
        let statement = statement.map_err(|_| Refusal::Malformed)?;
        locked(&self.payee).on_statement(&statement, self.view.now())
    }

    /// Looks at the chain: what is over there is over here.
    async fn watch(&self, host: &Inner) -> End {
        let mut ticks = tokio::time::interval(host.limits.look);
        let (mut asked, mut unpaid) = (None, None);
        loop {
            ticks.tick().await;
            if let Some(end) = self.is_tired(&mut unpaid, host.limits.dispute) {
                return end;
            }
            let lease = match host.view.lease(self.lease.lease).await {
                Ok(lease) if lease.provider.device == self.lease.provider.device => lease,
                Ok(lease) => return passed_on(self.lease.lease, lease.provider.device),
                Err(ViewError::Elsewhere { lease, by }) => return passed_on(lease, by),
                // a chain that can't be read is not a lease that is closed
                Err(ViewError::Unknown(_) | ViewError::Unreachable(_)) => continue,
            };
            if let Some(end) = end_of(&lease, host.view.now()) {
                return end;
            }
            locked(&self.payee).on_view(lease.money);
            let wanted = host.payees.consolidated(&lease);
            if wanted.is_some() && wanted != asked {
                self.say(Says::Consolidate(Consolidate::default())).await;
            }
            asked = wanted;
        }
    }
}

/// Another device serves the lease now: the consumer is to dial that one.
fn passed_on(lease: LeaseId, by: DeviceId) -> End {
    End::new(SessionEnd::Shutdown, format!("lease {lease} is served by device {by} now"))
}

/// Why a lease is not served at `now`; `None` if it is.
pub(super) fn end_of(lease: &LeaseView, now: ChainTime) -> Option<End> {
    let (id, due, now) = (lease.lease, lease.is_due(now), seconds(now));
    match lease.stage {
        Stage::Over(reason) => Some(End {
            reason: SessionEnd::LeaseClosed,
            words: format!("lease {id} is closed on chain (reason {reason})"),
            lease_reason: reason,
        }),
        _ if due => None,
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
