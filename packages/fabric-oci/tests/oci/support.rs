//! Roots, archives, worlds.

use bytes::Bytes;
use caplet_fabric::client::Client;
use caplet_fabric::kinds::programs::{Exec, Input, Ran};
use caplet_fabric::{Service, Stop, Tariff};
use caplet_fabric_oci::{
    BundleId, BundleLimits, Bundles, CGROUPS, Limits, OciAdapter, RUNC, Runtime,
};
use caplet_fabric_testkit::{Options, World};
use std::fs::File;
use std::io::{Seek as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tar::{EntryType, Header};
use tempfile::TempDir;

/// A folder that other users, which guests are, may look into.
pub(crate) fn open_folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

/// A root file system of one program.
pub(crate) fn root() -> TempDir {
    let root = open_folder();
    for folder in ["bin", "proc", "dev", "tmp", "etc"] {
        std::fs::create_dir(root.path().join(folder)).unwrap();
    }
    std::fs::copy("/bin/busybox", root.path().join("bin/busybox")).unwrap();
    std::os::unix::fs::symlink("busybox", root.path().join("bin/sh")).unwrap();
    root
}

/// A session on containers of the provider's root file system.
pub(crate) fn world(root: &Path, limits: Limits) -> (Arc<World>, Client) {
    with(OciAdapter::new(root, limits))
}

/// The runtime that is tested: runc, or what `CAPLET_CONTAINER_RUNTIME` names.
pub(crate) fn program() -> PathBuf {
    std::env::var_os("CAPLET_CONTAINER_RUNTIME").unwrap_or_else(|| RUNC.into()).into()
}

/// A session on an adapter with the runtime that is tested.
pub(crate) fn with(adapter: OciAdapter) -> (Arc<World>, Client) {
    offered(adapter.with_runtime(Runtime::examine(&program(), Path::new(CGROUPS)).unwrap()))
}

/// A session on an adapter.
pub(crate) fn offered(adapter: OciAdapter) -> (Arc<World>, Client) {
    let world = World::new(Options { segment: 20, ..Options::default() });
    world.offer(Arc::new(adapter));
    let lease = world.lease(1, Service::OCI);
    let client = world.client(&lease, Tariff::Declared);
    (world, client)
}

pub(crate) fn sh(script: &str) -> Exec {
    let args = ["/bin/busybox", "sh", "-c", script].map(str::to_owned).to_vec();
    Exec { args, ..Exec::default() }
}

/// Runs it on its own input, and gathers what it writes.
pub(crate) async fn run(exec: &Exec, client: &Client) -> Result<Ran, Stop> {
    let mut ran = Ran::default();
    let ended = exec.once(client, Input::from(exec.input.clone()), &mut ran).await?;
    Ok(ran.with_end(ended))
}

/// Exit code, and what it said on both streams.
pub(crate) async fn out(client: &Client, script: &str) -> (i32, String) {
    said(&sh(script), client).await
}

pub(crate) async fn said(exec: &Exec, client: &Client) -> (i32, String) {
    let ran = run(exec, client).await.unwrap();
    (ran.exit, String::from_utf8(ran.stdout).unwrap() + &String::from_utf8(ran.stderr).unwrap())
}

pub(crate) async fn refusal(exec: &Exec, client: &Client) -> String {
    match run(exec, client).await {
        Err(Stop::Refused(words)) => words,
        other => panic!("not refused: {other:?}"),
    }
}

/// An archive in the making, with names that no writer of archives would let pass.
#[derive(Default)]
pub(crate) struct Tar(Vec<u8>);

impl Tar {
    pub(crate) fn entry(
        mut self,
        kind: EntryType,
        name: &str,
        mode: u32,
        content: &[u8],
        target: &str,
    ) -> Self {
        let mut header = Header::new_ustar();
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.as_old_mut().linkname[..target.len()].copy_from_slice(target.as_bytes());
        header.set_entry_type(kind);
        header.set_mode(mode);
        header.set_size(content.len() as u64);
        header.set_cksum();
        self.0.extend_from_slice(header.as_bytes());
        self.0.extend_from_slice(content);
        self.0.resize(self.0.len().next_multiple_of(512), 0);
        self
    }

    pub(crate) fn file(self, name: &str, content: &[u8]) -> Self {
        self.entry(EntryType::Regular, name, 0o644, content, "")
    }

    pub(crate) fn program(self, name: &str, content: &[u8]) -> Self {
        self.entry(EntryType::Regular, name, 0o755, content, "")
    }

    pub(crate) fn folder(self, name: &str) -> Self {
        self.entry(EntryType::Directory, name, 0o755, b"", "")
    }

    pub(crate) fn symlink(self, name: &str, target: &str) -> Self {
        self.entry(EntryType::Symlink, name, 0o777, b"", target)
    }

    pub(crate) fn hard_link(self, name: &str, target: &str) -> Self {
        self.entry(EntryType::Link, name, 0o644, b"", target)
    }

    /// The name of the next entry, as long as it is.
    pub(crate) fn long(self, name: &str) -> Self {
        self.entry(EntryType::GNULongName, "././@LongLink", 0, name.as_bytes(), "")
    }

    /// A file that claims to have so many bytes, and has none.
    pub(crate) fn claiming(mut self, name: &str, bytes: u64) -> Self {
        let mut header = Header::new_ustar();
        header.set_path(name).unwrap();
        header.set_mode(0o644);
        header.set_size(bytes);
        header.set_cksum();
        self.0.extend_from_slice(header.as_bytes());
        self
    }

    /// Bytes as they are, in place of an entry.
    pub(crate) fn raw(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    pub(crate) fn end(mut self) -> Vec<u8> {
        self.0.extend_from_slice(&[0; 1_024]);
        self.0
    }
}

/// A root file system that a consumer brings: busybox under `prefix`, and a text that tells it from others.
pub(crate) fn busybox(prefix: &str, text: &str) -> Tar {
    let name = |name: &str| format!("{prefix}{name}");
    Tar::default()
        .folder(&name("bin/"))
        .program(&name("bin/busybox"), &std::fs::read("/bin/busybox").unwrap())
        .symlink(&name("bin/sh"), "busybox")
        .file(&name("etc/theirs"), text.as_bytes())
}

/// Bytes that no archive makes fewer.
pub(crate) fn noise(bytes: usize) -> Vec<u8> {
    let mut all = vec![0; bytes];
    blake3::Hasher::new().finalize_xof().fill(&mut all);
    all
}

pub(crate) fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn id(archive: &[u8]) -> BundleId {
    *blake3::hash(archive).as_bytes()
}

/// The archive as a provider has it when it has come.
pub(crate) fn spooled(bundles: &Bundles, archive: &[u8]) -> File {
    let mut file = bundles.spool().unwrap();
    file.write_all(archive).unwrap();
    file.rewind().unwrap();
    file
}

/// A cache in a folder of its own.
pub(crate) fn cache(limits: BundleLimits) -> (TempDir, Arc<Bundles>) {
    let folder = open_folder();
    let bundles = Arc::new(Bundles::open(folder.path().join("kept"), limits).unwrap());
    (folder, bundles)
}

/// Bundles on disk.
pub(crate) fn on_disk(folder: &TempDir) -> usize {
    std::fs::read_dir(folder.path().join("kept")).unwrap().count()
}

pub(crate) fn module(archive: Vec<u8>) -> Option<Bytes> {
    Some(archive.into())
}
