//! What is kept of lanes: both sides' states in one file, and the best vouchers where the settler
//! redeems them from.

use super::measured;
use super::sight::Sight;
use super::terms;
use crate::context::Context;
use crate::leases::Lease;
use crate::observe;
use crate::settler::vouchers;
use crate::store::Store as Kept;
use anyhow::Context as _;
use caplet_api::escrow::LeaseState;
use caplet_api::packed::VoucherItem;
use caplet_fabric::lease::LeaseView;
use caplet_fabric::meter::SharedPayee;
use caplet_metering::sqlite::{LaneJournal, Options, Store};
use caplet_metering::{Keys, Payee, PayeeState, Risk};
use caplet_protocol::layout::Voucher;
use caplet_protocol::sign::Signature;
use caplet_protocol::{Lane, LeaseId};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// Between two looks at what was paid, while payments come.
const GATHER: Duration = Duration::from_millis(100);

/// From when all that a lane pays for is served until the voucher over all of it is redeemed: escrow closes a lane
/// that is paid up, and what is on its way to the consumer by then would be cut off.
const ARRIVAL: Duration = Duration::from_secs(1);

/// The most that such a voucher waits: a consumer that does not take what it has paid for keeps nobody from his money.
const LONGEST: Duration = Duration::from_secs(30);

type Place = (LeaseId, Lane);
type LanePayee = Payee<LaneKeys, LaneJournal<PayeeState>>;

/// The registered keys of a lane's device as they are seen now: a rotation in the middle of a session does not end it.
#[derive(Clone)]
pub(super) struct LaneKeys {
    sight: Arc<Sight>,
    place: Place,
}

impl Keys for LaneKeys {
    fn signed(&self, preimage: &[u8], signature: &Signature) -> bool {
        let keys = self.sight.taken(self.place);
        let signed = keys.iter().any(|key| key.signed(preimage, signature));
        if !signed {
            self.sight.doubt(self.place);
        }
        signed
    }
}

/// The states of all lanes of this gateway.
pub(super) struct Ledger {
    pub(super) store: Store,
    sight: Arc<Sight>,
    cap_bps: u16,
    payees: Mutex<BTreeMap<Place, Arc<Mutex<LanePayee>>>>,
    paid: Arc<Notify>,
}

impl Ledger {
    /// Opens the file, and gives the settler what an earlier run left in it.
    ///
    /// # Errors
    /// If the file cannot be opened.
    pub(super) fn open(path: &Path, sight: Arc<Sight>, cap_bps: u16) -> anyhow::Result<Arc<Self>> {
        let store = Store::open(path, Options::default())
            .with_context(|| format!("cannot open {}", path.display()))?;
        let paid = Arc::new(Notify::new());
        let wake = Arc::clone(&paid);
        store.on_commit(move || wake.notify_one());
        Ok(Arc::new(Self { store, sight, cap_bps, payees: Mutex::default(), paid }))
    }

