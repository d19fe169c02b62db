//! What consumers may send, and what they may try.

use super::support::{Tar, cache, gzipped, id, on_disk, spooled};
use caplet_fabric_oci::{BundleError, BundleLimits, UnpackError};
use proptest::prelude::*;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use tar::EntryType;

/// Why an archive is refused; nothing of it is left.
fn refused(archive: &[u8], limits: BundleLimits) -> UnpackError {
    let (folder, bundles) = cache(limits);
    let taken = bundles.take(id(archive), spooled(&bundles, archive));
    assert_eq!((on_disk(&folder), bundles.bytes()), (0, 0));
    assert!(bundles.known(&id(archive)).is_none());
    match taken {
        Err(BundleError::Unpack(error)) => error,
        other => panic!("not refused: {other:?}"),
    }
}

fn limits() -> BundleLimits {
    BundleLimits { unpacked: 1 << 20, entries: 50, ..BundleLimits::default() }
}

macro_rules! refused {
    ($archive:expr, $($error:tt)+) => {
        let error = refused(&$archive.end(), limits());
        assert!(matches!(error, UnpackError::$($error)+), "{error}");
    };
}

#[test]
fn no_path_leaves_the_root() {
    let file = |name: &str| Tar::default().file(name, b"x");
    refused!(file("/etc/passwd"), Absolute { .. });
    refused!(file("../x"), Climbs { .. });
    refused!(file("a/../../x"), Climbs { .. });
    refused!(Tar::default().folder("../x/"), Climbs { .. });
    refused!(Tar::default().symlink("../x", "y"), Climbs { .. });
    refused!(Tar::default().long(&"a/".repeat(65)).file("a", b"x"), Deep { .. });
    refused!(Tar::default().long("../x").file("a", b"x"), Climbs { .. });
    // through a link to somewhere else, absolute or not, to a folder or to a file
    refused!(Tar::default().symlink("a", "/tmp").file("a/x", b"x"), Below { .. });
    refused!(Tar::default().folder("b").symlink("a", "b").file("a/x", b"x"), Below { .. });
    refused!(Tar::default().symlink("a", "/etc/new").file("a", b"x"), Twice { .. });
    refused!(file("a").file("a/x", b"x"), Below { .. });
    refused!(file("a").symlink("a", "/etc"), Twice { .. });
    refused!(file("."), Twice { .. });
}

#[test]
fn no_link_leaves_the_root_and_links_inside_are_kept() {
    refused!(Tar::default().symlink("a", "../etc"), Symlink { .. });
    refused!(Tar::default().symlink("a/b", "../../etc"), Symlink { .. });
    refused!(Tar::default().symlink("a", "/../etc"), Symlink { .. });
    refused!(Tar::default().hard_link("a", "/etc/passwd"), Absolute { .. });
    refused!(Tar::default().hard_link("a", "../../etc/passwd"), Climbs { .. });
    refused!(Tar::default().hard_link("a", "b"), HardLink { .. });
    // a hard link to a symlink would be one to wherever that leads
    refused!(Tar::default().symlink("b", "/etc/passwd").hard_link("a", "b"), HardLink { .. });
    refused!(Tar::default().symlink("b", "/etc").hard_link("a", "b/passwd"), HardLink { .. });

    let (_folder, bundles) = cache(limits());
    let archive = Tar::default()
        .file("./usr/lib/x", b"content")
        .symlink("./lib", "/usr/lib")
        .symlink("./usr/back", "../usr/./lib/x")
        .hard_link("./same", "usr/lib/x")
        .end();
    let bundle = bundles.take(id(&archive), spooled(&bundles, &archive)).unwrap();
    let at = |path: &str| bundle.root().join(path);
    assert_eq!(std::fs::read(at("usr/back")).unwrap(), b"content");
    assert_eq!(std::fs::read(at("same")).unwrap(), b"content");
    assert_eq!(std::fs::read_link(at("lib")).unwrap(), Path::new("/usr/lib"));
}

