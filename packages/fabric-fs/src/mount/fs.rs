//! What the kernel asks, answered by a vault. A provider that does not answer in time is EIO, a full one
//! ENOSPC.

use super::inodes::Inodes;
use crate::vault::{CHUNK, Entry, Vault, VaultError};
use fuser::{
    Errno, FileAttr, FileHandle, FileType, Filesystem, FopenFlags, Generation, INodeNo, LockOwner,
    OpenFlags, RenameFlags, ReplyAttr, ReplyCreate, ReplyData, ReplyDirectory, ReplyEmpty,
    ReplyEntry, ReplyOpen, ReplyStatfs, ReplyWrite, Request, TimeOrNow, WriteFlags,
};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::runtime::Handle;

/// How long the kernel may keep what it was told: nobody else changes a store of one writer.
const TTL: Duration = Duration::from_secs(1);

/// Bytes written before they are committed unasked.
const PENDING: u64 = 32 << 20;

/// Files of which is remembered where they were read.
const READERS: usize = 256;

pub(super) struct Folder {
    vault: Arc<Vault>,
    inodes: Mutex<Inodes>,
    runtime: Handle,
    patience: Duration,
    owner: (u32, u32),
    pending: Mutex<u64>,
    /// Where the last read of each file ended: who goes on there is read ahead for.
    ends: Mutex<BTreeMap<u64, u64>>,
}

fn errno(error: &VaultError) -> Errno {
    match error {
        VaultError::NotFound(_) => Errno::ENOENT,
        VaultError::Exists(_) => Errno::EEXIST,
        VaultError::Kind(words) if words.ends_with("is not empty") => Errno::ENOTEMPTY,
        VaultError::Kind(words) if words.ends_with("a folder") => Errno::EISDIR,
        VaultError::Kind(words) if words.ends_with("a file") => Errno::ENOTDIR,
        VaultError::Kind(_) | VaultError::Name(_) => Errno::EINVAL,
        VaultError::Full(_) => Errno::ENOSPC,
        VaultError::Changed(_)
        | VaultError::Rolled { .. }
        | VaultError::Few { .. }
        | VaultError::Session(_) => Errno::EIO,
    }
}

impl Folder {
    pub(super) fn new(vault: Arc<Vault>, runtime: Handle, patience: Duration) -> Self {
        use std::os::unix::fs::MetadataExt as _;
        // files belong to whoever runs this
        let owner = std::fs::metadata("/proc/self").map_or((0, 0), |own| (own.uid(), own.gid()));
        let (inodes, pending) = (Mutex::default(), Mutex::default());
        Self { vault, inodes, runtime, patience, owner, pending, ends: Mutex::default() }
    }

    fn inodes(&self) -> MutexGuard<'_, Inodes> {
        self.inodes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn path(&self, ino: INodeNo) -> Result<String, Errno> {
        self.inodes().path(ino.0).ok_or(Errno::ENOENT)
    }

    fn below(&self, parent: INodeNo, name: &OsStr) -> Result<String, Errno> {
        let name = name.to_str().ok_or(Errno::EINVAL)?;
        let parent = self.path(parent)?;
        Ok(if parent.is_empty() { name.to_owned() } else { format!("{parent}/{name}") })
    }

    /// Waits for the provider, on a thread that is FUSE's own.
    fn wait<T>(&self, work: impl Future<Output = Result<T, VaultError>>) -> Result<T, Errno> {
        let patience = self.patience;
        let done = self.runtime.block_on(async { tokio::time::timeout(patience, work).await });
        match done {
            Ok(done) => done.map_err(|error| {
                tracing::warn!(%error, "a mounted store");
                errno(&error)
            }),
            Err(_) => Err(Errno::EIO),
        }
    }

    fn attr(&self, path: &str, entry: Entry) -> FileAttr {
        let time = UNIX_EPOCH.checked_add(Duration::from_secs(entry.changed)).unwrap_or(UNIX_EPOCH);
        let (kind, perm) = if entry.folder {
            (FileType::Directory, 0o755)
        } else {
            (FileType::RegularFile, 0o644)
        };
        FileAttr {
            ino: INodeNo(self.inodes().number(path)),
            size: entry.size,
            blocks: entry.size.div_ceil(512),
            atime: time,
            mtime: time,
            ctime: time,
            crtime: time,
            kind,
            perm,
            nlink: if entry.folder { 2 } else { 1 },
            uid: self.owner.0,
            gid: self.owner.1,
            rdev: 0,
            blksize: u32::try_from(CHUNK).unwrap_or(4_096),
            flags: 0,
        }
    }

