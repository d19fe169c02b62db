//! A small disk in the place of a folder. Needs root, as the tests of containers do.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Gone when it is dropped, with all that is on it.
pub struct SmallDisk(PathBuf);

impl SmallDisk {
    /// One of so many KiB.
    pub fn at(folder: &Path, kib: u32) -> Self {
        std::fs::create_dir_all(folder).unwrap();
        let size = format!("size={kib}k");
        let mount = ["-t", "tmpfs", "-o", &size, "caplet-test"];
        assert!(Command::new("mount").args(mount).arg(folder).status().unwrap().success());
        Self(folder.to_owned())
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.0
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}
