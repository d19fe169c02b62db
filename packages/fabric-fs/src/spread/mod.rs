//! A store spread over several leases: any few of them restore everything.
//!
//! Each sealed chunk is cut into shards ([`Shape`]), one a lease, which that lease keeps by their digest as it keeps any
//! chunk; nothing changes for providers. What leads from chunks to shards is written with the store's manifest
//! into an envelope, sealed and numbered, a copy on every lease. A round counts once as many leases as are needed have its
//! shards and then its envelope on disk. A lease that missed a round is *behind* and is brought up to date before it
//! counts again; one that returned other bytes than were stored is *lost* and read only where there is nobody else.

mod code;
mod envelope;
mod mend;
mod open;
mod publish;
mod read;
mod standing;
mod surface;
mod tend;
mod write;

pub use code::{Shape, ShapeError};
pub use envelope::envelope_reads_back;
pub use standing::{Part, Standing};
pub use surface::{ShareSurface, SpreadAttached, SpreadSurface};

use crate::seal::Key;
use crate::vault::depot::{Batch, Depot, Dice};
use crate::vault::{Id, Memory, Vault, VaultError};
use async_trait::async_trait;
use bytes::Bytes;
use caplet_fabric::client::Client;
use caplet_fabric::health::{Health, wall_seconds};
use caplet_protocol::LeaseId;
use envelope::Envelope;
use standing::Member;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, watch};

/// What a spread is.
#[derive(Clone, Debug)]
pub struct Plan {
    /// How many of how many.
    pub shape: Shape,
    /// The leases that are to hold it, as many as the shape says. One that held a part and is not among them is
    /// replaced by one that is.
    pub leases: Vec<LeaseId>,
    /// How long all of them are waited for when it is opened; then as many as are needed will do.
    pub patience: Duration,
}

#[derive(Default)]
struct State {
    /// The leases that are to hold it.
    wanted: Vec<LeaseId>,
    /// Sessions of leases, of which some may be no part yet.
    present: BTreeMap<LeaseId, Member>,
    /// The last round that is acknowledged; its index has chunks that are to be dropped yet, too.
    now: Envelope,
    /// Chunks that the manifest names.
    named: BTreeSet<Id>,
    /// The largest round that was ever tried or seen.
    used: u64,
    /// Why nothing is written any more: somebody else does.
    fenced: Option<String>,
}

impl State {
    fn opened(&self) -> bool {
        !self.now.seats.is_empty()
    }

    /// Where a lease's shards are among all.
    fn place(&self, lease: LeaseId) -> Option<usize> {
        self.now.seats.iter().position(|seat| *seat == lease)
    }

    /// Parts by their place, with who keeps them if there is a session.
    fn seated(&self) -> impl Iterator<Item = (usize, LeaseId, Option<&Member>)> {
        let seat = |(at, lease): (usize, &LeaseId)| (at, *lease, self.present.get(lease));
        self.now.seats.iter().enumerate().map(seat)
    }

    /// The names of a lease's shards, of chunks that the manifest names.
    fn shards_at(&self, place: usize) -> BTreeMap<Id, Id> {
        let named = self.now.index.iter().filter(|(chunk, _)| self.named.contains(*chunk));
        named.filter_map(|(chunk, shards)| Some((*chunk, *shards.get(place)?))).collect()
    }
}

/// A store over several leases.
pub struct Spread {
    shape: Shape,
    patience: Duration,
    key: Key,
    memory: Arc<dyn Memory>,
    state: Mutex<State>,
    /// One writes at a time: a round, a repair.
    turn: tokio::sync::Mutex<()>,
    health: watch::Sender<Health>,
    changed: Notify,
}

impl Spread {
    /// By a plan; sessions join it ([`Spread::join`]), and then it is opened ([`Spread::open`]).
    ///
    /// # Errors
    /// If the plan has another number of leases than its shape, or one twice.
    pub fn new(plan: Plan, key: Key, memory: Arc<dyn Memory>) -> Result<Arc<Self>, VaultError> {
        let Plan { shape, leases, patience } = plan;
        planned(shape, &leases)?;
        let state = State { wanted: leases, ..State::default() };
        Ok(Arc::new(Self {
            shape,
            patience,
            key,
            memory,
            state: Mutex::new(state),
            turn: tokio::sync::Mutex::default(),
            health: watch::Sender::new(Health::Stale(wall_seconds())),
            changed: Notify::new(),
        }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How it is spread.
    #[must_use]
    pub const fn shape(&self) -> Shape {
        self.shape
    }

    /// The leases that are to hold it.
    #[must_use]
    pub fn leases(&self) -> Vec<LeaseId> {
        self.state().wanted.clone()
    }

    /// Takes a lease's session into service, in place of an earlier one of the same lease.
    pub fn join(&self, client: Client) {
        self.state().present.insert(client.lease().lease, Member::new(client));
        self.changed.notify_one();
    }

    /// Says that a lease's session is over.
    pub fn leave(&self, lease: LeaseId) {
        self.state().present.remove(&lease);
        self.changed.notify_one();
    }

    /// Has other leases hold it from now on: parts of leases that are no more among them are restored onto those that
    /// are new, with the next [`Spread::mend`].
    ///
    /// # Errors
    /// As [`Spread::new`].
    pub fn replan(&self, leases: Vec<LeaseId>) -> Result<(), VaultError> {
        planned(self.shape, &leases)?;
        self.state().wanted = leases;
        self.changed.notify_one();
        Ok(())
    }

    /// The store that is kept here.
    ///
    /// # Errors
    /// [`VaultError`], [`VaultError::Few`] if too few leases answer.
    pub async fn open(self: &Arc<Self>) -> Result<Vault, VaultError> {
        Vault::over(Arc::clone(self) as _, self.key.clone()).await
    }
}

fn planned(shape: Shape, leases: &[LeaseId]) -> Result<(), VaultError> {
    let different: BTreeSet<_> = leases.iter().collect();
    if leases.len() == shape.of() && different.len() == leases.len() {
        return Ok(());
    }
    let (of, given) = (shape.of(), different.len());
    Err(VaultError::Kind(format!(
        "a store over {of} leases needs {of} different ones, and {given} are given"
    )))
}

#[async_trait]
impl Depot for Spread {
    async fn manifest(&self) -> Result<(u64, Bytes), VaultError> {
        self.opening().await
    }

    async fn get(&self, id: &Id) -> Result<Bytes, VaultError> {
        self.chunk(id).await
    }

    async fn commit(&self, batch: Batch<'_>) -> Result<u8, VaultError> {
        let _turn = self.turn.lock().await;
        self.keep(batch).await
    }

    async fn drop_chunks(&self, ids: &BTreeSet<Id>) -> Result<(), VaultError> {
        let _turn = self.turn.lock().await;
        self.forget(ids).await;
        Ok(())
    }

    async fn challenge(
        &self,
        id: &Id,
        sealed: Option<Bytes>,
        dice: Dice,
    ) -> Result<(), VaultError> {
        self.challenged(id, sealed, dice).await
    }

    async fn check(&self) -> Result<(), VaultError> {
        // whoever takes over is asked before its lease counts again
        Ok(())
    }
}
