//! A keeper in a process of its own.

use anyhow::Context as _;
use caplet::deploy::{Deployment, native_codes};
use caplet_chain::embedded::{EmbeddedChain, Genesis, Limits, Options, Pace};
use ed25519_dalek::SigningKey;
use serde::Deserialize;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

const START: Duration = Duration::from_secs(60);
const STOP: Duration = Duration::from_secs(30);

/// What `caplet run --json` says once everything listens.
#[derive(Deserialize)]
struct Ready {
    chain_id: String,
    account: String,
    broker: SocketAddr,
}

/// A running keeper.
pub(super) struct KeeperProcess {
    child: Child,
    data: PathBuf,
    chain_id: String,
    pub(super) account: String,
    pub(super) broker: SocketAddr,
    pub(super) key: SigningKey,
}

impl KeeperProcess {
    /// Starts the `caplet` that was built with this program, with the defaults and a fresh embedded chain.
    pub(super) async fn start(folder: &Path) -> anyhow::Result<Self> {
        let (data, config) = (folder.join("data"), folder.join("caplet.toml"));
        let any_port = "listen = \"127.0.0.1:0\"";
        let text = format!(
            "data = {data:?}\n[mqtt.embedded]\n{any_port}\n[exchange]\n{any_port}\n[log]\nfilter = \"error\"\n"
        );
        std::fs::write(&config, text)?;
        let caplet = std::env::current_exe()?.with_file_name("caplet");
        let mut child = Command::new(&caplet)
            .args(["run", "--json", "--config"])
            .arg(&config)
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("starting {}: build it first", caplet.display()))?;
        let out = child.stdout.take().context("no output")?;
        let mut lines = BufReader::new(out).lines();
        let line = timeout(START, lines.next_line()).await.context("the keeper is not ready")??;
        let ready: Ready = serde_json::from_str(&line.context("the keeper ended")?)?;
        let secret = std::fs::read_to_string(data.join("gateway.key"))?;
        let mut bytes = [0; 32];
        hex::decode_to_slice(secret.trim(), &mut bytes)?;
        Ok(Self {
            child,
            data,
            chain_id: ready.chain_id,
            account: ready.account,
            broker: ready.broker,
            key: SigningKey::from_bytes(&bytes),
        })
    }

    /// The keeper's chain as it is now: nobody else can ask a chain inside a process, but its journal
    /// replays to the same state.
    pub(super) async fn chain(&self) -> anyhow::Result<(EmbeddedChain, Deployment)> {
        let copy = self.data.join("journal-copy");
        std::fs::create_dir_all(&copy)?;
        for file in std::fs::read_dir(self.data.join("chain"))? {
            let file = file?;
            std::fs::copy(file.path(), copy.join(file.file_name()))?;
        }
        let chain = EmbeddedChain::open(Options {
            folder: Some(copy),
            pace: Pace::Manual,
            genesis: Genesis {
                chain_id: self.chain_id.clone(),
                prefix: "wasm".to_owned(),
                time_ns: None,
                accounts: Vec::new(),
            },
            codes: native_codes(),
            limits: Limits::default(),
        });
        Ok((chain.await?, Deployment::read(&self.data.join("deployment.json"))?))
    }

    /// Resident memory, KiB.
    pub(super) fn resident(&self) -> anyhow::Result<u64> {
        self.status("VmRSS:")
    }

    /// Most resident memory so far, KiB.
    pub(super) fn peak(&self) -> anyhow::Result<u64> {
        self.status("VmHWM:")
    }

    fn status(&self, field: &str) -> anyhow::Result<u64> {
        let id = self.child.id().context("the keeper ended")?;
        let status = std::fs::read_to_string(format!("/proc/{id}/status"))
            .context("memory is read from /proc, which only Linux has")?;
        let line = status.lines().find_map(|line| line.strip_prefix(field));
        let kib = line.and_then(|rest| rest.split_whitespace().next());
        Ok(kib.with_context(|| format!("no {field} in /proc"))?.parse()?)
    }

    /// Ends it.
    pub(super) async fn stop(mut self) -> anyhow::Result<()> {
        self.child.start_kill()?;
        timeout(STOP, self.child.wait()).await.context("the keeper does not end")??;
        Ok(())
    }
}
