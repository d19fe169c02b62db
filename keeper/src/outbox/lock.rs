//! One writer per key, between processes too.

use anyhow::Context as _;
use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

/// Held while a keeper may sign with a key; the operating system lets go of it when the process
/// ends, however it ends.
#[derive(Debug)]
pub struct KeyLock {
    _file: File,
}

impl KeyLock {
    /// Takes the lock of an address, as a file in `folder`.
    ///
    /// # Errors
    /// If another keeper holds it, or the folder cannot be written.
    pub fn take(folder: &Path, address: &str) -> anyhow::Result<Self> {
        let path = folder.join(format!("{address}.lock"));
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .with_context(|| format!("cannot write {}: check the folder", path.display()))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => anyhow::bail!(
                "another keeper signs with {address} ({} is locked): stop it, or give this one a key of its own",
                path.display()
            ),
            Err(TryLockError::Error(error)) => {
                Err(error).with_context(|| format!("cannot lock {}", path.display()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_one_writer_until_the_lock_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let held = KeyLock::take(folder.path(), "wasm1abc").unwrap();
        let refused = KeyLock::take(folder.path(), "wasm1abc").unwrap_err().to_string();
        assert!(refused.contains("another keeper signs with wasm1abc"), "{refused}");
        KeyLock::take(folder.path(), "wasm1other").unwrap();
        drop(held);
        KeyLock::take(folder.path(), "wasm1abc").unwrap();
    }
}
