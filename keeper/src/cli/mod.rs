//! Commands and flags. A command is a file; each failure says what to do.

mod clear;
mod demo;
mod deploy;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Rent out what devices have to spare, for micro-payments.
#[derive(Debug, Parser)]
#[command(name = "caplet", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The whole market on this machine: chain, brokers, keepers, devices; ends with a report.
    Demo(demo::Args),
    /// Clears a book from a file, for comparison with other solvers.
    Clear(clear::Args),
    /// Puts the contracts on a chain and writes the deployment file.
    Deploy(deploy::Args),
}

/// Exit code of a command that failed; 2 is clap's for a wrong command line.
const FAILED: u8 = 1;

/// Runs the command line and returns the process's exit code: 0 done, 1 failed, 2 wrong usage.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match cli.command {
        Command::Demo(args) => block_on(demo::run(args)),
        Command::Clear(args) => clear::run(&args),
        Command::Deploy(args) => block_on(deploy::run(args)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("caplet: {error:#}");
            ExitCode::from(FAILED)
        }
    }
}

fn block_on(work: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    tokio::runtime::Runtime::new()?.block_on(work)
}

/// Logs to standard error, so that standard output stays for results.
fn log_to_stderr(default: &str) {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(default));
    // a second subscriber in one process is refused; the first one goes on
    let _ =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).try_init();
}
