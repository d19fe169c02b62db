//! One container, by the command line that its runtime has in common with others.

use crate::bundle::{Limits, Run, config};
use crate::runtime::{Kind, Runtime};
use crate::usage::Usage;
use caplet_fabric::Stop;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::io;
use std::path::PathBuf;
use std::process::Stdio;
use tempfile::TempDir;
use tokio::process::{Child, Command};

/// How often a container's removal is tried: one that was being made is not always removed at once.
const TRIES: u32 = 5;

/// A running container. Dropped, it is killed and nothing of it is left.
pub(crate) struct Container {
    program: PathBuf,
    kind: Kind,
    id: String,
    state: PathBuf,
    usage: Usage,
    /// The runtime's own process: its standard streams are the guest's.
    pub(crate) child: Child,
    _bundle: TempDir,
}

impl Container {
    /// Starts one.
    ///
    /// # Errors
    /// [`Stop::Refused`] with what its provider lacks.
    pub(crate) fn start(runtime: &Runtime, run: Run<'_>, limits: &Limits) -> Result<Self, Stop> {
        Self::spawned(runtime, run, limits).map_err(|error| {
            let program = runtime.program().display();
            Stop::refused(match error.kind() {
                io::ErrorKind::NotFound => {
                    format!("there is no {program} here: the provider has to install it")
                }
                _ => format!("{program} can't be started: {error}"),
            })
        })
    }

    fn spawned(runtime: &Runtime, run: Run<'_>, limits: &Limits) -> io::Result<Self> {
        let bundle = TempDir::new()?;
        let mut name = [0; 12];
        getrandom::fill(&mut name).map_err(io::Error::other)?;
        let id = format!("caplet-{}", hex::encode(name));
        // without a name libcontainer may ask systemd for a group, which is not there everywhere
        let libcontainer = runtime.kind() == Kind::Libcontainer;
        let run = Run { group: libcontainer.then_some(id.as_str()), ..run };
        let config = serde_json::to_vec(&config(&run, limits))?;
        std::fs::write(bundle.path().join("config.json"), config)?;
        let (state, pid_file) = (bundle.path().join("state"), bundle.path().join("pid"));
        let program = runtime.program().to_path_buf();
        let mut command = Command::new(&program);
        command
            .arg("--root")
            .arg(&state)
            .args(["run", "--bundle"])
            .arg(bundle.path())
            .arg("--pid-file")
            .arg(&pid_file)
            .arg(&id)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        if libcontainer {
            // a guest would have the keeper's groups: a process that is given its user is left without any
            command.uid(0);
        }
        let child = command.spawn()?;
        let usage = Usage::new(pid_file, id.clone());
        let kind = runtime.kind();
        Ok(Self { program, kind, id, state, usage, child, _bundle: bundle })
    }

    /// Milliseconds of CPU that it has used; `None` if it is not running.
    pub(crate) fn cpu_ms(&self) -> Option<u64> {
        self.usage.cpu_ms()
    }

    /// Has the runtime look whether its guest is over. Libcontainer's program misses the end of a guest that ends before it
    /// begins to wait for that (0.7.0), and would wait for ever; to be told in vain does it no harm.
    pub(crate) fn nudge(&self) {
        let pid = self.child.id().and_then(|pid| i32::try_from(pid).ok());
        if let (Kind::Libcontainer, Some(pid)) = (self.kind, pid) {
            let _ = kill(Pid::from_raw(pid), Signal::SIGCHLD);
        }
    }

    /// Lets it stand still, or go on. A container that is over is neither.
    pub(crate) async fn freeze(&self, still: bool) {
        let verb = if still { "pause" } else { "resume" };
        let mut command = Command::new(&self.program);
        command.arg("--root").arg(&self.state).args([verb, &self.id]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let _ = command.status().await;
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        // first, so that it does not clean up beside what comes next; it may be over
        let _ = self.child.start_kill();
        // kills every process in it; one that is over already is no error
        for _ in 0..TRIES {
            let deleted = std::process::Command::new(&self.program)
                .arg("--root")
                .arg(&self.state)
                .args(["delete", "--force", &self.id])
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status();
            // without its program there is nothing to try again
            if deleted.map_or(true, |status| status.success()) {
                return;
            }
        }
    }
}
