//! The provider's side: chunks by their digest, one manifest, a quota. A manifest, and every chunk it
//! names, is on disk before it is acknowledged.

mod shelf;
mod shelves;

pub use shelves::Shelves;

use crate::replica::Replicator;
use async_trait::async_trait;
use bytes::Bytes;
use caplet_fabric::adapter::{Adapter, Load, serve_each};
use caplet_fabric::host::{Op, Session};
use caplet_fabric::lease::LeaseView;
use caplet_fabric::{End, Service, Stop, Tariff};
use caplet_protocol::LeaseId;
use caplet_protocol::wire::StoreCall;
pub(crate) use shelf::{Refusal, Shelf};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::fs;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};

/// Bytes of a chunk as stored.
pub(crate) const MOST_CHUNK: usize = 1 << 20;

/// Bytes of a manifest as stored.
pub(crate) const MOST_MANIFEST: usize = 32 << 20;

/// Bytes of a block that "prove" asks for.
pub(crate) const BLOCK: u64 = 4_096;

/// What a provider says that may have lost chunks which it had acknowledged.
pub(crate) const RESTARTED: &str = "restarted";

/// How a provider begins whose lease, and not its disk, is full.
pub(crate) const HELD: &str = "full: the lease holds";

/// How a provider begins that does not have what is asked for.
pub(crate) const GONE: &str = "gone";

/// How a provider begins that has a manifest of somebody else's in the place of the one brought.
pub(crate) const FENCED: &str = "fenced";

/// Keeps chunks below one folder, a lease each.
pub struct StoreAdapter {
    shelves: Arc<Shelves>,
    sessions: usize,
    replicator: Option<Arc<Replicator>>,
}

impl StoreAdapter {
    /// At most `quota` bytes a lease, for at most `sessions` consumers at a time; nowhere else.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>, quota: u64, sessions: usize) -> Self {
        Self { shelves: Arc::new(Shelves::new(root, quota)), sessions, replicator: None }
    }

    /// Keeps what it is given at whoever stands by for it too.
    #[must_use]
    pub fn replicated(replicator: Arc<Replicator>, sessions: usize) -> Self {
        Self { shelves: Arc::clone(replicator.shelves()), sessions, replicator: Some(replicator) }
    }

    fn folder(&self, op: &Op) -> PathBuf {
        self.shelves.folder(op.lease().lease)
    }

    /// Works on the lease's shelf.
    async fn shelf<T, F>(&self, op: &Op, work: F) -> Result<T, Stop>
    where
        T: Send + 'static,
        F: FnOnce(&mut Shelf) -> Result<T, Refusal> + Send + 'static,
    {
        let done = self.shelves.with(op.lease().lease, work).await;
        done.map_err(|refusal| refusal.said(self.shelves.quota()))
    }

    /// Keeps a chunk, and says which run of the program has it.
    async fn put(&self, op: &mut Op, call: &StoreCall) -> Result<(), Stop> {
        let name = name(&call.chunk)?;
        let bytes = op.body.read_all(MOST_CHUNK).await?;
        if blake3::hash(&bytes).as_bytes().as_slice() != call.chunk {
            return Err(Stop::refused("the chunk is not the one that was named: send it again"));
        }
        self.shelf(op, move |shelf| shelf.put(&name, &bytes)).await?;
        self.changed(op.lease().lease);
        op.body.write(&self.shelves.run()).await
    }

    async fn get(&self, op: &mut Op, call: &StoreCall) -> Result<(), Stop> {
        let path = self.folder(op).join(name(&call.chunk)?);
        let bytes = fs::read(path).await.map_err(missing)?;
        op.body.write(&bytes).await
    }

    /// Which of the chunks named in the body are here, a byte each.
    async fn has(&self, op: &mut Op) -> Result<(), Stop> {
        let asked = op.body.read_all(32 * 4_096).await?;
        let (folder, mut answer) = (self.folder(op), Vec::new());
        for chunk in asked.chunks(32) {
            answer.push(u8::from(fs::try_exists(folder.join(name(chunk)?)).await?));
        }
        op.body.write(&answer).await
    }

    /// The manifest with its number; empty if there is none.
    async fn manifest(&self, op: &mut Op) -> Result<(), Stop> {
        let stored = self.shelf(op, |shelf| Ok(shelf.manifest()?)).await?;
        match stored {
            Some(bytes) => op.body.write(&bytes).await,
            None => Ok(()),
        }
    }

    /// Takes a manifest, and says on how many gateways' disks it is with all that it names.
    async fn commit(&self, op: &mut Op, call: &StoreCall) -> Result<(), Stop> {
        let bytes = op.body.read_all(MOST_MANIFEST).await?;
        if !call.nonce.is_empty() && call.nonce != self.shelves.run() {
            return Err(Stop::refused(format!(
                "{RESTARTED}: put the chunks of this manifest again"
            )));
        }
        let sequence = call.sequence;
        self.shelf(op, move |shelf| shelf.commit(sequence, &bytes)).await?;
        let lease = op.lease().lease;
        let twice = match &self.replicator {
            Some(replicator) => replicator.kept(lease, sequence).await,
            None => false,
        };
        op.reply(Bytes::from_static(if twice { &[2] } else { &[1] })).await
    }

    fn changed(&self, lease: LeaseId) {
        if let Some(replicator) = &self.replicator {
            replicator.changed(lease);
        }
    }

    /// BLAKE3 of a nonce and a block of a chunk: only who has the block can say it.
    async fn prove(&self, op: &mut Op, call: &StoreCall) -> Result<(), Stop> {
        let path = self.folder(op).join(name(&call.chunk)?);
        let mut file = fs::File::open(path).await.map_err(missing)?;
        file.seek(io::SeekFrom::Start(call.size)).await?;
        let mut block = Vec::new();
        file.take(BLOCK).read_to_end(&mut block).await?;
        op.body.write(proof(&call.nonce, &block).as_slice()).await
    }

    async fn drop_chunks(&self, op: &mut Op) -> Result<(), Stop> {
        let asked = op.body.read_all(32 * 4_096).await?;
        let names: Vec<String> = asked.chunks(32).map(name).collect::<Result<_, _>>()?;
        self.shelf(op, move |shelf| Ok(shelf.drop_chunks(&names)?)).await?;
        self.changed(op.lease().lease);
        Ok(())
    }
}

