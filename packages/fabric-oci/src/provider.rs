//! The provider's side of native compute.

use crate::UNIT_MS;
use crate::bundle::Limits;
use crate::container::Container;
use async_trait::async_trait;
use caplet_fabric::adapter::{Adapter, Load};
use caplet_fabric::host::{BodyReader, BodyWriter, Charger, Op};
use caplet_fabric::lease::LeaseView;
use caplet_fabric::{Service, Stop, Tariff};
use caplet_protocol::wire::RunProgram;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{ChildStderr, ChildStdin, ChildStdout};
use tokio::sync::mpsc;

/// What a frame to the consumer holds, its first byte.
pub(crate) const OUT: u8 = 1;
pub(crate) const ERR: u8 = 2;
pub(crate) const EXIT: u8 = 3;

/// Between two looks at what a container has used.
const LOOK: Duration = Duration::from_millis(200);

/// Runs commands in a root file system of the provider's.
pub struct OciAdapter {
    root: PathBuf,
    limits: Limits,
    slots: Arc<tokio::sync::Semaphore>,
}

impl OciAdapter {
    /// Commands of the root file system at `root`.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>, limits: Limits) -> Self {
        let slots = Arc::new(tokio::sync::Semaphore::new(limits.runs));
        Self { root: root.into(), limits, slots }
    }

    async fn run(&self, op: &mut Op) -> Result<(), Stop> {
        let asked: RunProgram = op.args()?;
        if asked.args.is_empty() {
            return Err(Stop::refused("no command was named"));
        }
        let _slot = Arc::clone(&self.slots).try_acquire_owned().map_err(|_| {
            Stop::refused(format!(
                "{} containers run, that is all: come back later",
                self.limits.runs
            ))
        })?;
        // a start costs a unit, and is paid before it is made
        op.charge(1).await?;
        let mut container = Container::start(&self.root, &asked.args, &asked.env, &self.limits)?;
        let gone = || Stop::refused("the container did not start");
        let stdin = container.child.stdin.take().ok_or_else(gone)?;
        let stdout = container.child.stdout.take().ok_or_else(gone)?;
        let stderr = container.child.stderr.take().ok_or_else(gone)?;
        let charger = op.charger();
        self.attend(op, &charger, &container, (stdin, stdout, stderr)).await?;
        let status = container.child.wait().await?;
        let code = status.code().unwrap_or(-1);
        op.body.write_frame(&[&[EXIT][..], &code.to_be_bytes()].concat()).await
    }

    /// Passes bytes both ways and bills, until the command has said its last.
    async fn attend(
        &self,
        op: &mut Op,
        charger: &Charger,
        container: &Container,
        (stdin, stdout, stderr): (ChildStdin, ChildStdout, ChildStderr),
    ) -> Result<(), Stop> {
        let (sender, frames) = mpsc::channel(8);
        let (reader, writer) = (&mut op.body.reader, &mut op.body.writer);
        let input = feed(reader, stdin, self.limits.input);
        let bill = bill(charger, container, self.limits.time);
        let out = drain(stdout, OUT, sender.clone());
        let err = drain(stderr, ERR, sender);
        let say = say(writer, frames, self.limits.output);
        let ended = async {
            let (said, (), ()) = tokio::join!(say, out, err);
            said
        };
        tokio::pin!(input, bill, ended);
        let mut fed = false;
        loop {
            tokio::select! {
                said = &mut ended => return said,
                stop = &mut bill => return Err(stop),
                done = &mut input, if !fed => { done?; fed = true; }
            }
        }
    }
}

/// Charges for CPU as it is used; a container that is not paid for stands still. Returns when it must
/// end.
async fn bill(charger: &Charger, container: &Container, limit: Duration) -> Stop {
    let (mut paid, mut left) = (0u64, limit);
    loop {
        tokio::time::sleep(LOOK).await;
        left = left.saturating_sub(LOOK);
        if left.is_zero() {
            return Stop::refused(format!("it took more than {} s", limit.as_secs()));
        }
        let Some(used) = container.cpu_ms().await else { continue };
        let due = (used / UNIT_MS).saturating_sub(paid);
        if due == 0 {
            continue;
        }
        let charge = charger.charge(due);
        tokio::pin!(charge);
        let at_once = tokio::time::timeout(Duration::from_millis(50), &mut charge).await;
        let charged = match at_once {
            Ok(charged) => charged,
            Err(_) => {
                container.freeze(true).await;
                let charged = charge.await;
                container.freeze(false).await;
                charged
            }
        };
        if let Err(stop) = charged {
            return stop;
        }
        paid = paid.saturating_add(due);
    }
}

async fn feed(reader: &mut BodyReader, mut to: ChildStdin, most: usize) -> Result<(), Stop> {
    let mut left = most;
    while let Some(bytes) = reader.read().await? {
        left = left
            .checked_sub(bytes.len())
            .ok_or_else(|| Stop::refused(format!("more than {most} bytes of input: send less")))?;
        if to.write_all(&bytes).await.is_err() {
            return Ok(()); // it reads no more
        }
    }
    Ok(())
}

async fn drain(mut from: impl AsyncRead + Unpin, tag: u8, to: mpsc::Sender<Vec<u8>>) {
    let mut buffer = vec![0; 32 * 1024];
    while let Ok(got @ 1..) = from.read(&mut buffer).await {
        let frame = [&[tag][..], buffer.get(..got).unwrap_or_default()].concat();
        if to.send(frame).await.is_err() {
            return;
        }
    }
}

async fn say(
    writer: &mut BodyWriter,
    mut frames: mpsc::Receiver<Vec<u8>>,
    most: usize,
) -> Result<(), Stop> {
    let mut left = most;
    while let Some(frame) = frames.recv().await {
        left = left
            .checked_sub(frame.len())
            .ok_or_else(|| Stop::refused(format!("more than {most} bytes of output")))?;
        writer.write_frame(&frame).await?;
    }
    Ok(())
}

#[async_trait]
impl Adapter for OciAdapter {
    fn service(&self) -> Service {
        Service::OCI
    }

    fn tariff(&self) -> Tariff {
        Tariff::Declared
    }

    fn admit(&self, _: &LeaseView, load: Load) -> Result<(), String> {
        if load.sessions < self.limits.runs.saturating_mul(4) {
            return Ok(());
        }
        Err(format!("{} consumers compute here: come back later", load.sessions))
    }

    async fn operate(&self, op: &mut Op) -> Result<(), Stop> {
        match op.header.name.as_str() {
            "run" => self.run(op).await,
            other => Err(Stop::refused(format!("{other:?} is no operation here: run"))),
        }
    }
}
