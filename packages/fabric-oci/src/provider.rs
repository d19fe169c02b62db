//! The provider's side of native compute.

use crate::bundle::{Limits, Run};
use crate::bundles::Bundles;
use crate::container::Container;
use crate::env::merged;
use crate::netns::{self, Space};
use crate::receive;
use crate::rootfs::Bundle;
use crate::runtime::{Kind, RUNC, Runtime};
use crate::till::Till;
use crate::{NETWORK, UNIT_MS};
use async_trait::async_trait;
use caplet_fabric::adapter::{Adapter, Load};
use caplet_fabric::host::{BodyReader, BodyWriter, Op};
use caplet_fabric::kinds::programs::{ERR, EXIT, NETWORKED, OUT, RUN, SEND_INPUT};
use caplet_fabric::lease::LeaseView;
use caplet_fabric::{Service, Stop, Tariff};
use caplet_fabric_net::{Uplink, serve};
use caplet_protocol::wire::RunProgram;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::process::{ChildStderr, ChildStdin, ChildStdout};
use tokio::sync::{OwnedSemaphorePermit, mpsc};

/// Between two looks at what a container has used.
const LOOK: Duration = Duration::from_millis(200);

/// Runs commands in a root file system of the provider's, or in one of the consumer's if such are taken.
pub struct OciAdapter {
    runtime: Runtime,
    root: PathBuf,
    limits: Limits,
    bundles: Option<Arc<Bundles>>,
    uplink: Option<Uplink>,
    slots: Arc<tokio::sync::Semaphore>,
}

/// A network that was made for a container, and its way out if it has one.
struct Network {
    space: Space,
    way: Option<(TcpListener, Uplink)>,
}