    fn entry(&self, path: &str) -> Result<FileAttr, Errno> {
        let entry = self.vault.entry(path).map_err(|e| errno(&e))?;
        Ok(self.attr(path, entry))
    }

    fn made(
        &self,
        parent: INodeNo,
        name: &OsStr,
        make: impl FnOnce(&str) -> Result<Entry, VaultError>,
    ) -> Result<FileAttr, Errno> {
        let path = self.below(parent, name)?;
        let entry = make(&path).map_err(|e| errno(&e))?;
        Ok(self.attr(&path, entry))
    }

    fn removed(&self, parent: INodeNo, name: &OsStr, folder: bool) -> Result<(), Errno> {
        let path = self.below(parent, name)?;
        self.vault.remove(&path, folder).map_err(|e| errno(&e))?;
        self.inodes().forget(&path);
        Ok(())
    }

    fn written(&self, ino: INodeNo, offset: u64, data: &[u8]) -> Result<u32, Errno> {
        let path = self.path(ino)?;
        self.wait(self.vault.write(&path, offset, data))?;
        let due = {
            let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
            *pending = pending.saturating_add(u64::try_from(data.len()).unwrap_or(0));
            *pending >= PENDING
        };
        // what waits in memory has an end
        if due {
            self.commit()?;
        }
        Ok(u32::try_from(data.len()).unwrap_or(u32::MAX))
    }

    /// Fetches what comes next while a reader goes on where it was. Others would pay for what they do not
    /// want.
    fn ahead(&self, ino: INodeNo, path: &str, offset: u64, size: u32) {
        let last = {
            let mut ends = self.ends.lock().unwrap_or_else(PoisonError::into_inner);
            if ends.len() >= READERS {
                ends.pop_first();
            }
            ends.insert(ino.0, offset.saturating_add(size.into()))
        };
        if offset > 0 && last == Some(offset) {
            let (vault, path) = (Arc::clone(&self.vault), path.to_owned());
            self.runtime.spawn(async move { vault.read_ahead(&path, offset).await });
        }
    }

    fn commit(&self) -> Result<(), Errno> {
        self.wait(self.vault.commit())?;
        *self.pending.lock().unwrap_or_else(PoisonError::into_inner) = 0;
        Ok(())
    }
}

/// Replies with what came out.
macro_rules! answer {
    ($reply:ident, $done:expr, |$ok:pat_param| $good:expr) => {
        match $done {
            Ok($ok) => $good,
            Err(errno) => $reply.error(errno),
        }
    };
}

impl Filesystem for Folder {
    fn lookup(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        let found = self.below(parent, name).and_then(|path| self.entry(&path));
        answer!(reply, found, |attr| reply.entry(&TTL, &attr, Generation(0)));
    }

    fn getattr(&self, _: &Request, ino: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        let found = self.path(ino).and_then(|path| self.entry(&path));
        answer!(reply, found, |attr| reply.attr(&TTL, &attr));
    }

    fn setattr(
        &self,
        _: &Request,
        ino: INodeNo,
        _: Option<u32>,
        _: Option<u32>,
        _: Option<u32>,
        size: Option<u64>,
        _: Option<TimeOrNow>,
        _: Option<TimeOrNow>,
        _: Option<SystemTime>,
        _: Option<FileHandle>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<fuser::BsdFileFlags>,
        reply: ReplyAttr,
    ) {
        // times and modes are not kept: they are taken and change nothing
        let done = self.path(ino).and_then(|path| {
            if let Some(size) = size {
                self.wait(self.vault.resize(&path, size))?;
            }
            self.entry(&path)
        });
        answer!(reply, done, |attr| reply.attr(&TTL, &attr));
    }

    fn mkdir(&self, _: &Request, parent: INodeNo, name: &OsStr, _: u32, _: u32, reply: ReplyEntry) {
        let made = self.made(parent, name, |path| self.vault.make_folder(path));
        answer!(reply, made, |attr| reply.entry(&TTL, &attr, Generation(0)));
    }

