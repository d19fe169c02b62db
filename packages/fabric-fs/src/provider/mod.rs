//! The provider's side: chunks by their digest, one manifest, a quota. A manifest, and every chunk it
//! names, is on disk before it is acknowledged.

mod shelf;

use async_trait::async_trait;
use caplet_fabric::adapter::{Adapter, Load};
use caplet_fabric::host::Op;
use caplet_fabric::lease::LeaseView;
use caplet_fabric::{Service, Stop, Tariff};
use caplet_protocol::LeaseId;
use caplet_protocol::wire::StoreCall;
use shelf::{Refusal, Shelf};
use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
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

/// A lease's shelf, once it was opened.
type Slot = Arc<Mutex<Option<Shelf>>>;

/// Keeps chunks below one folder, a lease each.
pub struct StoreAdapter {
    root: PathBuf,
    quota: u64,
    sessions: usize,
    shelves: Mutex<BTreeMap<LeaseId, Slot>>,
    /// Names this run of the program: what was put into another may be lost.
    run: [u8; 16],
}

impl StoreAdapter {
    /// At most `quota` bytes a lease, for at most `sessions` consumers at a time.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>, quota: u64, sessions: usize) -> Self {
        let mut run = [0; 16];
        // without randomness: the time, which has moved on since the run before
        if getrandom::fill(&mut run).is_err() {
            let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
            run = since.map_or(0, |since| since.as_nanos()).to_be_bytes();
        }
        Self { root: root.into(), quota, sessions, shelves: Mutex::default(), run }
    }

    fn folder(&self, op: &Op) -> PathBuf {
        self.root.join(op.lease().lease.0.to_string())
    }

    /// Works on a lease's shelf, one at a time, off the runtime.
    async fn shelf<T, F>(&self, op: &Op, work: F) -> Result<T, Stop>
    where
        T: Send + 'static,
        F: FnOnce(&mut Shelf) -> Result<T, Refusal> + Send + 'static,
    {
        let (folder, quota) = (self.folder(op), self.quota);
        let slot: Slot = {
            let mut shelves = self.shelves.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(shelves.entry(op.lease().lease).or_default())
        };
        let done = tokio::task::spawn_blocking(move || {
            let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
            let shelf = match slot.take() {
                Some(shelf) => slot.insert(shelf),
                None => slot.insert(Shelf::open(folder, quota)?),
            };
            work(shelf)
        });
        done.await.map_err(|e| Stop::Stream(io::Error::other(e)))?.map_err(|refusal| match refusal {
            Refusal::Full { used } => Stop::refused(format!(
                "full: {used} bytes would be kept, the lease holds {quota}: delete something, or lease more"
            )),
            Refusal::Fenced { last } => Stop::refused(format!(
                "manifest {last} is there already: another writer was here, open the store again"
            )),
            Refusal::Disk(error) => match error.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                    Stop::refused("full: the provider's disk is; try again, or lease elsewhere")
                }
                _ => Stop::Stream(error),
            },
        })
    }

    /// Keeps a chunk, and says which run of the program has it.
    async fn put(&self, op: &mut Op, call: &StoreCall) -> Result<(), Stop> {
        let name = name(&call.chunk)?;
        let bytes = op.body.read_all(MOST_CHUNK).await?;
        if blake3::hash(&bytes).as_bytes().as_slice() != call.chunk {
            return Err(Stop::refused("the chunk is not the one that was named: send it again"));
        }
        self.shelf(op, move |shelf| shelf.put(&name, &bytes)).await?;
        op.body.write(&self.run).await
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

    async fn commit(&self, op: &mut Op, call: &StoreCall) -> Result<(), Stop> {
        let bytes = op.body.read_all(MOST_MANIFEST).await?;
        if !call.nonce.is_empty() && call.nonce != self.run {
            return Err(Stop::refused(format!(
                "{RESTARTED}: put the chunks of this manifest again"
            )));
        }
        let sequence = call.sequence;
        self.shelf(op, move |shelf| shelf.commit(sequence, &bytes)).await
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
        self.shelf(op, move |shelf| Ok(shelf.drop_chunks(&names)?)).await
    }
}

fn missing(error: io::Error) -> Stop {
    match error.kind() {
        io::ErrorKind::NotFound => Stop::refused("gone: the provider has no such chunk"),
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
fn name(chunk: &[u8]) -> Result<String, Stop> {
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
