//! How root file systems are kept.

use super::support::{Tar, cache, id, on_disk, open_folder, spooled};
use caplet_fabric_oci::{BundleError, BundleLimits, Bundles};
use std::os::unix::fs::PermissionsExt as _;

/// An archive that takes up `bytes` in round figures.
fn sized(name: &str, bytes: usize) -> Vec<u8> {
    Tar::default().file(name, &vec![7; bytes - 4_096]).end()
}

fn small() -> BundleLimits {
    BundleLimits { unpacked: 90_000, kept: 100_000, ..BundleLimits::default() }
}

#[test]
fn what_was_not_used_for_longest_makes_room() {
    let (folder, bundles) = cache(small());
    let archives = ["a", "b", "c"].map(|name| sized(name, 40_000));
    let take = |archive: &Vec<u8>| bundles.take(id(archive), spooled(&bundles, archive));
    take(&archives[0]).unwrap();
    take(&archives[1]).unwrap();
    assert_eq!((bundles.bytes(), on_disk(&folder)), (80_000, 2));
    assert!(bundles.known(&id(&archives[0])).is_some());
    take(&archives[2]).unwrap();
    assert!(bundles.known(&id(&archives[1])).is_none(), "the other one was used since");
    assert!(bundles.known(&id(&archives[0])).is_some());
    assert_eq!((bundles.bytes(), on_disk(&folder)), (80_000, 2));
}

#[test]
fn what_is_in_use_stays_and_there_is_no_room_without_it() {
    let (folder, bundles) = cache(small());
    let archives = ["a", "b", "c"].map(|name| sized(name, 45_000));
    let take = |archive: &Vec<u8>| bundles.take(id(archive), spooled(&bundles, archive));
    let first = take(&archives[0]).unwrap();
    let second = take(&archives[1]).unwrap();
    let Err(BundleError::Full { wanted: 45_000, free: 10_000, most: 100_000 }) = take(&archives[2])
    else {
        panic!("there is no room")
    };
    assert_eq!(on_disk(&folder), 2);
    drop(second);
    take(&archives[2]).unwrap();
    assert!(first.root().join("a").exists(), "whoever runs in it goes on");
    assert_eq!((bundles.bytes(), on_disk(&folder)), (90_000, 2));
}

#[test]
fn the_same_brought_by_two_is_kept_once() {
    let (folder, bundles) = cache(small());
    let archive = sized("a", 40_000);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| bundles.take(id(&archive), spooled(&bundles, &archive)).unwrap());
        }
    });
    assert_eq!((bundles.bytes(), on_disk(&folder)), (40_000, 1));
}

#[test]
fn a_cache_begins_empty_and_leaves_alone_what_is_not_its_own() {
    let folder = open_folder();
    let at = folder.path().join("kept");
    let archive = sized("a", 40_000);
    let bundles = Bundles::open(&at, small()).unwrap();
    let held = bundles.take(id(&archive), spooled(&bundles, &archive)).unwrap();
    // as after a power cut
    std::mem::forget((held, bundles));
    std::fs::write(at.join("notes"), b"the operator's").unwrap();
    let again = Bundles::open(&at, small()).unwrap();
    assert!(again.known(&id(&archive)).is_none());
    assert_eq!(on_disk(&folder), 1, "the notes");
}

#[test]
fn a_folder_that_guests_do_not_get_to_is_named() {
    let folder = open_folder();
    let closed = folder.path().join("closed");
    std::fs::create_dir(&closed).unwrap();
    std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o700)).unwrap();
    let refused = Bundles::open(closed.join("kept"), small()).map(|_| ()).unwrap_err().to_string();
    assert!(refused.contains("chmod o+x") && refused.contains("/closed"), "{refused}");
}
