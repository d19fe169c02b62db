//! Setting the embedded stage and playing on it.

use super::{closing, lines, view};
use crate::deploy::{Codes, deploy, native_codes};
use crate::scenario::{Report, Stage, Teller, Timing, play_until, spec};
use crate::signal;
use crate::tasks::Group;
use anyhow::Context as _;
use caplet_chain::embedded::{EmbeddedChain, Genesis, Options, Pace};
use caplet_chain::{Coin, Signer};
use sha2::{Digest, Sha256};
use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio_util::sync::CancellationToken;

/// What `caplet demo` may be told.
#[derive(Clone, Debug)]
pub struct DemoOptions {
    /// Seconds of trade.
    pub seconds: u64,
    /// Most that trade goes on beyond that until everything that is traded was used.
    pub patience: Duration,
    /// Print one JSON object at the end and nothing else.
    pub json: bool,
    /// Plain lines even on a terminal.
    pub plain: bool,
    /// Folder for chain and stores; a fresh one that is deleted afterwards when absent.
    pub folder: Option<PathBuf>,
}

/// Seconds that open leases are given to end, settle and be rated.
const SETTLE: Duration = Duration::from_secs(180);
const PREFIX: &str = "wasm";
/// Base units of each denomination that every account of the story holds.
const ENDOWMENT: u128 = 1_000_000_000_000;

/// An account of the story, the same on every run.
fn account(name: &str) -> anyhow::Result<Signer> {
    let secret: [u8; 32] = Sha256::digest(format!("caplet demo account {name}").as_bytes()).into();
    Ok(Signer::from_bytes(&secret, PREFIX)?)
}

/// The demo's stage: a fresh embedded chain below `folder` with the contracts on it, and the story's accounts.
///
/// # Errors
/// If the folder cannot be written.
pub async fn stage(folder: PathBuf) -> anyhow::Result<Stage> {
    let admin = account("admin")?;
    let gateways = [account("gateway 1")?, account("gateway 2")?];
    let providers = [account("provider 1")?, account("provider 2")?];
    let payers = [account("payer 1")?, account("payer 2")?];
    let pool = [account("pool 1")?, account("pool 2")?, account("pool 3")?];
    let everybody = [&admin].into_iter().chain(&gateways).chain(&providers).chain(&payers);
    let everybody = everybody.chain(&pool);
    let coins = ["ucap", crate::deploy::IBC_DENOM]
        .map(|denom| Coin { denom: denom.to_owned(), amount: ENDOWMENT });
    let genesis = Genesis {
        chain_id: "caplet-demo-1".to_owned(),
        prefix: PREFIX.to_owned(),
        time_ns: None,
        accounts: everybody.map(|signer| (signer.address().to_owned(), coins.to_vec())).collect(),
    };
    let options = Options {
        folder: Some(folder.join("chain")),
        pace: Pace::Every(Duration::from_millis(250)),
        genesis,
        codes: native_codes(),
        limits: caplet_chain::embedded::Limits::default(),
    };
    let chain =
        Arc::new(EmbeddedChain::open(options).await.context("starting the embedded chain")?);
    let holders: Vec<String> = payers.iter().map(|payer| payer.address().to_owned()).collect();
    let deployment = deploy(&*chain, &admin, &Codes::Native, &spec(&holders)).await?;
    Ok(Stage { chain, deployment, admin, gateways, providers, payers, pool, folder })
}

/// Plays the demo and prints its report; returns it too.
///
/// # Errors
/// If the embedded chain or a keeper fails, or money is not conserved.
pub async fn run(options: DemoOptions) -> anyhow::Result<Report> {
    let (folder, _kept) = match options.folder {
        Some(folder) => (folder, None),
        None => {
            let fresh = fresh_folder()?;
            (fresh.0.clone(), Some(fresh))
        }
    };
    let trade = Duration::from_secs(options.seconds);
    let timing = Timing { trade, patience: options.patience, settle: SETTLE };
    let live = !options.json && !options.plain && std::io::stdout().is_terminal();
    let (quit, signals) = (CancellationToken::new(), Group::new("signals"));
    listen(&signals, quit.clone());
    let played = if live {
        let screen = view::Screen::start(timing.trade, quit.clone())?;
        let played = play_until(stage(folder).await?, timing, screen.teller(), quit).await;
        screen.end()?;
        played
    } else {
        let teller: Teller = if options.json { Arc::new(|_| ()) } else { lines::teller() };
        play_until(stage(folder).await?, timing, teller, quit).await
    };
    signals.drain(Duration::ZERO).await;
    let report = played?;
    if options.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        print!("{}", closing::text(&report));
    }
    anyhow::ensure!(report.conserved, "money was not conserved: see the report's assets");
    Ok(report)
}

/// Quits at Ctrl-C and SIGTERM; a live view sees the former as a key.
fn listen(tasks: &Group, quit: CancellationToken) {
    let stop = tasks.stop_token();
    tasks.spawn("signals", async move {
        tokio::select! {
            () = stop.cancelled() => {}
            stopped = signal::stopped() => {
                stopped?;
                quit.cancel();
            }
        }
        Ok(())
    });
}

/// A folder that is deleted when it is dropped.
struct Fresh(PathBuf);

impl Drop for Fresh {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::debug!(%error, folder = %self.0.display(), "cannot delete the demo's folder");
        }
    }
}

fn fresh_folder() -> anyhow::Result<Fresh> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    let folder = std::env::temp_dir().join(format!("caplet-demo-{}-{now}", std::process::id()));
    // one that is there is of another run
    std::fs::create_dir(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    Ok(Fresh(folder))
}
