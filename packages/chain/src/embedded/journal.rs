//! The append-only file: frames of `u32 length | u32 CRC-32 of the payload | payload`, big-endian,
//! after a magic line. A frame counts once it is fsynced; whatever a crash leaves behind the last
//! whole frame is cut off at the next start.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::error::OpenError;

const MAGIC: &[u8; 16] = b"caplet-journal/1";
/// Larger frames are damage: a block is bounded by `Limits::block_bytes`.
const MAX_FRAME: u32 = 256 << 20;

/// The open journal; holds the file's lock.
#[derive(Debug)]
pub(super) struct Journal {
    file: File,
    /// End of the last whole frame.
    end: u64,
    /// Bytes may lie behind `end` from an append that failed.
    dirty: bool,
}

impl Journal {
    /// Opens or makes the file and hands each payload to `visit`. Only when all were taken is a
    /// torn tail cut off.
    ///
    /// # Errors
    /// [`OpenError`]; the file is left as it was.
    pub(super) fn open(
        folder: &Path,
        mut visit: impl FnMut(Vec<u8>) -> Result<(), OpenError>,
    ) -> Result<Self, OpenError> {
        let path = folder.join("chain.journal");
        let io = |cause| OpenError::Io { path: path.display().to_string(), cause };
        std::fs::create_dir_all(folder).map_err(io)?;
        let mut file = open_locked(&path)?;
        let length = file.metadata().map_err(io)?.len();
        let mut reader = BufReader::new(&mut file);
        let mut end = 0;
        if read_magic(&mut reader, length, &path)? {
            end = MAGIC.len() as u64;
            while let Some((payload, next)) = next_frame(&mut reader, end, length, &path)? {
                visit(payload)?;
                end = next;
            }
        }
        let mut journal = Self { file, end, dirty: true };
        if end == 0 {
            journal.begin(folder).map_err(io)?;
        } else if end < length {
            tracing::warn!(bytes = length.saturating_sub(end), "cut a torn tail off the journal");
        }
        Ok(journal)
    }

    fn begin(&mut self, folder: &Path) -> io::Result<()> {
        self.write(MAGIC)?;
        // The file's own name must survive too.
        File::open(folder)?.sync_all()
    }

    /// Appends a frame and makes it durable.
    ///
    /// # Errors
    /// The system's; the frame does not count then and may be appended again.
    pub(super) fn append(&mut self, payload: &[u8]) -> io::Result<()> {
        let length = u32::try_from(payload.len()).map_err(io::Error::other)?;
        let mut frame = Vec::with_capacity(payload.len().saturating_add(8));
        frame.extend_from_slice(&length.to_be_bytes());
        frame.extend_from_slice(&crc32fast::hash(payload).to_be_bytes());
        frame.extend_from_slice(payload);
        self.write(&frame)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.dirty {
            self.file.set_len(self.end)?;
        }
        self.dirty = true;
        self.file.seek(SeekFrom::Start(self.end))?;
        self.file.write_all(bytes)?;
        self.file.sync_data()?;
        self.dirty = false;
        self.end = self.end.saturating_add(bytes.len() as u64);
        Ok(())
    }
}

#[cfg(test)]
impl Journal {
    /// Puts another file handle in place: one that cannot write stands for a full disk.
    pub(super) fn swap(&mut self, file: File) -> File {
        std::mem::replace(&mut self.file, file)
    }
}

fn open_locked(path: &PathBuf) -> Result<File, OpenError> {
    let text = path.display().to_string();
    let opened = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
    let file = opened.map_err(|cause| OpenError::Io { path: text.clone(), cause })?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse { path: text }),
        Err(TryLockError::Error(cause)) => Err(OpenError::Io { path: text, cause }),
    }
}

/// Whether the file has begun. A file shorter than the magic is one whose making was cut short.
fn read_magic(reader: &mut impl Read, length: u64, path: &Path) -> Result<bool, OpenError> {
    if length < MAGIC.len() as u64 {
        return Ok(false);
    }
    let mut magic = [0; MAGIC.len()];
    let read = reader.read_exact(&mut magic);
    read.map_err(|cause| OpenError::Io { path: path.display().to_string(), cause })?;
    if &magic == MAGIC {
        return Ok(true);
    }
    Err(damaged(path, 0, "this is no journal of an embedded chain"))
}

