//! `caplet demo`.

use crate::demo::{self, DemoOptions};
use std::path::PathBuf;
use std::time::Duration;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Seconds of trade; open leases then get up to three minutes more to end and settle.
    #[arg(long = "for", value_name = "SECONDS", default_value_t = 45, value_parser = clap::value_parser!(u64).range(10..=86_400))]
    seconds: u64,
    /// Print one JSON object at the end and nothing else.
    #[arg(long)]
    pub(super) json: bool,
    /// Plain lines instead of the live view.
    #[arg(long)]
    plain: bool,
    /// Keep chain and stores in this folder, which must not hold an earlier run.
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
}

pub(super) async fn run(args: Args) -> anyhow::Result<()> {
    // clients that lose their broker at the end of the story are part of it
    super::log::quiet();
    let Args { seconds, json, plain, keep: folder } = args;
    // who says how long wants to see what happens in that time
    let patience = Duration::ZERO;
    demo::run(DemoOptions { seconds, patience, json, plain, folder }).await?;
    Ok(())
}
