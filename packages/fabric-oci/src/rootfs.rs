//! One root file system of a consumer's, unpacked.

use crate::bundle::{GUEST, MOUNTED};
use crate::bundles::BundleLimits;
use crate::spec::{self, Spec};
use crate::unpack::{Kind, UnpackError, Unpacked, unpack};
use std::fs::{DirBuilder, File, Permissions};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _, lchown};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// How a bundle's folder begins: what else is in the cache's folder is left alone.
pub(crate) const PREFIX: &str = "caplet-bundle-";

/// A root file system, ready to run. Its folder goes with the last who holds it.
#[derive(Debug)]
pub struct Bundle {
    _folder: TempDir,
    root: PathBuf,
    spec: Spec,
    bytes: u64,
}

impl Bundle {
    /// Where it is.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The command that came with it.
    #[must_use]
    pub const fn spec(&self) -> &Spec {
        &self.spec
    }

    /// Bytes it takes up.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Unpacks an archive below `cache`.
    pub(crate) fn make(
        cache: &Path,
        archive: File,
        limits: &BundleLimits,
    ) -> Result<Self, UnpackError> {
        let local = UnpackError::Local;
        let folder = tempfile::Builder::new().prefix(PREFIX).tempdir_in(cache).map_err(local)?;
        let open = Permissions::from_mode(0o755);
        std::fs::set_permissions(folder.path(), open).map_err(local)?;
        let unpacked = unpack(archive, folder.path(), limits, Some(GUEST))?;
        if unpacked.kind("oci-layout") == Some(Kind::File) {
            return Err(UnpackError::Layout);
        }
        let with_config = unpacked.kind("config.json") == Some(Kind::File);
        let within = if with_config && unpacked.kind("rootfs") == Some(Kind::Folder) {
            Path::new("rootfs")
        } else {
            Path::new("")
        };
        let spec = if within.as_os_str().is_empty() {
            Spec::default()
        } else {
            spec::read(&folder.path().join("config.json"))?
        };
        mount_points(folder.path(), within, &unpacked)?;
        let root = folder.path().join(within);
        Ok(Self { root, spec, bytes: unpacked.bytes, _folder: folder })
    }
}

/// Makes the folders on which a container has something mounted. What is there must be such a folder: a link would have
/// it mounted somewhere else.
fn mount_points(folder: &Path, within: &Path, unpacked: &Unpacked) -> Result<(), UnpackError> {
    for path in MOUNTED {
        match unpacked.kind(within.join(path)) {
            Some(Kind::Folder) => continue,
            Some(_) => return Err(UnpackError::Mount { path }),
            None => {}
        }
        let at = folder.join(within).join(path);
        DirBuilder::new().mode(0o755).create(&at).map_err(UnpackError::Local)?;
        lchown(&at, Some(GUEST), Some(GUEST)).map_err(UnpackError::Local)?;
    }
    Ok(())
}