/// The frame at `offset` and where the next one starts; `None` at the end or at a torn tail.
fn next_frame(
    reader: &mut impl Read,
    offset: u64,
    length: u64,
    path: &Path,
) -> Result<Option<(Vec<u8>, u64)>, OpenError> {
    let io = |cause| OpenError::Io { path: path.display().to_string(), cause };
    let left = length.saturating_sub(offset);
    if left < 8 {
        return Ok(None);
    }
    let (mut size, mut crc) = ([0; 4], [0; 4]);
    reader.read_exact(&mut size).map_err(io)?;
    reader.read_exact(&mut crc).map_err(io)?;
    let size = u32::from_be_bytes(size);
    let next = offset.saturating_add(8).saturating_add(u64::from(size));
    // A crash may leave the file longer than what was written of it: then the rest is zeros.
    if size == 0 && rest_is_zero(reader).map_err(io)? {
        return Ok(None);
    }
    if next > length && size <= MAX_FRAME {
        return Ok(None);
    }
    if size == 0 || size > MAX_FRAME {
        return Err(damaged(path, offset, "impossible frame length"));
    }
    let mut payload = vec![0; size as usize];
    reader.read_exact(&mut payload).map_err(io)?;
    if crc32fast::hash(&payload) == u32::from_be_bytes(crc) {
        return Ok(Some((payload, next)));
    }
    if next == length {
        return Ok(None);
    }
    Err(damaged(path, offset, "checksum mismatch with further frames behind it"))
}

fn rest_is_zero(reader: &mut impl Read) -> io::Result<bool> {
    let mut chunk = [0; 4096];
    loop {
        let n = reader.read(&mut chunk)?;
        if n == 0 {
            return Ok(true);
        }
        if chunk.iter().take(n).any(|byte| *byte != 0) {
            return Ok(false);
        }
    }
}

fn damaged(path: &Path, offset: u64, cause: &str) -> OpenError {
    OpenError::Damaged { path: path.display().to_string(), offset, cause: cause.to_owned() }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::arithmetic_side_effects, reason = "offsets of small test files")]
    use super::*;

    fn read(folder: &Path) -> Result<(Journal, Vec<Vec<u8>>), OpenError> {
        let mut frames = Vec::new();
        let journal = Journal::open(folder, |payload| {
            frames.push(payload);
            Ok(())
        })?;
        Ok((journal, frames))
    }

    fn three_frames() -> (tempfile::TempDir, Vec<u8>) {
        let folder = tempfile::tempdir().unwrap();
        let (mut journal, _) = read(folder.path()).unwrap();
        for payload in [b"one".as_slice(), b"two", b"three"] {
            journal.append(payload).unwrap();
        }
        let bytes = std::fs::read(folder.path().join("chain.journal")).unwrap();
        (folder, bytes)
    }

    #[test]
    fn a_tail_torn_at_any_byte_loses_only_the_frame_it_cuts() {
        let (folder, bytes) = three_frames();
        let path = folder.path().join("chain.journal");
        let ends = [0, 16, 16 + 11, 16 + 22, 16 + 35];
        for cut in 0..=bytes.len() {
            std::fs::write(&path, &bytes[..cut]).unwrap();
            let (mut journal, frames) = read(folder.path()).unwrap();
            let whole = ends.iter().filter(|end| **end <= cut).count().saturating_sub(2);
            assert_eq!(frames.len(), whole, "cut at {cut}");
            journal.append(b"new").unwrap();
            drop(journal);
            let (_, frames) = read(folder.path()).unwrap();
            assert_eq!(frames.len(), whole + 1, "cut at {cut}");
        }
    }

    #[test]
    fn zeros_behind_the_last_frame_are_a_torn_tail() {
        let (folder, mut bytes) = three_frames();
        bytes.resize(bytes.len() + 5000, 0);
        std::fs::write(folder.path().join("chain.journal"), &bytes).unwrap();
        assert_eq!(read(folder.path()).unwrap().1.len(), 3);
    }

    #[test]
    fn damage_before_the_last_frame_is_refused_and_left_alone() {
        let (folder, mut bytes) = three_frames();
        bytes[16 + 9] ^= 1;
        let path = folder.path().join("chain.journal");
        std::fs::write(&path, &bytes).unwrap();
        assert!(matches!(read(folder.path()), Err(OpenError::Damaged { offset: 16, .. })));
        assert_eq!(std::fs::read(&path).unwrap(), bytes);
        std::fs::write(&path, b"something else, and long enough").unwrap();
        assert!(matches!(read(folder.path()), Err(OpenError::Damaged { offset: 0, .. })));
    }

    #[test]
    fn one_journal_has_one_writer() {
        let (folder, _) = three_frames();
        let first = read(folder.path()).unwrap();
        assert!(matches!(read(folder.path()), Err(OpenError::InUse { .. })));
        drop(first);
        assert!(read(folder.path()).is_ok());
    }

    #[test]
    fn a_failed_append_can_be_repeated_and_leaves_nothing_behind() {
        let (folder, _) = three_frames();
        let path = folder.path().join("chain.journal");
        let (mut journal, _) = read(folder.path()).unwrap();
        let writable = journal.swap(File::open(&path).unwrap());
        assert!(journal.append(b"four").is_err());
        journal.swap(writable);
        journal.append(b"four").unwrap();
        drop(journal);
        assert_eq!(read(folder.path()).unwrap().1.last().unwrap(), b"four");
    }
}
