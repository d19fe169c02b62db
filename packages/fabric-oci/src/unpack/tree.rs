//! What an archive has been unpacked to so far, and the only way to add to it.
//!
//! The folder is new and nobody else writes to it, so what was made is known without looking: a path is only made
//! below folders that were made as such, never through a symlink.

use super::error::{UnpackError, told};
use super::path::{inside, stays_inside};
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions, Permissions};
use std::io::{Read, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::os::unix::fs::{fchown, lchown, symlink};
use std::path::{Path, PathBuf};

/// Read, write and enter, for owner, group and others; nothing that lends rights.
const RIGHTS: u32 = 0o777;

/// What a path is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    File,
    Folder,
    Symlink,
}

/// A root file system in the making.
pub(crate) struct Tree<'a> {
    root: &'a Path,
    owner: Option<u32>,
    made: BTreeMap<PathBuf, Kind>,
}

impl<'a> Tree<'a> {
    /// An empty one in an empty folder; what is made belongs to `owner`, or to whoever makes it.
    pub(crate) const fn new(root: &'a Path, owner: Option<u32>) -> Self {
        Self { root, owner, made: BTreeMap::new() }
    }

    fn get(&self, path: &Path) -> Option<Kind> {
        self.made.get(path).copied()
    }

    /// Files, folders and links.
    pub(crate) fn len(&self) -> usize {
        self.made.len()
    }

    /// What was made.
    pub(crate) fn done(self) -> BTreeMap<PathBuf, Kind> {
        self.made
    }

    /// Makes a folder, or says again with which rights.
    pub(crate) fn folder(&mut self, name: &[u8], mode: u32) -> Result<(), UnpackError> {
        let path = inside(name)?;
        if path.as_os_str().is_empty() {
            return Ok(()); // the root itself is as the provider has it
        }
        if self.get(&path) != Some(Kind::Folder) {
            self.fits(name, &path)?;
            self.make_folder(&path)?;
        }
        let rights = Permissions::from_mode(mode & RIGHTS);
        std::fs::set_permissions(self.root.join(&path), rights).map_err(UnpackError::Local)
    }

    /// Makes a file of what comes; an error of reading is `unread`'s to name.
    pub(crate) fn file(
        &mut self,
        name: &[u8],
        mode: u32,
        content: &mut impl Read,
        unread: impl Fn(std::io::Error) -> UnpackError,
    ) -> Result<(), UnpackError> {
        let path = inside(name)?;
        self.fits(name, &path)?;
        let local = UnpackError::Local;
        let mut options = OpenOptions::new();
        // never what is there, never through a link
        options.write(true).create_new(true).mode(0o600);
        let mut file: File = options.open(self.root.join(&path)).map_err(local)?;
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let got = content.read(&mut buffer).map_err(&unread)?;
            if got == 0 {
                break;
            }
            file.write_all(buffer.get(..got).unwrap_or_default()).map_err(local)?;
        }
        if let Some(owner) = self.owner {
            fchown(&file, Some(owner), Some(owner)).map_err(local)?;
        }
        file.set_permissions(Permissions::from_mode(mode & RIGHTS)).map_err(local)?;
        self.made.insert(path, Kind::File);
        Ok(())
    }

    /// Makes a symlink.
    pub(crate) fn symlink(&mut self, name: &[u8], target: &[u8]) -> Result<(), UnpackError> {
        let path = inside(name)?;
        self.fits(name, &path)?;
        stays_inside(&path, target)?;
        let at = self.root.join(&path);
        symlink(std::ffi::OsStr::from_bytes(target), &at).map_err(UnpackError::Local)?;
        self.own(&at)?;
        self.made.insert(path, Kind::Symlink);
        Ok(())
    }

    /// Makes another name of a file that was made before.
    pub(crate) fn hard_link(&mut self, name: &[u8], target: &[u8]) -> Result<(), UnpackError> {
        let (path, to) = (inside(name)?, inside(target)?);
        if self.get(&to) != Some(Kind::File) {
            return Err(UnpackError::HardLink { path: told(name), target: told(target) });
        }
        self.fits(name, &path)?;
        let made = std::fs::hard_link(self.root.join(&to), self.root.join(&path));
        made.map_err(UnpackError::Local)?;
        self.made.insert(path, Kind::File);
        Ok(())
    }

    /// Makes the folders above a path, and passes if there is nothing at it.
    fn fits(&mut self, name: &[u8], path: &Path) -> Result<(), UnpackError> {
        if path.as_os_str().is_empty() || self.made.contains_key(path) {
            return Err(UnpackError::Twice { path: told(name) });
        }
        let above: Vec<PathBuf> = path.ancestors().skip(1).map(Path::to_path_buf).collect();
        for folder in above.into_iter().rev().filter(|above| !above.as_os_str().is_empty()) {
            match self.get(&folder) {
                Some(Kind::Folder) => {}
                Some(_) => {
                    let above = told(folder.as_os_str().as_bytes());
                    return Err(UnpackError::Below { path: told(name), above });
                }
                None => self.make_folder(&folder)?,
            }
        }
        Ok(())
    }

    fn make_folder(&mut self, path: &Path) -> Result<(), UnpackError> {
        let at = self.root.join(path);
        let mut builder = std::fs::DirBuilder::new();
        builder.mode(0o755).create(&at).map_err(UnpackError::Local)?;
        self.own(&at)?;
        self.made.insert(path.to_path_buf(), Kind::Folder);
        Ok(())
    }

    fn own(&self, at: &Path) -> Result<(), UnpackError> {
        let Some(owner) = self.owner else { return Ok(()) };
        lchown(at, Some(owner), Some(owner)).map_err(UnpackError::Local)
    }
}