    /// Keeps the settler's table up, in a task.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub(super) fn start(self: &Arc<Self>, context: &Context) -> anyhow::Result<()> {
        let mut giving = Giving::default();
        for (lease, lane, state) in self.store.all::<PayeeState>()? {
            if !crate::leases::is_over(&context.store, lease)? {
                self.give(context, (lease, lane), &state, &mut giving)?;
            }
        }
        let (ledger, context) = (Arc::clone(self), context.clone());
        let (tasks, stop) = (context.tasks.clone(), context.tasks.stop_token());
        tasks.spawn("vouchers", async move {
            loop {
                tokio::select! {
                    () = stop.cancelled() => return ledger.pass(&context, &mut giving),
                    () = ledger.paid.notified() => {}
                    () = tokio::time::sleep(ARRIVAL), if !giving.held.is_empty() => {}
                }
                if let Err(error) = ledger.pass(&context, &mut giving) {
                    observe::room_failed("vouchers", &error);
                }
                tokio::time::sleep(GATHER).await;
            }
        });
        Ok(())
    }

    /// Gives the settler what was paid since the last look, and forgets lanes that are over.
    fn pass(&self, context: &Context, giving: &mut Giving) -> anyhow::Result<()> {
        let all: Vec<_> = self.locked().iter().map(|(p, payee)| (*p, Arc::clone(payee))).collect();
        for (place, payee) in all {
            let (state, served_up) = {
                let payee = payee.lock().unwrap_or_else(PoisonError::into_inner);
                (*payee.state(), payee.is_served_up())
            };
            let lease = self.sight.leases.get(place.0);
            if lease.as_ref().is_some_and(|lease| self.waits(lease, place, &state)) {
                let now = Instant::now();
                let held = giving.held.entry(place).or_insert(Held { since: now, served: None });
                held.served = served_up.then(|| held.served.unwrap_or(now));
                let arrived = held.served.is_some_and(|at| at.elapsed() >= ARRIVAL);
                if state.end.is_none() && !arrived && held.since.elapsed() < LONGEST {
                    continue;
                }
            }
            giving.held.remove(&place);
            self.give(context, place, &state, giving)?;
            if lease.is_some_and(|lease| lease.state == LeaseState::Closed) {
                self.locked().remove(&place);
                giving.given.remove(&place);
            }
        }
        Ok(())
    }

    /// Whether what is paid waits for what it pays for: it empties the lane, and the lease goes on.
    fn waits(&self, lease: &Lease, (_, on): Place, state: &PayeeState) -> bool {
        let lane = lease.lanes.iter().find(|lane| lane.lane == on);
        let empties = lane.is_some_and(|lane| state.worth() >= u128::from(lane.cap.u64()));
        empties && lease.is_live() && self.sight.clock.now() < lease.terms.end.u64()
    }

    fn give(
        &self,
        context: &Context,
        place: Place,
        state: &PayeeState,
        giving: &mut Giving,
    ) -> anyhow::Result<()> {
        let Some(best) = state.best else { return Ok(()) };
        let now = Given { voucher: best.voucher, k: best.k, reported: state.report.is_some() };
        if giving.given.get(&place) == Some(&now) {
            return Ok(());
        }
        let item = VoucherItem {
            voucher: best.voucher,
            k: best.k,
            link: best.link,
            signature: best.signature,
        };
        let report = state.report.map(|report| report.encode().to_vec());
        vouchers::accept(&context.store, &item, report, self.sight.clock.now())?;
        observe::vouched(place.0, best.worth(), false);
        giving.given.insert(place, now);
        Ok(())
    }

    /// The payee of a lane, always the same one.
    ///
    /// # Errors
    /// Why there is none.
    pub(super) fn payee(&self, view: &LeaseView, store: &Kept) -> Result<SharedPayee, String> {
        let lease = self.sight.leases.get(view.lease);
        let lease = lease.ok_or_else(|| format!("lease {} is not known here", view.lease))?;
        self.payee_of(view, &lease, store).map_err(|error| format!("{error:#}"))
    }

    fn payee_of(
        &self,
        view: &LeaseView,
        lease: &Lease,
        store: &Kept,
    ) -> anyhow::Result<SharedPayee> {
        let place = (view.lease, view.lane);
        let known = !self.sight.taken(place).is_empty();
        anyhow::ensure!(known, "the lane's key is none that a session takes");
        let keys = LaneKeys { sight: Arc::clone(&self.sight), place };
        // whose word was found wrong here pays ahead, whatever it has settled
        let risk = if measured::is_doubtful(store, lease.payer)? {
            Risk::stranger()
        } else {
            terms::risk(lease, &self.sight.leases.all(), self.cap_bps)
        };
        let mut payees = self.locked();
        if let Some(payee) = payees.get(&place) {
            let mut open = payee.lock().unwrap_or_else(PoisonError::into_inner);
            open.on_keys(keys);
            open.on_risk(risk);
            drop(open);
            return Ok(Arc::clone(payee) as SharedPayee);
        }
        let terms = terms::terms(lease, view.lane, view.escrow);
        let journal = self.store.journal(view.lease, view.lane);
        let payee = Payee::open(terms, risk, keys, journal, view.money)?;
        let payee = Arc::new(Mutex::new(payee));
        payees.insert(place, Arc::clone(&payee));
        Ok(payee)
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, BTreeMap<Place, Arc<Mutex<LanePayee>>>> {
        self.payees.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What was given to the settler, and what waits.
#[derive(Default)]
struct Giving {
    given: BTreeMap<Place, Given>,
    /// Lanes that are paid up.
    held: BTreeMap<Place, Held>,
}

/// A voucher that waits for what it pays for.
struct Held {
    since: Instant,
    /// Since when all of that is served.
    served: Option<Instant>,
}

/// What the settler has of a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Given {
    voucher: Voucher,
    k: u16,
    reported: bool,
}
