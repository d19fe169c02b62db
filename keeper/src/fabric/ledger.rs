//! What is kept of lanes: both sides' states in one file, and the best vouchers where the settler
//! redeems them from.

use super::sight::Sight;
use super::terms;
use crate::context::Context;
use crate::leases::Lease;
use crate::observe;
use crate::settler::vouchers;
use anyhow::Context as _;
use caplet_api::escrow::LeaseState;
use caplet_api::packed::VoucherItem;
use caplet_fabric::lease::LeaseView;
use caplet_fabric::meter::SharedPayee;
use caplet_metering::sqlite::{LaneJournal, Options, Store};
use caplet_metering::{Ed25519Key, Keys, Payee, PayeeState};
use caplet_protocol::layout::Voucher;
use caplet_protocol::sign::Signature;
use caplet_protocol::{Lane, LeaseId};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// Between two looks at what was paid, while payments come.
const GATHER: Duration = Duration::from_millis(100);

type Place = (LeaseId, Lane);
type LanePayee = Payee<LaneKeys, LaneJournal<PayeeState>>;

/// The registered keys of a lane's device: the present one, and the one before while it still counts.
#[derive(Clone, Debug)]
pub(super) struct LaneKeys(Vec<Ed25519Key>);

impl Keys for LaneKeys {
    fn signed(&self, preimage: &[u8], signature: &Signature) -> bool {
        self.0.iter().any(|key| key.signed(preimage, signature))
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
        let mut given = BTreeMap::new();
        for (lease, lane, state) in self.store.all::<PayeeState>()? {
            if !crate::leases::is_over(&context.store, lease)? {
                self.give(context, (lease, lane), &state, &mut given)?;
            }
        }
        let (ledger, context) = (Arc::clone(self), context.clone());
        let (tasks, stop) = (context.tasks.clone(), context.tasks.stop_token());
        tasks.spawn("vouchers", async move {
            loop {
                tokio::select! {
                    () = stop.cancelled() => return ledger.pass(&context, &mut given),
                    () = ledger.paid.notified() => {}
                }
                if let Err(error) = ledger.pass(&context, &mut given) {
                    observe::room_failed("vouchers", &error);
                }
                tokio::time::sleep(GATHER).await;
            }
        });
        Ok(())
    }

    /// Gives the settler what was paid since the last look, and forgets lanes that are over.
    fn pass(&self, context: &Context, given: &mut BTreeMap<Place, Given>) -> anyhow::Result<()> {
        let all: Vec<_> = self.locked().iter().map(|(p, payee)| (*p, Arc::clone(payee))).collect();
        for (place, payee) in all {
            let state = *payee.lock().unwrap_or_else(PoisonError::into_inner).state();
            self.give(context, place, &state, given)?;
            let over = self
                .sight
                .leases
                .get(place.0)
                .is_some_and(|lease| lease.state == LeaseState::Closed);
            if over {
                self.locked().remove(&place);
                given.remove(&place);
            }
        }
        Ok(())
    }

    fn give(
        &self,
        context: &Context,
        place: Place,
        state: &PayeeState,
        given: &mut BTreeMap<Place, Given>,
    ) -> anyhow::Result<()> {
        let Some(best) = state.best else { return Ok(()) };
        let now = Given { voucher: best.voucher, k: best.k, reported: state.report.is_some() };
        if given.get(&place) == Some(&now) {
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
        given.insert(place, now);
        Ok(())
    }

    /// The payee of a lane, always the same one.
    ///
    /// # Errors
    /// Why there is none.
    pub(super) fn payee(&self, view: &LeaseView) -> Result<SharedPayee, String> {
        let lease = self.sight.leases.get(view.lease);
        let lease = lease.ok_or_else(|| format!("lease {} is not known here", view.lease))?;
        self.payee_of(view, &lease).map_err(|error| format!("{error:#}"))
    }

    fn payee_of(&self, view: &LeaseView, lease: &Lease) -> anyhow::Result<SharedPayee> {
        let place = (view.lease, view.lane);
        let keys = self.sight.keys(place);
        let keys = LaneKeys(keys.iter().filter_map(Ed25519Key::new).collect());
        anyhow::ensure!(!keys.0.is_empty(), "the lane's key is none that a session takes");
        let risk = terms::risk(lease, &self.sight.leases.all(), self.cap_bps);
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

/// What the settler has of a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Given {
    voucher: Voucher,
    k: u16,
    reported: bool,
}