impl OciAdapter {
    /// Commands of the root file system at `root`.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>, limits: Limits) -> Self {
        let slots = Arc::new(tokio::sync::Semaphore::new(limits.runs));
        let runtime = Runtime::like_runc(RUNC);
        Self { runtime, root: root.into(), limits, bundles: None, uplink: None, slots }
    }

    /// By this program in place of `runc` as it is found by name.
    #[must_use]
    pub fn with_runtime(self, runtime: Runtime) -> Self {
        Self { runtime, ..self }
    }

    /// With a network for the runs that ask for one: a proxy that leads where the uplink does, and nothing else.
    #[must_use]
    pub fn with_uplink(self, uplink: Uplink) -> Self {
        Self { uplink: Some(uplink), ..self }
    }

    /// Also root file systems that consumers bring, kept there.
    #[must_use]
    pub fn with_bundles(self, bundles: Arc<Bundles>) -> Self {
        Self { bundles: Some(bundles), ..self }
    }

    async fn run(&self, op: &mut Op, networked: bool) -> Result<(), Stop> {
        let asked: RunProgram = op.args()?;
        if !asked.input.is_empty() {
            return Err(Stop::own("a run in a container is not kept: stream its input"));
        }
        if asked.args.is_empty() && asked.module.is_empty() {
            return Err(Stop::own("no command was named"));
        }
        if networked && self.uplink.is_none() {
            return Err(Stop::own(format!(
                "no network comes with this lease: run it without, or lease one whose profile has the tag {NETWORK:?}"
            )));
        }
        let place = Arc::clone(&self.slots).try_acquire_owned().map_err(|_| {
            Stop::refused(format!(
                "{} containers run, that is all: come back later",
                self.limits.runs
            ))
        })?;
        let (bundle, _place) = self.bundle(op, &asked, place).await?;
        let root = bundle.as_ref().map_or(self.root.as_path(), |bundle| bundle.root());
        let spec = bundle.as_ref().map(|bundle| bundle.spec().clone()).unwrap_or_default();
        let args = if asked.args.is_empty() { spec.args } else { asked.args };
        if args.is_empty() {
            return Err(Stop::own("no command was named, and the bundle has none"));
        }
        // a start costs a unit, and is paid before it is made
        let till = Arc::new(Till::new(op.charger()));
        till.charge(1).await?;
        let made = self.network(networked).await?;
        let way = made.as_ref().and_then(|made| made.way.as_ref());
        let out = way.map(|_| netns::environment()).unwrap_or_default();
        let env = merged(out, &spec.env, &asked.env);
        let network = made.as_ref().map(|made| made.space.network());
        let users = made.as_ref().map(|made| made.space.users());
        let users = users.filter(|_| self.runtime.kind() == Kind::Libcontainer);
        let (network, users) = (network.as_deref(), users.as_deref());
        let run = Run { root, args: &args, env: &env, network, users, group: None };
        let mut container = Container::start(&self.runtime, run, &self.limits)?;
        let gone = || Stop::refused("the container did not start");
        let stdin = container.child.stdin.take().ok_or_else(gone)?;
        let stdout = container.child.stdout.take().ok_or_else(gone)?;
        let stderr = container.child.stderr.take().ok_or_else(gone)?;
        self.attend(op, &till, &container, (stdin, stdout, stderr), made).await?;
        let status = container.child.wait().await?;
        let code = status.code().unwrap_or(-1);
        let units = till.used().to_be_bytes();
        op.body.write_frame(&[&[EXIT][..], &code.to_be_bytes(), &units].concat()).await
    }

    /// The network of a run that asks for a way out, or whose runtime makes none with a loopback.
    async fn network(&self, networked: bool) -> Result<Option<Network>, Stop> {
        let uplink = self.uplink.clone().filter(|_| networked);
        if uplink.is_none() && self.runtime.kind() == Kind::Runc {
            return Ok(None);
        }
        let cant = |why: &dyn std::fmt::Display| {
            Stop::refused(format!("the container's network can't be made: {why}"))
        };
        let out = uplink.is_some();
        let make = move || {
            let space = Space::make()?;
            let listener = if out { Some(space.listen()?) } else { None };
            std::io::Result::Ok((space, listener))
        };
        let made = tokio::task::spawn_blocking(make).await.map_err(|why| cant(&why))?;
        let (space, listener) = made.map_err(|why| cant(&why))?;
        let listener = listener.map(TcpListener::from_std).transpose();
        let way = listener.map_err(|why| cant(&why))?.zip(uplink);
        Ok(Some(Network { space, way }))
    }

    /// The consumer's root file system, if the run names one; and the place that the run holds.
    async fn bundle(
        &self,
        op: &mut Op,
        asked: &RunProgram,
        place: OwnedSemaphorePermit,
    ) -> Result<(Option<Arc<Bundle>>, OwnedSemaphorePermit), Stop> {
        if asked.module.is_empty() {
            op.body.write(&[SEND_INPUT]).await?;
            return Ok((None, place));
        }
        let Some(bundles) = &self.bundles else {
            return Err(Stop::refused(
                "root file systems of consumers are not taken here: name a command of the provider's",
            ));
        };
        let (bundle, place) = receive::bundle(op, asked, bundles, place).await?;
        Ok((Some(bundle), place))
    }

    /// Passes bytes both ways and bills, until the command has said its last.
    async fn attend(
        &self,
        op: &mut Op,
        till: &Arc<Till>,
        container: &Container,
        (stdin, stdout, stderr): (ChildStdin, ChildStdout, ChildStderr),
        made: Option<Network>,
    ) -> Result<(), Stop> {
        let (sender, frames) = mpsc::channel(8);
        let (reader, writer) = (&mut op.body.reader, &mut op.body.writer);
        let input = feed(reader, stdin, self.limits.input);
        let bill = bill(till, container, self.limits.time);
        let network = lead(made, Arc::clone(till));
        let out = drain(stdout, OUT, sender.clone());
        let err = drain(stderr, ERR, sender);
        let say = say(writer, frames, self.limits.output);
        let ended = async {
            let (said, (), ()) = tokio::join!(say, out, err);
            said
        };
        tokio::pin!(input, bill, network, ended);
        let mut fed = false;
        loop {
            tokio::select! {
                said = &mut ended => return said,
                stop = &mut bill => return Err(stop),
                stop = &mut network => return Err(stop),
                done = &mut input, if !fed => { done?; fed = true; }
            }
        }
    }
}

/// Serves a container's way out; returns when what goes there is not paid for.
async fn lead(made: Option<Network>, till: Arc<Till>) -> Stop {
    // the namespace is held until the container is over, which has to find it
    let (way, _space) = made.map(|made| (made.way, made.space)).unzip();
    let Some((listener, uplink)) = way.flatten() else {
        return std::future::pending().await;
    };
    serve(listener, uplink, till).await
}

/// Charges for CPU as it is used; a container that is not paid for stands still. Returns when it must
/// end.
async fn bill(till: &Till, container: &Container, limit: Duration) -> Stop {
    let (mut paid, mut left) = (0u64, limit);
    loop {
        tokio::time::sleep(LOOK).await;
        left = left.saturating_sub(LOOK);
        container.nudge();
        if left.is_zero() {
            return Stop::refused(format!("it took more than {} s", limit.as_secs()));
        }
        let Some(used) = container.cpu_ms() else { continue };
        let due = (used / UNIT_MS).saturating_sub(paid);
        if due == 0 {
            continue;
        }
        let charge = till.charge(due);
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
            RUN => self.run(op, false).await,
            NETWORKED => self.run(op, true).await,
            other => {
                Err(Stop::refused(format!("{other:?} is no operation here: {RUN}, {NETWORKED}")))
            }
        }
    }
}
