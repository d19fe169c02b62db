//! Names in an archive: relative, plain, not too long, not too deep.

use super::error::{UnpackError, told};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

/// Bytes of a part of a path, as file systems have it.
const PART: usize = 255;
/// Bytes of a path.
const WHOLE: usize = 1_024;
/// Parts of a path.
const DEPTH: usize = 64;

/// The path of an entry below the root; empty for the root itself.
///
/// # Errors
/// [`UnpackError`] if it is absolute, climbs, or is none that a file can have.
pub(crate) fn inside(name: &[u8]) -> Result<PathBuf, UnpackError> {
    let path = || told(name);
    if name.len() > WHOLE || name.contains(&0) {
        return Err(UnpackError::Name { path: path(), part: PART, whole: WHOLE });
    }
    if name.first() == Some(&b'/') {
        return Err(UnpackError::Absolute { path: path() });
    }
    let mut inside = PathBuf::new();
    let mut found = 0usize;
    for part in name.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => continue,
            b".." => return Err(UnpackError::Climbs { path: path() }),
            part if part.len() > PART => {
                return Err(UnpackError::Name { path: path(), part: PART, whole: WHOLE });
            }
            part => inside.push(OsStr::from_bytes(part)),
        }
        found = found.saturating_add(1);
    }
    if found > DEPTH {
        return Err(UnpackError::Deep { path: path(), found, most: DEPTH });
    }
    Ok(inside)
}

/// Passes for the target of a symlink at `at` that stays inside: an absolute one begins at the container's root.
///
/// # Errors
/// [`UnpackError`] if, read from left to right, it climbs above the root, or is no path.
pub(crate) fn stays_inside(at: &Path, target: &[u8]) -> Result<(), UnpackError> {
    if target.is_empty() || target.len() > WHOLE || target.contains(&0) {
        return Err(UnpackError::Name { path: told(target), part: PART, whole: WHOLE });
    }
    let absolute = target.first() == Some(&b'/');
    let above = at.components().count().saturating_sub(1);
    let mut depth = if absolute { 0 } else { above };
    for part in target.split(|byte| *byte == b'/') {
        depth = match part {
            b"" | b"." => continue,
            b".." => depth.checked_sub(1).ok_or_else(|| UnpackError::Symlink {
                path: told(at.as_os_str().as_bytes()),
                target: told(target),
            })?,
            _ => depth.saturating_add(1),
        };
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_below_the_root_or_is_refused() {
        assert_eq!(inside(b"./bin//sh/").unwrap(), Path::new("bin/sh"));
        assert_eq!(inside(b"./").unwrap(), Path::new(""));
        assert!(matches!(inside(b"/etc/passwd"), Err(UnpackError::Absolute { .. })));
        for climbs in [&b".."[..], b"../x", b"a/../../x", b"a/..", b"./.."] {
            assert!(matches!(inside(climbs), Err(UnpackError::Climbs { .. })), "{climbs:?}");
        }
        assert!(matches!(inside(b"a\0b"), Err(UnpackError::Name { .. })));
        assert!(matches!(inside(&[b'a'; 256]), Err(UnpackError::Name { .. })));
        assert!(matches!(inside(&b"a/".repeat(600)), Err(UnpackError::Name { .. })));
        assert!(inside(&b"a/".repeat(DEPTH)).is_ok());
        let deep = inside(&b"a/".repeat(DEPTH + 1));
        assert!(matches!(deep, Err(UnpackError::Deep { found: 65, most: 64, .. })));
        assert_eq!(inside(b"..a/b..").unwrap(), Path::new("..a/b.."));
    }

    #[test]
    fn a_symlink_stays_inside_or_is_refused() {
        let at = |at: &str, target: &str| stays_inside(Path::new(at), target.as_bytes());
        for fine in ["busybox", "/etc/passwd", "../lib/x", "./a/../b", "../etc/../bin"] {
            assert!(at("bin/sh", fine).is_ok(), "{fine}");
        }
        for leaves in ["../../etc", "/..", "/a/../../b", "a/../../../b", ".././.."] {
            assert!(matches!(at("bin/sh", leaves), Err(UnpackError::Symlink { .. })), "{leaves}");
        }
        assert!(matches!(at("sh", ".."), Err(UnpackError::Symlink { .. })));
        assert!(matches!(at("sh", ""), Err(UnpackError::Name { .. })));
    }
}