impl Refusal {
    /// As whoever asked reads it; a lease holds `quota` bytes here.
    pub(crate) fn said(self, quota: u64) -> Stop {
        match self {
            Self::Full { used } => Stop::refused(format!(
                "{HELD} {quota} bytes and {used} would be kept: delete something, or lease more"
            )),
            Self::Fenced { last } => Stop::refused(format!(
                "{FENCED}: manifest {last} is there already, another writer was here; open the store again"
            )),
            Self::Behind { last } => Stop::refused(format!(
                "manifest {last} is the last one here, and yours builds on a later: open the store again"
            )),
            Self::Disk(error) => match error.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                    Stop::refused("full: the provider's disk is; try again, or lease elsewhere")
                }
                _ => Stop::Stream(error),
            },
        }
    }
}

fn missing(error: io::Error) -> Stop {
    match error.kind() {
        io::ErrorKind::NotFound => Stop::refused(format!("{GONE}: the provider has no such chunk")),
        _ => Stop::Stream(error),
    }
}

/// The number at the front of a stored manifest.
pub(crate) fn sequence(stored: &[u8]) -> u64 {
    stored.first_chunk::<8>().map_or(0, |number| u64::from_be_bytes(*number))
}

pub(crate) fn proof(nonce: &[u8], block: &[u8]) -> [u8; 32] {
    let mut hash = blake3::Hasher::new();
    hash.update(nonce);
    hash.update(block);
    *hash.finalize().as_bytes()
}

/// A digest as a file's name: what a consumer sends is never a path.
pub(crate) fn name(chunk: &[u8]) -> Result<String, Stop> {
    if chunk.len() != 32 {
        return Err(Stop::refused(format!("a chunk's name has 32 bytes, not {}", chunk.len())));
    }
    Ok(hex::encode(chunk))
}

#[async_trait]
impl Adapter for StoreAdapter {
    fn service(&self) -> Service {
        Service::STORE
    }

    fn tariff(&self) -> Tariff {
        Tariff::Bytes
    }

    fn admit(&self, _: &LeaseView, load: Load) -> Result<(), String> {
        if load.sessions < self.sessions {
            return Ok(());
        }
        Err(format!("{} consumers store here, that is all it serves", load.sessions))
    }

    async fn serve(self: Arc<Self>, session: Session) -> End {
        // who takes over replicates onward, before anything is written
        self.changed(session.lease().lease);
        serve_each(self, session).await
    }

    async fn operate(&self, op: &mut Op) -> Result<(), Stop> {
        let call: StoreCall = op.args()?;
        match op.header.name.as_str() {
            "put" => self.put(op, &call).await,
            "get" => self.get(op, &call).await,
            "has" => self.has(op).await,
            "manifest" => self.manifest(op).await,
            "commit" => self.commit(op, &call).await,
            "prove" => self.prove(op, &call).await,
            "drop" => self.drop_chunks(op).await,
            other => Err(Stop::refused(format!("{other:?} is no operation here"))),
        }
    }
}
