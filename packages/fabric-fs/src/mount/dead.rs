//! Mounts whose program is gone. The kernel keeps them, and all that is asked of their folder fails: even that it be
//! made, since it is there. So they go before anything else is done where they stand.

use super::MountError;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What the system says of a dead mount: ENOTCONN, ECONNABORTED.
const DEAD: [i32; 2] = [107, 103];

/// Whether a folder is a mount whose program is gone: it answers "not connected" and nothing else.
#[must_use]
pub fn is_dead(path: &Path) -> bool {
    let failed = std::fs::metadata(path).err();
    failed.and_then(|error| error.raw_os_error()).is_some_and(|number| DEAD.contains(&number))
}

/// Takes a mount away even while somebody stands in it.
///
/// # Errors
/// If it is not to be had away.
pub fn unmount_lazily(path: &Path) -> io::Result<()> {
    let done = Command::new("fusermount3").arg("-uz").arg(path).output()?;
    if done.status.success() {
        return Ok(());
    }
    Err(io::Error::other(String::from_utf8_lossy(&done.stderr).trim().to_owned()))
}

/// Makes the folder on which a store is to be mounted, if it is not there. A dead mount that a killed program left is
/// taken away first.
///
/// # Errors
/// [`MountError::Folder`].
pub fn make_point(path: &Path) -> Result<(), MountError> {
    let failed = |error| MountError::Folder(path.into(), error);
    if is_dead(path) {
        unmount_lazily(path).map_err(failed)?;
    }
    std::fs::create_dir_all(path).map_err(failed)
}

/// Takes away every dead mount in a folder of mounts, with the empty folder under it: of a killed program nobody else
/// does, unless the same is mounted there again. What is alive, and what is no mount, stays. Says which there were.
pub fn sweep(folder: &Path) -> Vec<PathBuf> {
    // without the folder there are none
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    paths.filter(|path| is_dead(path) && take_away(path)).collect()
}

/// Whether a dead mount could be taken away: one that could not keeps nobody from starting.
fn take_away(path: &Path) -> bool {
    if let Err(error) = unmount_lazily(path) {
        tracing::warn!(path = %path.display(), %error, "a dead mount stays");
        return false;
    }
    // files under it are somebody's: then the folder stays
    let _ = std::fs::remove_dir(path);
    tracing::debug!(path = %path.display(), "a dead mount was taken away");
    true
}
