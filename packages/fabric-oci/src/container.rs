//! One container, by `runc`'s command line.

use crate::bundle::{Limits, config};
use serde::Deserialize;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tempfile::TempDir;
use tokio::process::{Child, Command};

/// A running container. Dropped, it is killed and nothing of it is left.
pub(crate) struct Container {
    id: String,
    state: PathBuf,
    /// The runtime's own process: its standard streams are the guest's.
    pub(crate) child: Child,
    _bundle: TempDir,
}

#[derive(Deserialize)]
struct Event {
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    cpu: Cpu,
}

#[derive(Deserialize)]
struct Cpu {
    usage: Usage,
}

#[derive(Deserialize)]
struct Usage {
    total: u64,
}

impl Container {
    pub(crate) fn start(
        root: &Path,
        args: &[String],
        env: &[String],
        limits: &Limits,
    ) -> io::Result<Self> {
        let bundle = TempDir::new()?;
        let config = serde_json::to_vec(&config(root, args, env, limits))?;
        std::fs::write(bundle.path().join("config.json"), config)?;
        let mut name = [0; 12];
        getrandom::fill(&mut name).map_err(io::Error::other)?;
        let id = format!("caplet-{}", hex::encode(name));
        let state = bundle.path().join("state");
        let child = Command::new("runc")
            .arg("--root")
            .arg(&state)
            .args(["run", "--bundle"])
            .arg(bundle.path())
            .arg(&id)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        Ok(Self { id, state, child, _bundle: bundle })
    }

    fn runc(&self, args: &[&str]) -> Command {
        let mut command = Command::new("runc");
        command.arg("--root").arg(&self.state).args(args).arg(&self.id);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        command
    }

    /// Milliseconds of CPU that it has used; `None` if it is not running.
    pub(crate) async fn cpu_ms(&self) -> Option<u64> {
        let output = self.runc(&["events", "--stats"]).output().await.ok()?;
        let event: Event = serde_json::from_slice(&output.stdout).ok()?;
        Some(event.data.cpu.usage.total / 1_000_000)
    }

    /// Lets it stand still, or go on. A container that is over is neither.
    pub(crate) async fn freeze(&self, still: bool) {
        let verb = if still { "pause" } else { "resume" };
        let _ = self.runc(&[verb]).status().await;
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        // kills every process in it; one that is over already is no error
        let _ = std::process::Command::new("runc")
            .arg("--root")
            .arg(&self.state)
            .args(["delete", "--force", &self.id])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
    }
}