#[test]
fn devices_and_pipes_are_refused() {
    for kind in [EntryType::Char, EntryType::Block, EntryType::Fifo] {
        let archive = Tar::default().entry(kind, "dev/null", 0o666, b"", "").end();
        let error = refused(&archive, limits());
        assert!(matches!(error, UnpackError::Special { .. }), "{error}");
        assert!(error.to_string().contains("leave it out"), "{error}");
    }
    let map = b"22 GNU.sparse.major=1\n";
    let sparse = Tar::default().entry(EntryType::XHeader, "x", 0o644, map, "").file("a", b"");
    refused!(sparse, Sparse { .. });
}

#[test]
fn what_is_mounted_over_is_a_folder() {
    for (name, target) in [("proc", "/etc"), ("dev", "x"), ("tmp", "/")] {
        refused!(Tar::default().symlink(name, target), Mount { .. });
        refused!(Tar::default().file(name, b"x"), Mount { .. });
    }
    let (_folder, bundles) = cache(limits());
    let archive = Tar::default().folder("proc/").file("etc/x", b"").end();
    let bundle = bundles.take(id(&archive), spooled(&bundles, &archive)).unwrap();
    for name in ["proc", "dev", "tmp"] {
        assert!(std::fs::symlink_metadata(bundle.root().join(name)).unwrap().is_dir());
    }
}

#[test]
fn nothing_lends_rights_and_everything_is_the_guest_s() {
    let archive = Tar::default()
        .entry(EntryType::Regular, "bin/su", 0o6755, b"x", "")
        .entry(EntryType::Directory, "spool/", 0o3777, b"", "")
        .symlink("bin/also", "su")
        .hard_link("bin/again", "bin/su")
        .end();
    let (_folder, bundles) = cache(limits());
    let bundle = bundles.take(id(&archive), spooled(&bundles, &archive)).unwrap();
    for (name, mode) in [("bin", 0o755), ("bin/su", 0o755), ("bin/again", 0o755), ("spool", 0o777)]
    {
        let meta = std::fs::symlink_metadata(bundle.root().join(name)).unwrap();
        assert_eq!(meta.permissions().mode() & 0o7777, mode, "{name}");
    }
    for name in ["bin", "bin/su", "bin/also", "spool", "proc", "dev", "tmp"] {
        let meta = std::fs::symlink_metadata(bundle.root().join(name)).unwrap();
        assert_eq!((meta.uid(), meta.gid()), (1_000_001_000, 1_000_001_000), "{name}");
    }
}

#[test]
fn a_bomb_is_given_up_at_what_may_come_out_of_it() {
    let zeros = vec![0u8; 64 << 20];
    let bomb = gzipped(&Tar::default().file("zeros", &zeros).end());
    assert!(bomb.len() < 1 << 20);
    assert!(matches!(refused(&bomb, limits()), UnpackError::Bytes { most: 1_048_576 }));
    // many small files, none of them large
    let many = (0..40).fold(Tar::default(), |tar, n| tar.file(&n.to_string(), &zeros[..60_000]));
    let bomb = gzipped(&many.end());
    assert!(matches!(refused(&bomb, limits()), UnpackError::Bytes { .. }));
    // what an entry claims is believed only to refuse it
    refused!(Tar::default().claiming("a", 7 << 30), Bytes { .. });
}

#[test]
fn too_many_entries_are_refused_whatever_they_are() {
    let files = (0..51).fold(Tar::default(), |tar, n| tar.file(&n.to_string(), b""));
    refused!(files, Entries { most: 50 });
    // folders that are only made for what is below them count
    let below = (0..30).fold(Tar::default(), |tar, n| tar.file(&format!("{n}/a"), b""));
    refused!(below, Entries { most: 50 });
    // the same folder again and again is no entry of the tree, and still one of the archive
    let again = (0..51).fold(Tar::default(), |tar, _| tar.folder("a/"));
    refused!(again, Entries { most: 50 });
}

