//! What one lease keeps: files in one folder, and what is known of them without looking.
//!
//! Chunks are written without waiting for the disk; a manifest waits for every chunk before it, and then
//! for itself. So a chunk that was acknowledged may be lost in a power cut, and a manifest never names one
//! that was: it is taken only from who put its chunks into *this* run of the program (`StoreAdapter::run`).

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// The manifest's name; no digest looks like it.
const MANIFEST: &str = "manifest";

/// What a file that is not there in whole yet is called.
const NEW: &str = "new-";

/// Why something is not kept.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// It would be more than the lease holds.
    Full { used: u64 },
    /// This manifest or a later one is there.
    Fenced { last: u64 },
    /// One before it is not here.
    Behind { last: u64 },
    /// The disk.
    Disk(io::Error),
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        Self::Disk(error)
    }
}

/// One lease's files.
pub(crate) struct Shelf {
    folder: PathBuf,
    quota: u64,
    /// Bytes of each file.
    kept: BTreeMap<String, u64>,
    used: u64,
    /// Chunks that this run has written or looked at; a power cut may have left others torn.
    known: BTreeSet<String>,
    /// Chunks that may not be on disk yet.
    loose: BTreeSet<String>,
    temporary: u64,
}

impl Shelf {
    /// Opens a lease's folder, or makes it; nothing more fits before [`Shelf::limit`].
    pub(crate) fn open(folder: PathBuf) -> io::Result<Self> {
        fs::create_dir_all(&folder)?;
        let mut kept = BTreeMap::new();
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with(NEW) {
                fs::remove_file(entry.path())?;
            } else {
                kept.insert(name, entry.metadata()?.len());
            }
        }
        let used = kept.values().fold(0u64, |sum, bytes| sum.saturating_add(*bytes));
        let (known, loose) = (BTreeSet::new(), BTreeSet::new());
        Ok(Self { folder, quota: 0, kept, used, known, loose, temporary: 0 })
    }

    /// Holds at most `quota` bytes from now on; what is there stays.
    pub(crate) const fn limit(&mut self, quota: u64) {
        self.quota = quota;
    }

    /// Names of chunks, in order.
    pub(crate) fn chunks(&self) -> impl Iterator<Item = &str> {
        self.kept.keys().map(String::as_str).filter(|name| *name != MANIFEST)
    }

    /// A chunk's bytes; `None` if it was never put or was dropped. That the disk has lost it is an error.
    pub(crate) fn chunk(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        match self.kept.contains_key(name) {
            true => fs::read(self.folder.join(name)).map(Some),
            false => Ok(None),
        }
    }

    /// Says that a chunk was looked at and is not what it was: put again it is written again.
    pub(crate) fn is_torn(&mut self, name: &str) {
        self.known.remove(name);
    }

    /// Says that a chunk was looked at and is whole; the next manifest waits for it to be on disk.
    pub(crate) fn is_whole(&mut self, name: &str) {
        self.known.insert(name.to_owned());
        self.loose.insert(name.to_owned());
    }

    /// Keeps a chunk; its digest was checked.
    pub(crate) fn put(&mut self, name: &str, bytes: &[u8]) -> Result<(), Refusal> {
        if !self.has_whole(name, bytes)? {
            self.place(name, bytes, false)?;
        }
        self.is_whole(name);
        Ok(())
    }

    fn has_whole(&self, name: &str, bytes: &[u8]) -> io::Result<bool> {
        let path = self.folder.join(name);
        if !self.kept.contains_key(name) || !path.try_exists()? {
            return Ok(false);
        }
        Ok(self.known.contains(name) || fs::read(path)? == bytes)
    }

    /// The manifest with its number, if there is one.
    pub(crate) fn manifest(&self) -> io::Result<Option<Vec<u8>>> {
        match fs::read(self.folder.join(MANIFEST)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn last(&self) -> io::Result<u64> {
        Ok(self.manifest()?.map_or(0, |stored| super::sequence(&stored)))
    }

    /// Takes a consumer's next manifest. What is built on one that is not here names chunks that may not be either:
    /// this replica was behind when it was taken into service.
    pub(crate) fn commit(&mut self, sequence: u64, bytes: &[u8]) -> Result<(), Refusal> {
        let last = self.last()?;
        match sequence.checked_sub(last) {
            None | Some(0) => Err(Refusal::Fenced { last }),
            Some(1) => self.take(sequence, bytes),
            Some(_) => Err(Refusal::Behind { last }),
        }
    }

    /// Takes the manifest of who serves, for a replica: any but an older one. One of the same number that differs was
    /// never acknowledged, or who serves now would have it.
    pub(crate) fn follow(&mut self, sequence: u64, bytes: &[u8]) -> Result<(), Refusal> {
        let last = self.last()?;
        if sequence < last {
            return Err(Refusal::Fenced { last });
        }
        self.take(sequence, bytes)
    }

    /// Everything put before is on disk, and then the manifest is.
    fn take(&mut self, sequence: u64, bytes: &[u8]) -> Result<(), Refusal> {
        let stored = [sequence.to_be_bytes().as_slice(), bytes].concat();
        self.fits(MANIFEST, stored.len())?;
        for name in &self.loose {
            match File::open(self.folder.join(name)) {
                Ok(file) => file.sync_all()?,
                // dropped since
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error.into()),
            }
        }
        if !self.loose.is_empty() {
            File::open(&self.folder)?.sync_all()?;
        }
        self.place(MANIFEST, &stored, true)?;
        self.loose.clear();
        Ok(())
    }

    /// Forgets chunks.
    pub(crate) fn drop_chunks(&mut self, names: &[String]) -> io::Result<()> {
        for name in names {
            match fs::remove_file(self.folder.join(name)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            self.known.remove(name);
            self.loose.remove(name);
            self.used = self.used.saturating_sub(self.kept.remove(name).unwrap_or(0));
        }
        Ok(())
    }

    /// What would be used with this file, if the lease holds that much.
    fn fits(&self, name: &str, bytes: usize) -> Result<u64, Refusal> {
        let replaced = self.kept.get(name).copied().unwrap_or(0);
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        let used = self.used.saturating_sub(replaced).saturating_add(bytes);
        if used > self.quota { Err(Refusal::Full { used }) } else { Ok(used) }
    }

    /// There under its name in whole, or not at all.
    fn place(&mut self, name: &str, bytes: &[u8], synced: bool) -> Result<(), Refusal> {
        let used = self.fits(name, bytes.len())?;
        self.temporary = self.temporary.saturating_add(1);
        let temporary = self.folder.join(format!("{NEW}{}", self.temporary));
        let written = write(&temporary, bytes, synced)
            .and_then(|()| fs::rename(&temporary, self.folder.join(name)));
        if written.is_err() {
            // gone already if it was renamed
            let _ = fs::remove_file(&temporary);
        }
        written?;
        if synced {
            File::open(&self.folder)?.sync_all()?;
        }
        self.used = used;
        self.kept.insert(name.to_owned(), u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        Ok(())
    }
}

fn write(path: &Path, bytes: &[u8], synced: bool) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    if synced { file.sync_all() } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shelf(folder: &Path) -> Shelf {
        let mut shelf = Shelf::open(folder.to_owned()).unwrap();
        shelf.limit(1_000);
        shelf
    }

    #[test]
    fn a_chunk_that_a_power_cut_has_torn_is_written_again() {
        let folder = tempfile::tempdir().unwrap();
        shelf(folder.path()).put("aa", b"whole").unwrap();
        fs::write(folder.path().join("aa"), b"who").unwrap();
        let mut after = shelf(folder.path());
        assert_eq!(after.used, 3);
        after.put("aa", b"whole").unwrap();
        assert_eq!(fs::read(folder.path().join("aa")).unwrap(), b"whole");
        assert_eq!(after.used, 5);
    }

    #[test]
    fn what_is_used_is_what_the_files_have_after_whatever_happens() {
        let folder = tempfile::tempdir().unwrap();
        let mut shelf = shelf(folder.path());
        shelf.put("aa", &[1; 300]).unwrap();
        shelf.put("aa", &[1; 300]).unwrap();
        shelf.put("bb", &[2; 400]).unwrap();
        shelf.commit(1, &[3; 92]).unwrap();
        assert!(matches!(shelf.put("cc", &[4; 201]), Err(Refusal::Full { used: 1_001 })));
        assert!(matches!(shelf.commit(1, &[3; 10]), Err(Refusal::Fenced { last: 1 })));
        shelf.commit(2, &[3; 192]).unwrap();
        shelf.drop_chunks(&["aa".into(), "zz".into()]).unwrap();
        fs::write(folder.path().join("new-7"), b"left behind").unwrap();
        let files =
            || fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().metadata().unwrap().len());
        let again = self::shelf(folder.path());
        assert_eq!((shelf.used, again.used, files().sum()), (600, 600, 600));
    }

    #[test]
    fn a_consumer_builds_on_what_is_here_and_a_replica_follows_who_serves() {
        let folder = tempfile::tempdir().unwrap();
        let mut shelf = shelf(folder.path());
        assert!(matches!(shelf.commit(2, b"two"), Err(Refusal::Behind { last: 0 })));
        shelf.follow(5, b"five").unwrap();
        assert!(matches!(shelf.commit(7, b"seven"), Err(Refusal::Behind { last: 5 })));
        assert!(matches!(shelf.commit(5, b"other"), Err(Refusal::Fenced { last: 5 })));
        assert!(matches!(shelf.follow(4, b"four"), Err(Refusal::Fenced { last: 5 })));
        shelf.follow(5, b"other").unwrap();
        shelf.commit(6, b"six").unwrap();
        assert_eq!(&shelf.manifest().unwrap().unwrap()[8..], b"six");
    }
}
