//! Whether the users of containers get to a folder.

use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// Why they don't.
#[derive(Debug, thiserror::Error)]
pub enum ReachError {
    /// A folder lets its owner pass only.
    #[error(
        "containers don't get to {path}: {at} has mode {mode:o}, and they run as other users; `chmod o+x {at}` lets them pass"
    )]
    Closed {
        /// Where they are to get.
        path: PathBuf,
        /// What is closed.
        at: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// It can't be looked at.
    #[error("containers don't get to {path}: {why}")]
    Unseen {
        /// Where they are to get.
        path: PathBuf,
        /// What the system said.
        why: io::Error,
    },
}

/// Passes if others than the owner may enter `path` and every folder above it: a container's processes have users of
/// their own, also while it is set up.
///
/// # Errors
/// [`ReachError`] with what is to be opened.
pub fn reachable(path: &Path) -> Result<(), ReachError> {
    let unseen = |why| ReachError::Unseen { path: path.to_path_buf(), why };
    let whole = std::fs::canonicalize(path).map_err(unseen)?;
    for at in whole.ancestors() {
        let mode = std::fs::metadata(at).map_err(unseen)?.permissions().mode() & 0o777;
        if mode & 0o001 == 0 {
            return Err(ReachError::Closed {
                path: path.to_path_buf(),
                at: at.to_path_buf(),
                mode,
            });
        }
    }
    Ok(())
}
