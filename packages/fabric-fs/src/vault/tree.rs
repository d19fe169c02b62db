//! Names, sizes and chunks: what the manifest says.

use super::{CHUNK, Id, VaultError};
use caplet_fabric::health::wall_seconds;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What stands at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Whether it is a folder.
    pub folder: bool,
    /// Bytes.
    pub size: u64,
    /// Unix seconds of the last change.
    pub changed: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct File {
    pub(super) size: u64,
    pub(super) changed: u64,
    /// `None` is a hole.
    pub(super) chunks: Vec<Option<Id>>,
}

/// Everything stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tree {
    pub(super) sequence: u64,
    /// Chunks that the committed manifest names.
    pub(super) stored: BTreeSet<Id>,
    files: BTreeMap<String, File>,
    folders: BTreeMap<String, u64>,
}

#[derive(Serialize, Deserialize)]
struct Written {
    files: BTreeMap<String, (u64, u64, Vec<String>)>,
    folders: BTreeMap<String, u64>,
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(parent, _)| parent)
}

fn check(path: &str) -> Result<(), VaultError> {
    let fine = |name: &str| {
        !name.is_empty() && name.len() <= 255 && name != "." && name != ".." && !name.contains('\0')
    };
    if path.split('/').all(fine) { Ok(()) } else { Err(VaultError::Name(path.to_owned())) }
}

impl Tree {
    pub(super) fn encode(&self) -> Vec<u8> {
        let hexed = |id: &Option<Id>| id.map(hex::encode).unwrap_or_default();
        let files = self.files.iter().map(|(path, file)| {
            let chunks = file.chunks.iter().map(hexed).collect();
            (path.clone(), (file.size, file.changed, chunks))
        });
        let written = Written { files: files.collect(), folders: self.folders.clone() };
        // text keys and plain values always encode; an empty manifest would not open
        serde_json::to_vec(&written).unwrap_or_default()
    }

    pub(super) fn decode(sequence: u64, bytes: &[u8]) -> Result<Self, VaultError> {
        let bad =
            || VaultError::Kind("the manifest is of a version that this program can't read".into());
        let written: Written = serde_json::from_slice(bytes).map_err(|_| bad())?;
        let mut files = BTreeMap::new();
        for (path, (size, changed, chunks)) in written.files {
            let chunk = |text: &String| match text.len() {
                0 => Ok(None),
                _ => {
                    let mut id = [0; 32];
                    hex::decode_to_slice(text, &mut id).map_err(|_| bad())?;
                    Ok(Some(id))
                }
            };
            let chunks = chunks.iter().map(chunk).collect::<Result<_, VaultError>>()?;
            files.insert(path, File { size, changed, chunks });
        }
        let mut tree = Self { sequence, stored: BTreeSet::new(), files, folders: written.folders };
        tree.stored = tree.named();
        Ok(tree)
    }

    /// Every chunk that a file names.
    pub(super) fn named(&self) -> BTreeSet<Id> {
        self.files.values().flat_map(|file| file.chunks.iter().flatten().copied()).collect()
    }

    pub(super) fn same_names(&self, other: &Self) -> bool {
        let names = |tree: &Self| {
            tree.files.iter().map(|(path, file)| (path.clone(), file.size)).collect::<Vec<_>>()
        };
        names(self) == names(other) && self.folders == other.folders
    }

    /// Takes the chunks and the number of a tree that was committed; names that changed meanwhile stay.
    pub(super) fn adopt(&mut self, committed: &Self) {
        self.sequence = committed.sequence;
        self.stored.clone_from(&committed.stored);
        for (path, file) in &mut self.files {
            if let Some(stored) = committed.files.get(path) {
                let len = file.chunks.len();
                file.chunks.clone_from(&stored.chunks);
                file.chunks.resize(len.max(chunks_of(file.size)), None);
                file.chunks.truncate(chunks_of(file.size));
            }
        }
    }

    pub(super) fn file(&self, path: &str) -> Result<&File, VaultError> {
        self.files.get(path).ok_or_else(|| VaultError::NotFound(path.to_owned()))
    }

    fn file_mut(&mut self, path: &str) -> Result<&mut File, VaultError> {
        self.files.get_mut(path).ok_or_else(|| VaultError::NotFound(path.to_owned()))
    }

    pub(super) fn entry(&self, path: &str) -> Result<Entry, VaultError> {
        if path.is_empty() {
            return Ok(Entry { folder: true, size: 0, changed: 0 });
        }
        if let Some(changed) = self.folders.get(path) {
            return Ok(Entry { folder: true, size: 0, changed: *changed });
        }
        let file = self.file(path)?;
        Ok(Entry { folder: false, size: file.size, changed: file.changed })
    }

