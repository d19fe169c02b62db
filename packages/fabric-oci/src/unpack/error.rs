//! Why an archive is not unpacked.

use std::io;

/// Longest part of a name that is told.
const TOLD: usize = 120;

/// Why an archive is no root file system that is taken. What was unpacked of it before is gone.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UnpackError {
    /// A path begins at the root.
    #[error(
        "{path} begins at the root: archive what is in the folder, as `tar -C FOLDER -c .` does"
    )]
    Absolute {
        /// As the archive has it.
        path: String,
    },
    /// A path has `..` in it.
    #[error("{path} climbs by `..`: archive what is in the folder, as `tar -C FOLDER -c .` does")]
    Climbs {
        /// As the archive has it.
        path: String,
    },
    /// A path that no file can have.
    #[error("{path} is no name of a file: parts of at most {part} bytes, {whole} in all, no NUL")]
    Name {
        /// As the archive has it.
        path: String,
        /// Bytes of a part.
        part: usize,
        /// Bytes of all.
        whole: usize,
    },
    /// A path with too many parts.
    #[error("{path} is {found} folders deep, at most {most} are taken: make it flatter")]
    Deep {
        /// As the archive has it.
        path: String,
        /// Its parts.
        found: usize,
        /// The most.
        most: usize,
    },
    /// Something below what is no folder: below a symlink it would be somewhere else.
    #[error("{path} is below {above}, which is no folder: archive it where it really is")]
    Below {
        /// As the archive has it.
        path: String,
        /// What is no folder.
        above: String,
    },
    /// The same path again.
    #[error("{path} comes twice: archive it once")]
    Twice {
        /// As the archive has it.
        path: String,
    },
    /// A symlink that leaves the root.
    #[error("{path} is a symlink to {target}, out of the root file system: let it stay inside")]
    Symlink {
        /// As the archive has it.
        path: String,
        /// Where it leads.
        target: String,
    },
    /// A hard link to what is no file of the archive.
    #[error(
        "{path} is a hard link to {target}, no file that came before it: archive the file first"
    )]
    HardLink {
        /// As the archive has it.
        path: String,
        /// What it names.
        target: String,
    },
    /// Neither file nor folder nor link.
    #[error("{path} is {what}: leave it out, a container has a /dev of its own")]
    Special {
        /// As the archive has it.
        path: String,
        /// What it is.
        what: &'static str,
    },
    /// A sparse file.
    #[error("{path} is stored sparse: archive it whole")]
    Sparse {
        /// As the archive has it.
        path: String,
    },
    /// Where something is mounted there is no folder.
    #[error(
        "/{path} must be a folder, or be left out: a container has one of its own mounted there"
    )]
    Mount {
        /// Where.
        path: &'static str,
    },
    /// Too much comes out of it.
    #[error("more than {most} bytes come out of it: send a smaller root file system")]
    Bytes {
        /// The most.
        most: u64,
    },
    /// Too many entries.
    #[error("more than {most} files and folders are in it: send a smaller root file system")]
    Entries {
        /// The most.
        most: u32,
    },
    /// Names and attributes of one entry that are too long.
    #[error(
        "an entry with more than {most} bytes of names and attributes: archive without attributes"
    )]
    Heading {
        /// The most.
        most: u64,
    },
    /// No archive.
    #[error("this is no tar archive, gzipped or not: {why}")]
    NoTar {
        /// What the reader said.
        why: String,
    },
    /// An image layout.
    #[error(
        "this is an image layout, whose layers are not unpacked here: make a bundle or a root file system of it, as `umoci unpack` or `docker export` do"
    )]
    Layout,
    /// A `config.json` that can't be used.
    #[error("config.json: {why}")]
    Config {
        /// What is wrong with it.
        why: String,
    },
    /// The provider can't store it.
    #[error("the provider can't store it: {0}")]
    Local(#[source] io::Error),
}

/// A name from an archive, fit to be told.
pub(crate) fn told(name: &[u8]) -> String {
    let cut = name.get(..TOLD.min(name.len())).unwrap_or_default();
    format!("{:?}", String::from_utf8_lossy(cut))
}