    fn create(
        &self,
        _: &Request,
        parent: INodeNo,
        name: &OsStr,
        _: u32,
        _: u32,
        _: i32,
        reply: ReplyCreate,
    ) {
        let made = self.made(parent, name, |path| self.vault.create(path));
        answer!(reply, made, |attr| {
            reply.created(&TTL, &attr, Generation(0), FileHandle(0), FopenFlags::empty());
        });
    }

    fn unlink(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        answer!(reply, self.removed(parent, name, false), |()| reply.ok());
    }

    fn rmdir(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        answer!(reply, self.removed(parent, name, true), |()| reply.ok());
    }

    fn rename(
        &self,
        _: &Request,
        parent: INodeNo,
        name: &OsStr,
        newparent: INodeNo,
        newname: &OsStr,
        _: RenameFlags,
        reply: ReplyEmpty,
    ) {
        let done = self.below(parent, name).and_then(|from| {
            let to = self.below(newparent, newname)?;
            self.vault.rename(&from, &to).map_err(|e| errno(&e))?;
            self.inodes().rename(&from, &to);
            Ok(())
        });
        answer!(reply, done, |()| reply.ok());
    }

    fn open(&self, _: &Request, ino: INodeNo, _: OpenFlags, reply: ReplyOpen) {
        answer!(reply, self.path(ino), |_| reply.opened(FileHandle(0), FopenFlags::empty()));
    }

    fn read(
        &self,
        _: &Request,
        ino: INodeNo,
        _: FileHandle,
        offset: u64,
        size: u32,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyData,
    ) {
        let len = usize::try_from(size).unwrap_or(0);
        let read = self.path(ino).and_then(|path| {
            self.ahead(ino, &path, offset, size);
            self.wait(self.vault.read(&path, offset, len))
        });
        answer!(reply, read, |bytes| reply.data(&bytes));
    }

    fn write(
        &self,
        _: &Request,
        ino: INodeNo,
        _: FileHandle,
        offset: u64,
        data: &[u8],
        _: WriteFlags,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyWrite,
    ) {
        answer!(reply, self.written(ino, offset, data), |size| reply.written(size));
    }

    fn flush(&self, _: &Request, _: INodeNo, _: FileHandle, _: LockOwner, reply: ReplyEmpty) {
        // close() tells the program whether its bytes are stored
        answer!(reply, self.commit(), |()| reply.ok());
    }

    fn fsync(&self, _: &Request, _: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        answer!(reply, self.commit(), |()| reply.ok());
    }

    fn fsyncdir(&self, _: &Request, _: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        answer!(reply, self.commit(), |()| reply.ok());
    }

    fn readdir(
        &self,
        _: &Request,
        ino: INodeNo,
        _: FileHandle,
        offset: u64,
        mut reply: ReplyDirectory,
    ) {
        let listed = self.path(ino).and_then(|path| {
            let all = self.vault.list(&path).map_err(|e| errno(&e))?;
            Ok((path, all))
        });
        let (path, all) = match listed {
            Ok(listed) => listed,
            Err(errno) => return reply.error(errno),
        };
        let dots = [".", ".."].map(|dot| (dot.to_owned(), ino.0, FileType::Directory));
        let rest = all.into_iter().map(|(name, entry)| {
            let full = if path.is_empty() { name.clone() } else { format!("{path}/{name}") };
            let kind = if entry.folder { FileType::Directory } else { FileType::RegularFile };
            (name, self.inodes().number(&full), kind)
        });
        let from = usize::try_from(offset).unwrap_or(usize::MAX);
        for (at, (name, number, kind)) in dots.into_iter().chain(rest).enumerate().skip(from) {
            let next = u64::try_from(at).unwrap_or(u64::MAX).saturating_add(1);
            if reply.add(INodeNo(number), next, kind, name) {
                break; // the kernel asks again for the rest
            }
        }
        reply.ok();
    }

    fn statfs(&self, _: &Request, _: INodeNo, reply: ReplyStatfs) {
        // what is free is the provider's quota, which says so when it is reached
        reply.statfs(1 << 24, 1 << 23, 1 << 23, 1 << 20, 1 << 19, 4_096, 255, 4_096);
    }
}