#[test]
fn long_names_and_attributes_take_no_memory() {
    for kind in [EntryType::GNULongName, EntryType::GNULongLink, EntryType::XHeader] {
        let name = vec![b'a'; 200_000];
        let archive = Tar::default().entry(kind, "././@LongLink", 0, &name, "").file("a", b"x");
        refused!(archive, Heading { .. });
    }
    // a long name within bounds is no file's
    refused!(Tar::default().long(&"a".repeat(2_000)).file("a", b""), Name { .. });
}

#[test]
fn garbage_and_layouts_are_named_as_what_they_are() {
    for garbage in [&b""[..], b"x", &[0; 2_000], &[0xff; 5_000], &[0x1f, 0x8b, 8, 0, 1, 2]] {
        let error = refused(garbage, limits());
        assert!(matches!(error, UnpackError::NoTar { .. }), "{error}");
    }
    let whole = Tar::default().file("a", &[7; 5_000]).end();
    let error = refused(&whole[..3_000], limits());
    assert!(matches!(error, UnpackError::NoTar { .. }), "{error}");
    refused!(Tar::default().file("oci-layout", b"{}").file("index.json", b"{}"), Layout);
    let bundle = |config: &[u8]| Tar::default().folder("rootfs").file("config.json", config);
    refused!(bundle(b"not json"), Config { .. });
    refused!(bundle(br#"{"root": {"path": "/"}}"#), Config { .. });
    refused!(Tar::default().symlink("rootfs/proc", "/x").file("config.json", b"{}"), Mount { .. });
}

/// Names of few parts, so that they meet.
fn name() -> impl Strategy<Value = String> {
    let part = prop_oneof![Just("a"), Just("b"), Just("c"), Just(".."), Just("."), Just("")];
    prop::collection::vec(part, 1..4).prop_map(|parts| parts.join("/"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn whatever_is_unpacked_is_below_its_folder_and_nothing_else_is_touched(
        entries in prop::collection::vec((0..4u8, name(), name()), 1..12),
    ) {
        let (folder, bundles) = cache(limits());
        let outside = folder.path().join("a");
        std::fs::write(&outside, b"as it was").unwrap();
        let archive = entries.iter().fold(Tar::default(), |tar, (kind, name, target)| match kind {
            0 => tar.file(name, b"new"),
            1 => tar.folder(name),
            2 => tar.symlink(name, target),
            _ => tar.hard_link(name, target),
        });
        let archive = archive.end();
        let taken = bundles.take(id(&archive), spooled(&bundles, &archive));
        prop_assert_eq!(std::fs::read(&outside).unwrap(), b"as it was");
        prop_assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
        if let Ok(bundle) = taken {
            let root = bundle.root().to_path_buf();
            let mut all = vec![root.clone()];
            while let Some(at) = all.pop() {
                let meta = std::fs::symlink_metadata(&at).unwrap();
                prop_assert!(meta.is_dir() || meta.is_file() || meta.is_symlink());
                prop_assert_eq!(meta.permissions().mode() & 0o7000, 0);
                if meta.is_dir() {
                    prop_assert!(at.canonicalize().unwrap().starts_with(root.canonicalize().unwrap()));
                    all.extend(std::fs::read_dir(&at).unwrap().map(|entry| entry.unwrap().path()));
                }
            }
        }
    }

    #[test]
    fn no_bytes_do_harm(bytes in prop::collection::vec(any::<u8>(), 0..2_000), zipped: bool) {
        let (folder, bundles) = cache(limits());
        let archive = Tar::default().file("a", b"x").raw(&bytes).end();
        let archive = if zipped { gzipped(&archive) } else { archive };
        let kept = usize::from(bundles.take(id(&archive), spooled(&bundles, &archive)).is_ok());
        prop_assert_eq!(on_disk(&folder), kept);
    }
}