    pub(super) fn list(&self, folder: &str) -> Result<Vec<(String, Entry)>, VaultError> {
        if !self.entry(folder)?.folder {
            return Err(VaultError::Kind(format!("{folder} is a file")));
        }
        let all = self.files.keys().chain(self.folders.keys());
        let inside = all.filter(|path| parent(path) == folder);
        inside
            .map(|path| {
                let name = path.rsplit_once('/').map_or(path.as_str(), |(_, name)| name);
                Ok((name.to_owned(), self.entry(path)?))
            })
            .collect()
    }

    fn free(&self, path: &str) -> Result<(), VaultError> {
        check(path)?;
        if !self.entry(parent(path))?.folder {
            return Err(VaultError::Kind(format!("{} is a file", parent(path))));
        }
        match self.entry(path) {
            Ok(_) => Err(VaultError::Exists(path.to_owned())),
            Err(_) => Ok(()),
        }
    }

    pub(super) fn create(&mut self, path: &str) -> Result<Entry, VaultError> {
        self.free(path)?;
        let file = File { changed: wall_seconds(), ..File::default() };
        self.files.insert(path.to_owned(), file);
        self.entry(path)
    }

    pub(super) fn make_folder(&mut self, path: &str) -> Result<Entry, VaultError> {
        self.free(path)?;
        self.folders.insert(path.to_owned(), wall_seconds());
        self.entry(path)
    }

    pub(super) fn remove(&mut self, path: &str, folder: bool) -> Result<(), VaultError> {
        if self.entry(path)?.folder != folder {
            let is = if folder { "a file" } else { "a folder" };
            return Err(VaultError::Kind(format!("{path} is {is}")));
        }
        if folder && !self.list(path)?.is_empty() {
            return Err(VaultError::Kind(format!("{path} is not empty")));
        }
        self.files.remove(path);
        self.folders.remove(path);
        Ok(())
    }

    /// What was moved: old and new paths of files.
    pub(super) fn rename(
        &mut self,
        from: &str,
        to: &str,
    ) -> Result<Vec<(String, String)>, VaultError> {
        check(to)?;
        let entry = self.entry(from)?;
        if from == to {
            return Ok(Vec::new());
        }
        if !self.entry(parent(to))?.folder || (entry.folder && to.starts_with(&format!("{from}/")))
        {
            return Err(VaultError::Kind(format!("{from} can't be moved to {to}")));
        }
        if let Ok(there) = self.entry(to) {
            if there.folder != entry.folder {
                return Err(VaultError::Kind(format!("{to} is of another kind")));
            }
            self.remove(to, there.folder)?;
        }
        let new = |path: &str| {
            let below = path.strip_prefix(from)?;
            (below.is_empty() || below.starts_with('/')).then(|| format!("{to}{below}"))
        };
        let mut moved = Vec::new();
        for old in self
            .files
            .keys()
            .filter_map(|path| Some((path.clone(), new(path)?)))
            .collect::<Vec<_>>()
        {
            if let Some(file) = self.files.remove(&old.0) {
                self.files.insert(old.1.clone(), file);
            }
            moved.push(old);
        }
        for (old, new) in self
            .folders
            .keys()
            .filter_map(|path| Some((path.clone(), new(path)?)))
            .collect::<Vec<_>>()
        {
            if let Some(folder) = self.folders.remove(&old) {
                self.folders.insert(new, folder);
            }
        }
        Ok(moved)
    }

    pub(super) fn grow(&mut self, path: &str, size: u64) -> Result<(), VaultError> {
        let file = self.file_mut(path)?;
        file.size = file.size.max(size);
        file.changed = wall_seconds();
        file.chunks.resize(chunks_of(file.size), None);
        Ok(())
    }

    pub(super) fn resize(&mut self, path: &str, size: u64) -> Result<(), VaultError> {
        let file = self.file_mut(path)?;
        file.size = size;
        file.changed = wall_seconds();
        file.chunks.resize(chunks_of(size), None);
        Ok(())
    }

    pub(super) fn set_chunk(&mut self, path: &str, index: u64, id: Id) -> Result<(), VaultError> {
        let file = self.file_mut(path)?;
        let at = usize::try_from(index).unwrap_or(usize::MAX);
        if let Some(slot) = file.chunks.get_mut(at) {
            *slot = Some(id);
        }
        Ok(())
    }
}

/// Whether the manifest that the bytes are, if they are one, is written as one that reads the same; the fuzz target runs it.
#[must_use]
pub fn manifest_reads_back(bytes: &[u8]) -> bool {
    let Ok(tree) = Tree::decode(1, bytes) else { return true };
    tree.list("").is_ok() && Tree::decode(1, &tree.encode()).is_ok_and(|again| again == tree)
}

fn chunks_of(size: u64) -> usize {
    usize::try_from(size.div_ceil(CHUNK as u64)).unwrap_or(usize::MAX)
}
