//! A consumer's root file system on its way in: asked for if it is not there, paid for, checked, unpacked.

use crate::bundles::{BundleId, Bundles};
use crate::rootfs::Bundle;
use caplet_fabric::Stop;
use caplet_fabric::host::Op;
use caplet_fabric::kinds::programs::{SEND_INPUT, SEND_MODULE};
use caplet_protocol::wire::RunProgram;
use std::fs::File;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio::sync::OwnedSemaphorePermit;

/// Bytes that cost a unit.
const MIB: u64 = 1 << 20;

/// How long an archive may take to come, besides a second for each so many bytes: who sends slower holds a place that
/// others could use.
const PATIENCE: Duration = Duration::from_secs(60);
const PER_SECOND: u64 = 128 << 10;

/// The root file system that a run names, and the place that it holds meanwhile. The consumer is told what to send.
pub(crate) async fn bundle(
    op: &mut Op,
    asked: &RunProgram,
    bundles: &Arc<Bundles>,
    place: OwnedSemaphorePermit,
) -> Result<(Arc<Bundle>, OwnedSemaphorePermit), Stop> {
    let id: BundleId = asked.module.as_slice().try_into().map_err(|_| {
        let found = asked.module.len();
        Stop::refused(format!("a root file system's name has 32 bytes, not {found}"))
    })?;
    if let Some(known) = bundles.known(&id) {
        op.body.write(&[SEND_INPUT]).await?;
        return Ok((known, place));
    }
    let (size, most) = (asked.module_size, bundles.limits().sent);
    if size > most {
        return Err(Stop::refused(format!(
            "a root file system of {size} bytes, at most {most} are taken: send a smaller one, or gzip it"
        )));
    }
    op.body.write(&[SEND_MODULE | SEND_INPUT]).await?;
    let secs = size.checked_div(PER_SECOND).unwrap_or(0);
    let patience = PATIENCE.saturating_add(Duration::from_secs(secs));
    let archive = tokio::time::timeout(patience, receive(op, &id, size, bundles.spool()?)).await;
    let archive = archive.map_err(|_| {
        let secs = patience.as_secs();
        Stop::refused(format!("the root file system did not come within {secs} s: send it faster"))
    })??;
    let bundles = Arc::clone(bundles);
    // who gives up an archive that is being unpacked does not get its place for another one
    let unpacked = tokio::task::spawn_blocking(move || (bundles.take(id, archive), place)).await;
    let (bundle, place) =
        unpacked.map_err(|_| Stop::refused("the root file system could not be unpacked"))?;
    Ok((bundle.map_err(|error| Stop::refused(error.to_string()))?, place))
}

/// The archive, if it is the one that was named. Each MiB is paid before it is read.
async fn receive(op: &mut Op, id: &BundleId, size: u64, spool: File) -> Result<File, Stop> {
    let most = usize::try_from(size).unwrap_or(usize::MAX);
    let none = || Stop::refused("the root file system did not come");
    let found = op.body.reader.begin_frame(most).await?.ok_or_else(none)?;
    if found != most {
        return Err(Stop::refused(format!(
            "the root file system has {found} bytes, {size} were announced: send what was named"
        )));
    }
    let (mut hash, mut file) = (blake3::Hasher::new(), tokio::fs::File::from_std(spool));
    let (mut left, mut paid) = (size, 0u64);
    while left > 0 {
        if paid == 0 {
            op.charge(1).await?;
            paid = MIB;
        }
        let room = usize::try_from(left.min(paid)).unwrap_or(usize::MAX);
        let bytes = op.body.reader.read_part(room).await?;
        hash.update(&bytes);
        file.write_all(&bytes).await?;
        let got = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        (left, paid) = (left.saturating_sub(got), paid.saturating_sub(got));
    }
    if hash.finalize().as_bytes() != id {
        return Err(Stop::refused("the root file system is not the one that was named"));
    }
    file.flush().await?;
    let mut file = file.into_std().await;
    std::io::Seek::rewind(&mut file)?;
    Ok(file)
}
