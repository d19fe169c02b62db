//! Root file systems of consumers, unpacked once and kept by the BLAKE3 of their archive.

use crate::reach::{ReachError, reachable};
use crate::rootfs::{Bundle, PREFIX};
use crate::unpack::UnpackError;
use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// BLAKE3 of an archive.
pub type BundleId = [u8; 32];

/// What consumers' root file systems may take up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BundleLimits {
    /// Bytes of an archive as it is sent.
    pub sent: u64,
    /// Bytes that come out of one.
    pub unpacked: u64,
    /// Files, folders and links of one.
    pub entries: u32,
    /// Bytes of all that are kept unpacked; while one is made it takes its room beside them.
    pub kept: u64,
}

impl Default for BundleLimits {
    fn default() -> Self {
        Self { sent: 128 << 20, unpacked: 512 << 20, entries: 50_000, kept: 2 << 30 }
    }
}

/// Why there is no bundle.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// The archive is refused.
    #[error(transparent)]
    Unpack(#[from] UnpackError),
    /// There is no room for it.
    #[error(
        "it takes {wanted} bytes, {free} of the {most} for root file systems are not in use: come back later, or send a smaller one"
    )]
    Full {
        /// Bytes it takes up.
        wanted: u64,
        /// Bytes that are free or can be freed.
        free: u64,
        /// Bytes of the cache.
        most: u64,
    },
    /// The cache's folder can't be used.
    #[error("{folder} can't hold root file systems: {why}")]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What the system said.
        why: io::Error,
    },
    /// Containers don't get there.
    #[error(transparent)]
    Reach(#[from] ReachError),
}

#[derive(Default)]
struct Kept {
    /// The one used last at the back.
    bundles: VecDeque<(BundleId, Arc<Bundle>)>,
    bytes: u64,
}

/// Bundles that are kept.
pub struct Bundles {
    folder: PathBuf,
    limits: BundleLimits,
    kept: Mutex<Kept>,
}

impl Bundles {
    /// A cache in a folder that no other process uses for it. It begins empty: what an earlier process left there may
    /// be half of what it was.
    ///
    /// # Errors
    /// [`BundleError`] if the folder can't be used, or containers don't get there.
    pub fn open(folder: impl Into<PathBuf>, limits: BundleLimits) -> Result<Self, BundleError> {
        let folder = folder.into();
        let failed = |why| BundleError::Folder { folder: folder.clone(), why };
        std::fs::create_dir_all(&folder).map_err(failed)?;
        reachable(&folder)?;
        for left in std::fs::read_dir(&folder).map_err(failed)? {
            let left = left.map_err(failed)?;
            if left.file_name().to_string_lossy().starts_with(PREFIX) {
                std::fs::remove_dir_all(left.path()).map_err(failed)?;
            }
        }
        let limits = BundleLimits { unpacked: limits.unpacked.min(limits.kept), ..limits };
        Ok(Self { folder, limits, kept: Mutex::default() })
    }

    /// What one may take up.
    #[must_use]
    pub const fn limits(&self) -> BundleLimits {
        self.limits
    }

    /// A bundle that is kept.
    #[must_use]
    pub fn known(&self, id: &BundleId) -> Option<Arc<Bundle>> {
        let mut kept = self.kept();
        let at = kept.bundles.iter().position(|(known, _)| known == id)?;
        let found = kept.bundles.remove(at)?;
        let bundle = Arc::clone(&found.1);
        kept.bundles.push_back(found);
        Some(bundle)
    }

    /// A file for an archive that comes; it has no name and is gone with its handle.
    ///
    /// # Errors
    /// If the system makes none.
    pub fn spool(&self) -> io::Result<File> {
        tempfile::tempfile_in(&self.folder)
    }

    /// Unpacks an archive, of which `id` was found to be the BLAKE3, and keeps it; others that are not in use make room,
    /// those first that were not used for longest. Takes its time: call it where that holds up nobody.
    ///
    /// # Errors
    /// [`BundleError`]; nothing is left of it then.
    pub fn take(&self, id: BundleId, archive: File) -> Result<Arc<Bundle>, BundleError> {
        let made = Bundle::make(&self.folder, archive, &self.limits)?;
        let mut gone = Vec::new();
        let taken = self.insert(id, Arc::new(made), &mut gone);
        // folders are removed here, when nobody waits for the lock
        drop(gone);
        taken
    }

    fn insert(
        &self,
        id: BundleId,
        made: Arc<Bundle>,
        gone: &mut Vec<Arc<Bundle>>,
    ) -> Result<Arc<Bundle>, BundleError> {
        let (mut kept, most) = (self.kept(), self.limits.kept);
        // somebody else brought it meanwhile
        if let Some((_, known)) = kept.bundles.iter().find(|(known, _)| *known == id) {
            let known = Arc::clone(known);
            gone.push(made);
            return Ok(known);
        }
        let idle = |bundle: &Arc<Bundle>| Arc::strong_count(bundle) == 1;
        let sum =
            |sum: u64, (_, bundle): &(BundleId, Arc<Bundle>)| sum.saturating_add(bundle.bytes());
        let used = kept.bundles.iter().filter(|(_, bundle)| !idle(bundle)).fold(0, sum);
        let (wanted, free) = (made.bytes(), most.saturating_sub(used));
        if wanted > free {
            gone.push(made);
            return Err(BundleError::Full { wanted, free, most });
        }
        while kept.bytes.saturating_add(wanted) > most {
            let Some(at) = kept.bundles.iter().position(|(_, bundle)| idle(bundle)) else { break };
            if let Some((_, bundle)) = kept.bundles.remove(at) {
                kept.bytes = kept.bytes.saturating_sub(bundle.bytes());
                gone.push(bundle);
            }
        }
        kept.bytes = kept.bytes.saturating_add(wanted);
        kept.bundles.push_back((id, Arc::clone(&made)));
        Ok(made)
    }

    /// Bytes of all that are kept.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.kept().bytes
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
