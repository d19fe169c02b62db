//! The provider's side: chunks by their digest, one manifest, a quota. A write is on disk before it is
//! acknowledged.

use async_trait::async_trait;
use caplet_fabric::adapter::{Adapter, Load};
use caplet_fabric::host::Op;
use caplet_fabric::lease::LeaseView;
use caplet_fabric::{Service, Stop, Tariff};
use caplet_protocol::wire::StoreCall;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::fs;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _, AsyncWriteExt as _};
use tokio::sync::Mutex;

/// Bytes of a chunk as stored.
pub(crate) const MOST_CHUNK: usize = 1 << 20;

/// Bytes of a manifest as stored.
pub(crate) const MOST_MANIFEST: usize = 32 << 20;

/// Bytes of a block that "prove" asks for.
pub(crate) const BLOCK: u64 = 4_096;

/// Keeps chunks below one folder, a lease each.
pub struct StoreAdapter {
    root: PathBuf,
    quota: u64,
    sessions: usize,
    /// One writer at a time: the quota is looked at and kept in one go.
    writing: Mutex<()>,
    temporary: AtomicU64,
}

impl StoreAdapter {
    /// At most `quota` bytes a lease, for at most `sessions` consumers at a time.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>, quota: u64, sessions: usize) -> Self {
        let (writing, temporary) = (Mutex::default(), AtomicU64::new(0));
        Self { root: root.into(), quota, sessions, writing, temporary }
    }

    fn folder(&self, op: &Op) -> PathBuf {
        self.root.join(op.lease().lease.0.to_string())
    }

    async fn put(&self, op: &mut Op, call: &StoreCall) -> Result<(), Stop> {
        let name = name(&call.chunk)?;
        let bytes = op.body.read_all(MOST_CHUNK).await?;
        if blake3::hash(&bytes).as_bytes().as_slice() != call.chunk {
            return Err(Stop::refused("the chunk is not the one that was named: send it again"));
        }
        let folder = self.folder(op);
        let _one = self.writing.lock().await;
        let path = folder.join(name);
        if !fs::try_exists(&path).await? {
            self.fits(&folder, bytes.len()).await?;
            self.write(&folder, &path, &bytes).await?;
        }
        Ok(())
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
        match fs::read(self.folder(op).join("manifest")).await {
            Ok(bytes) => op.body.write(&bytes).await,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    async fn commit(&self, op: &mut Op, call: &StoreCall) -> Result<(), Stop> {
        let bytes = op.body.read_all(MOST_MANIFEST).await?;
        let folder = self.folder(op);
        let _one = self.writing.lock().await;
        let path = folder.join("manifest");
        let last = match fs::read(&path).await {
            Ok(old) => sequence(&old),
            Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
            Err(error) => return Err(error.into()),
        };
        if call.sequence <= last {
            let found = call.sequence;
            return Err(Stop::refused(format!(
                "manifest {found} comes after {last}: another writer was here, open the store again"
            )));
        }
        self.fits(&folder, bytes.len()).await?;
        let stored = [call.sequence.to_be_bytes().as_slice(), &bytes].concat();
        self.write(&folder, &path, &stored).await
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
        let folder = self.folder(op);
        let _one = self.writing.lock().await;
        for chunk in asked.chunks(32) {
            match fs::remove_file(folder.join(name(chunk)?)).await {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
                _ => {}
            }
        }
        Ok(())
    }

    async fn fits(&self, folder: &Path, more: usize) -> Result<(), Stop> {
        fs::create_dir_all(folder).await?;
        let mut used = u64::try_from(more).unwrap_or(u64::MAX);
        let mut entries = fs::read_dir(folder).await?;
        while let Some(entry) = entries.next_entry().await? {
            used = used.saturating_add(entry.metadata().await?.len());
        }
        if used > self.quota {
            return Err(Stop::refused(format!(
                "full: {used} bytes would be kept, the lease holds {}: delete something, or lease more",
                self.quota
            )));
        }
        Ok(())
    }

    /// On disk under its name, or not at all.
    async fn write(&self, folder: &Path, path: &Path, bytes: &[u8]) -> Result<(), Stop> {
        let number = self.temporary.fetch_add(1, Ordering::Relaxed);
        let temporary = folder.join(format!("new-{number}"));
        let written = async {
            let mut file = fs::File::create(&temporary).await?;
            file.write_all(bytes).await?;
            file.sync_all().await?;
            fs::rename(&temporary, path).await?;
            fs::File::open(folder).await?.sync_all().await
        };
        let written = written.await;
        if written.is_err() {
            // gone already if it was renamed
            let _ = fs::remove_file(&temporary).await;
        }
        written.map_err(|error| match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                Stop::refused("full: the provider's disk is; try again, or lease elsewhere")
            }
            _ => Stop::Stream(error),
        })
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
