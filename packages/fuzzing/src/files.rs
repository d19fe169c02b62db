//! What consumers send to be unpacked: pictures, and archives of root file systems.

use caplet_fabric_image::ImageUnit;
use caplet_fabric_oci::{BundleLimits, Bundles};
use std::fs::{Permissions, read_dir, symlink_metadata};
use std::io::{Seek as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// JPEG and PNG: what the unit makes of one is a picture that it reads again.
pub(crate) fn pictures(bytes: &[u8]) {
    let small = ImageUnit::work("resize", r#"{"width":8,"height":8}"#, bytes);
    if let Ok(small) = small {
        ImageUnit::work("classify", "", &small).unwrap();
    }
    let text = String::from_utf8_lossy(bytes);
    let _ = ImageUnit::work("classify", &text, &[]).is_ok();
}

const LIMITS: BundleLimits =
    BundleLimits { sent: 64 << 10, unpacked: 1 << 20, entries: 64, kept: 4 << 20 };

/// Tar, gzipped or not: nothing comes to stand outside of the bundle's folder, nothing lends rights, and what is
/// refused leaves nothing.
pub(crate) fn archives(bytes: &[u8]) {
    let outside = tempfile::tempdir().unwrap();
    // containers are to get there
    std::fs::set_permissions(outside.path(), Permissions::from_mode(0o755)).unwrap();
    let kept = outside.path().join("kept");
    let bundles = Bundles::open(&kept, LIMITS).unwrap();
    let mut archive = bundles.spool().unwrap();
    archive.write_all(bytes).unwrap();
    archive.rewind().unwrap();
    let taken = bundles.take([0; 32], archive);
    assert_eq!(read_dir(outside.path()).unwrap().count(), 1, "it climbed out");
    match taken {
        Ok(bundle) => {
            assert_eq!(read_dir(&kept).unwrap().count(), 1);
            assert!(bundle.bytes() <= LIMITS.unpacked);
            plain(bundle.root());
        }
        Err(_) => assert_eq!(read_dir(&kept).unwrap().count(), 0, "a refused one stays"),
    }
}

/// Files, folders and links, with rights of owner, group and others only.
fn plain(folder: &Path) {
    for entry in read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let found = symlink_metadata(&path).unwrap();
        assert!(found.is_file() || found.is_dir() || found.is_symlink());
        assert_eq!(found.permissions().mode() & 0o7000, 0);
        if found.is_dir() {
            plain(&path);
        }
    }
}
