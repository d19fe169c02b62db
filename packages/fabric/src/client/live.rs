//! A connection that is up, with the operations under way on it.

use super::Client;
use super::connect::interrupted;
use crate::end::End;
use crate::frame;
use crate::health::Health;
use crate::link::{Link, RecvHalf};
use crate::meter::{locked, wire};
use crate::service::Tariff;
use caplet_protocol::DeviceId;
use caplet_protocol::wire::{Control, Hold, HoldReason, OpDone, control::Body as Says};
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{mpsc, watch};

/// How an operation ended: as the provider says, or with its connection.
pub(super) type Ended = Result<OpDone, End>;

/// What is known of an operation.
pub(super) struct State {
    pub(super) counted: Arc<AtomicU64>,
    pub(super) most: u64,
    pub(super) ended: watch::Sender<Option<Ended>>,
}

/// What a connection is like.
pub(super) struct Nature {
    /// Who serves on it.
    pub(super) provider: DeviceId,
    /// Whether operations may ask for their outcome on their own stream.
    pub(super) trailers: bool,
    /// Whether it is paid on from the beginning.
    pub(super) trusted: bool,
}

pub(super) struct Live {
    pub(super) link: Arc<dyn Link>,
    /// Who serves on it.
    pub(super) provider: DeviceId,
    /// Whether operations may ask for their outcome on their own stream.
    pub(super) trailers: bool,
    out: mpsc::Sender<Control>,
    ops: Mutex<Ops>,
    trusted: AtomicBool,
}

/// Operations that ended and are still counted for.
const LATE: usize = 1_024;

#[derive(Default)]
struct Ops {
    open: BTreeMap<u64, Arc<State>>,
    /// Those that ended last. An outcome that comes on the operation's own stream may overtake what is said of its bytes
    /// on the control stream.
    late: VecDeque<(u64, Arc<State>)>,
}

impl Live {
    pub(super) fn new(link: Arc<dyn Link>, nature: Nature, out: mpsc::Sender<Control>) -> Self {
        let Nature { provider, trailers, trusted } = nature;
        let trusted = AtomicBool::new(trusted);
        Self { link, provider, trailers, out, ops: Mutex::default(), trusted }
    }

    /// Lets payments be said on it.
    pub(super) fn trust(&self) {
        self.trusted.store(true, Ordering::Release);
    }

    /// Whether payments are said on it.
    pub(super) fn is_trusted(&self) -> bool {
        self.trusted.load(Ordering::Acquire)
    }

    pub(super) async fn say(&self, body: Says) {
        // fails only once the connection is over
        let _ = self.out.send(Control { body: Some(body) }).await;
    }

    pub(super) fn begin(&self, id: u64, counted: Arc<AtomicU64>, most: u64) -> Arc<State> {
        let state = Arc::new(State { counted, most, ended: watch::Sender::new(None) });
        let mut ops = self.ops.lock().unwrap_or_else(PoisonError::into_inner);
        ops.open.insert(id, Arc::clone(&state));
        state
    }

    pub(super) fn forget(&self, id: u64) {
        let mut ops = self.ops.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(state) = ops.open.remove(&id) else { return };
        if ops.late.len() >= LATE {
            ops.late.pop_front();
        }
        ops.late.push_back((id, state));
    }

    fn op(&self, id: u64) -> Option<Arc<State>> {
        self.ops.lock().unwrap_or_else(PoisonError::into_inner).open.get(&id).cloned()
    }

    /// An operation that is under way, or has ended lately.
    fn op_or_late(&self, id: u64) -> Option<Arc<State>> {
        let ops = self.ops.lock().unwrap_or_else(PoisonError::into_inner);
        let late = || ops.late.iter().rev().find(|(of, _)| *of == id).map(|(_, state)| state);
        ops.open.get(&id).or_else(late).cloned()
    }

    /// Everything under way ends with the connection.
    pub(super) fn over(&self, end: &End) {
        let mut ops = self.ops.lock().unwrap_or_else(PoisonError::into_inner);
        for state in std::mem::take(&mut *ops).open.into_values() {
            state.ended.send_if_modified(|ended| {
                let open = ended.is_none();
                if open {
                    *ended = Some(Err(end.clone()));
                }
                open
            });
        }
    }
}

impl Client {
    /// What the provider says, until the connection ends.
    pub(super) async fn listen(&self, live: &Live, recv: &mut dyn RecvHalf) -> End {
        loop {
            let said = frame::read_message::<Control>(recv, frame::CONTROL, "control frame").await;
            let body = match said {
                Ok(Some(said)) => said.body,
                Ok(None) => return interrupted("the provider ended the connection"),
                Err(error) => return interrupted(&error.to_string()),
            };
            match body {
                Some(Says::Progress(progress)) => {
                    let state = match self.inner.parts.tariff {
                        // what was sent has come there, whatever became of the operation
                        Tariff::Bytes => live.op_or_late(progress.op),
                        Tariff::Declared | Tariff::Accepted => live.op(progress.op),
                    };
                    if let Some(state) = state {
                        self.declared(live, &state, progress.units).await;
                    }
                }
                Some(Says::Done(done)) => {
                    if let Some(state) = live.op(done.op) {
                        self.done(live, &state, &done).await;
                        state.ended.send_replace(Some(Ok(done)));
                    }
                }
                Some(Says::Hold(hold)) => self.held(live, &hold).await,
                Some(Says::Consolidate(_)) => {
                    locked(&self.inner.parts.payer).consolidate();
                    self.pay(live).await;
                }
                Some(Says::Close(close)) => return close.into(),
                // a later version may say more
                _ => {}
            }
        }
    }

    /// Counts what an outcome declares.
    pub(super) async fn done(&self, live: &Live, state: &State, done: &OpDone) {
        // what a failed operation cost was declared while it went on
        if done.ok && self.inner.parts.tariff == Tariff::Declared {
            self.declared(live, state, done.units).await;
        }
    }

    /// Counts what the provider declares, never more than was allowed.
    async fn declared(&self, live: &Live, state: &State, units: u64) {
        let units = units.min(state.most);
        let before = state.counted.fetch_max(units, Ordering::AcqRel);
        let more = units.saturating_sub(before);
        match self.inner.parts.tariff {
            Tariff::Declared => self.accept(live, more).await,
            Tariff::Bytes => self.accept(live, self.believable(more)).await,
            Tariff::Accepted => {}
        }
    }

    async fn held(&self, live: &Live, hold: &Hold) {
        let health = match hold.reason() {
            HoldReason::Unspecified => Health::Up,
            _ => Health::Paused(hold.words.clone()),
        };
        self.inner.health.send_if_modified(|now| {
            let changed = *now != health;
            *now = health;
            changed
        });
        if let Some(pause) = wire::pause(hold) {
            let count = locked(&self.inner.parts.payer).on_pause(&pause);
            live.say(Says::Count(wire::count(&count))).await;
            self.pay(live).await;
        }
    }
}
