//! A consumer's archive becomes a root file system, or is refused as a whole.
//!
//! Nothing in it is believed: paths are made by [`tree::Tree`] only, bytes come through a
//! [`meter::Metered`] reader, what is neither file nor folder nor link is refused, rights beyond those of
//! owner, group and others are dropped, and everything belongs to the user that guests are.

mod error;
mod meter;
mod path;
mod tree;

pub use error::UnpackError;
pub(crate) use tree::Kind;

use crate::bundles::BundleLimits;
use error::told;
use flate2::read::MultiGzDecoder;
use meter::{Budget, Metered, Over};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek as _};
use std::path::{Path, PathBuf};
use tar::{Archive, Entry, EntryType};
use tree::Tree;

/// Bytes of the headers, long names and attributes of one entry.
const HEADING: u64 = 64 * 1024;

/// What a file takes up beside its content.
const BESIDE: u64 = 4 * 1024;

/// What came out of an archive.
#[derive(Debug)]
pub(crate) struct Unpacked {
    /// Bytes it takes up.
    pub(crate) bytes: u64,
    made: BTreeMap<PathBuf, Kind>,
}

impl Unpacked {
    /// What is at a path.
    pub(crate) fn kind(&self, path: impl AsRef<Path>) -> Option<Kind> {
        self.made.get(path.as_ref()).copied()
    }
}

/// Unpacks `archive`, a tar, gzipped or not, into an empty folder.
///
/// # Errors
/// [`UnpackError`]; the folder is then to be thrown away.
pub(crate) fn unpack(
    mut archive: File,
    into: &Path,
    limits: &BundleLimits,
    owner: Option<u32>,
) -> Result<Unpacked, UnpackError> {
    let mut magic = [0; 2];
    let zipped = archive.read_exact(&mut magic).is_ok() && magic == [0x1f, 0x8b];
    archive.rewind().map_err(UnpackError::Local)?;
    let archive = BufReader::new(archive);
    if zipped {
        read(MultiGzDecoder::new(archive), Tree::new(into, owner), limits)
    } else {
        read(archive, Tree::new(into, owner), limits)
    }
}

fn read(
    from: impl Read,
    mut tree: Tree<'_>,
    limits: &BundleLimits,
) -> Result<Unpacked, UnpackError> {
    let budget = Budget::new(limits.unpacked);
    let failed = |error: io::Error| match budget.over() {
        Some(Over::All) => UnpackError::Bytes { most: limits.unpacked },
        Some(Over::Step) => UnpackError::Heading { most: HEADING },
        None => UnpackError::NoTar { why: error.to_string() },
    };
    let mut archive = Archive::new(Metered::new(from, &budget));
    let mut entries = archive.entries().map_err(failed)?;
    let (mut bytes, mut seen) = (0u64, 0u32);
    loop {
        budget.step(HEADING);
        let Some(entry) = entries.next() else { break };
        let mut entry = entry.map_err(failed)?;
        bytes = bytes.saturating_add(entry.size()).saturating_add(BESIDE);
        seen = seen.saturating_add(1);
        // folders that are made for what is below them count, too
        let most = limits.entries;
        if seen > most || u32::try_from(tree.len()).map_or(true, |made| made > most) {
            return Err(UnpackError::Entries { most });
        }
        if bytes > limits.unpacked {
            return Err(UnpackError::Bytes { most: limits.unpacked });
        }
        let is_file =
            matches!(entry.header().entry_type(), EntryType::Regular | EntryType::Continuous);
        budget.step(if is_file { entry.size() } else { HEADING });
        add(&mut tree, &mut entry, failed)?;
    }
    if seen == 0 {
        return Err(UnpackError::NoTar { why: "nothing is in it".to_owned() });
    }
    Ok(Unpacked { bytes, made: tree.done() })
}

fn add<R: Read>(
    tree: &mut Tree<'_>,
    entry: &mut Entry<'_, R>,
    failed: impl Fn(io::Error) -> UnpackError,
) -> Result<(), UnpackError> {
    let (name, kind) = (entry.path_bytes().into_owned(), entry.header().entry_type());
    let mode = entry.header().mode().map_err(&failed)?;
    if kind == EntryType::GNUSparse || is_sparse(entry).map_err(&failed)? {
        return Err(UnpackError::Sparse { path: told(&name) });
    }
    let target = entry.link_name_bytes().map(|target| target.into_owned()).unwrap_or_default();
    let special = |what| Err(UnpackError::Special { path: told(&name), what });
    match kind {
        // tars of old say by a slash that something is a folder
        EntryType::Regular | EntryType::Continuous if name.last() != Some(&b'/') => {
            tree.file(&name, mode, entry, failed)
        }
        EntryType::Directory | EntryType::Regular => tree.folder(&name, mode),
        EntryType::Symlink => tree.symlink(&name, &target),
        EntryType::Link => tree.hard_link(&name, &target),
        EntryType::Char | EntryType::Block => special("a device"),
        EntryType::Fifo => special("a pipe"),
        EntryType::XGlobalHeader => Ok(()), // says something of the archive, as git does
        _ => special("of a kind that is unknown here"),
    }
}

/// Whether a file's attributes say that its bytes are a map and pieces.
fn is_sparse<R: Read>(entry: &mut Entry<'_, R>) -> io::Result<bool> {
    let Some(attributes) = entry.pax_extensions()? else { return Ok(false) };
    for attribute in attributes {
        if attribute?.key_bytes().starts_with(b"GNU.sparse.") {
            return Ok(true);
        }
    }
    Ok(false)
}
