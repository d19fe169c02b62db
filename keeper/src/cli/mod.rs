//! Commands and flags. Thin: each command reads its input, calls a room, prints.

mod args;
mod attest;
mod audit;
mod chain;
mod clear;
mod demo;
mod deploy;
mod exec;
mod exit;
mod forward;
mod keys;
mod leases;
mod log;
mod offer;
mod reputation;
mod run;
mod settings;
mod simulate;
mod status;
mod why;

use args::{Args, Command};
use clap::Parser as _;
use std::process::ExitCode;

/// Runs the command line and returns the process's exit code; the codes are in `caplet --help`.
#[must_use]
pub fn main() -> ExitCode {
    let args = Args::parse();
    let json = args.command.json();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let done = match runtime {
        Ok(runtime) => runtime.block_on(command(args.command)),
        Err(error) => Err(anyhow::Error::new(error).context("starting the async runtime")),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => exit::fail(&error, json),
    }
}

async fn command(command: Command) -> anyhow::Result<()> {
    // One TLS provider for whoever speaks TLS in this process; a second call finds it there.
    let _ = rustls::crypto::ring::default_provider().install_default();
    match command {
        Command::Run(args) => run::run(&args).await,
        Command::Clear(args) => clear::clear(&args),
        Command::Status(args) => status::status(&args).await,
        Command::Audit(args) => audit::audit(&args).await,
        Command::Attest(args) => attest::attest(&args).await,
        Command::Why(args) => why::why(&args).await,
        Command::Forward(args) => forward::forward(&args).await,
        Command::Offer(args) => offer::offer(&args).await,
        Command::Config(args) => settings::config(&args),
        Command::Keys(args) => keys::keys(&args),
        Command::Deploy(args) => deploy::run(&args).await,
        Command::Attach(args) => leases::attach(&args).await,
        Command::Detach(args) => leases::detach(&args).await,
        Command::Exec(args) => exec::exec(&args).await,
        Command::Demo(args) => demo::run(args).await,
        Command::Reputation(args) => reputation::reputation(&args).await,
        Command::Simulate(args) => simulate::simulate(&args),
    }
}
