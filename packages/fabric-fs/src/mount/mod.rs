//! The store as a folder (FUSE).

mod dead;
mod fs;
mod inodes;

pub use dead::{is_dead, make_point, sweep, unmount_lazily};

use crate::vault::Vault;
use fs::Folder;
use fuser::{Config, MountOption};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Why nothing is mounted.
#[derive(Debug, thiserror::Error)]
pub enum MountError {
    /// The folder can't be used.
    #[error("{0} can't be a mount point: {1}")]
    Folder(PathBuf, io::Error),
    /// FUSE says no.
    #[error("{0} can't be mounted: {1}; is fuse3 installed, and may this user mount?")]
    Fuse(PathBuf, io::Error),
}

/// A mounted store. Dropped, it is unmounted; [`Mounted::unmount`] commits first.
pub struct Mounted {
    path: PathBuf,
    vault: Arc<Vault>,
    session: Option<fuser::BackgroundSession>,
}

impl Mounted {
    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What it shows.
    #[must_use]
    pub fn vault(&self) -> &Arc<Vault> {
        &self.vault
    }

    /// Commits what was written, and unmounts.
    ///
    /// # Errors
    /// What kept it from being committed; it is unmounted all the same.
    pub async fn unmount(mut self) -> Result<(), crate::VaultError> {
        let committed = self.vault.commit().await;
        let session = self.session.take();
        // waits for the kernel, and for a request under way that may wait for this runtime
        let _ = tokio::task::spawn_blocking(move || session.map(|s| s.umount_and_join())).await;
        committed
    }
}

/// Mounts a store at a folder, which is made ready for it ([`make_point`]).
///
/// # Errors
/// [`MountError`].
pub fn mount(vault: Arc<Vault>, path: &Path, patience: Duration) -> Result<Mounted, MountError> {
    make_point(path)?;
    let folder = Folder::new(Arc::clone(&vault), tokio::runtime::Handle::current(), patience);
    let mut config = Config::default();
    config.mount_options = vec![
        MountOption::FSName("caplet".into()),
        MountOption::Subtype("caplet".into()),
        MountOption::NoDev,
        MountOption::NoSuid,
        MountOption::DefaultPermissions,
    ];
    // a slow provider must not hold up what is answered from memory
    config.n_threads = Some(4);
    let session = fuser::spawn_mount(folder, path, &config);
    let session = session.map_err(|e| MountError::Fuse(path.into(), e))?;
    Ok(Mounted { path: path.into(), vault, session: Some(session) })
}
