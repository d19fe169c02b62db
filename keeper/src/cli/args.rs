//! Every flag.

use super::demo;
use super::simulate;
use clap::{Args as ClapArgs, Parser, Subcommand};
use std::path::PathBuf;

/// Exit codes, as `--help` shows them.
const CODES: &str = "Exit codes: 0 done; 1 failed; 2 wrong flags, configuration or input file; \
3 chain, keeper or broker unreachable; 4 the chain refused a transaction. `exec` ends with its program's code.";

/// Devices rent out what they have spare, and are paid in micro-payments.
#[derive(Debug, Parser)]
#[command(name = "caplet", version, after_help = CODES)]
pub(super) struct Args {
    #[command(subcommand)]
    pub(super) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run a keeper until Ctrl-C.
    Run(RunArgs),
    /// Clear a book offline, with the proof that nothing better clears.
    Clear(ClearArgs),
    /// What a running keeper is doing, and where its chain stands.
    Status(StatusArgs),
    /// Make a lease of this gateway's devices local: a port, a folder, an address.
    Attach(AttachArgs),
    /// Take a lease away again; it stays open.
    Detach(DetachArgs),
    /// Run a program on a leased machine: a WASI module, a command in a container.
    Exec(ExecArgs),
    /// Compare store, vouchers and chain to the last unit, with a reason for each difference.
    Audit(AuditArgs),
    /// Verify the quote of a device's enclave and, as an attester, say so on chain.
    Attest(AttestArgs),
    /// Why a demand matched as it did, or not at all.
    Why(WhyArgs),
    /// What is thought of a device, and what would change it.
    Reputation(ReputationArgs),
    /// What lots cost ahead, and what stands behind it.
    Forward(StatusArgs),
    /// What to offer of what a device has to spare, and at what price.
    Offer(OfferArgs),
    /// Show the configuration.
    Config(ConfigArgs),
    /// Make a key file.
    Keys(KeysArgs),
    /// Put the contracts on a chain and write the deployment file.
    Deploy(DeployArgs),
    /// The whole path on embedded defaults: devices, markets, leases, money.
    Demo(demo::Args),
    /// What the mechanisms do over time, as a table and a plot.
    Simulate(simulate::Args),
}

impl Command {
    /// Whether a program reads the output.
    pub(super) const fn json(&self) -> bool {
        match self {
            Self::Run(args) => args.json,
            Self::Status(args) | Self::Forward(args) => args.json,
            Self::Attach(args) => args.json,
            Self::Detach(args) => args.json,
            Self::Exec(args) => args.json,
            Self::Audit(args) => args.json,
            Self::Why(args) => args.json,
            Self::Reputation(args) => args.json,
            Self::Offer(args) => args.json,
            Self::Config(args) => args.json(),
            Self::Demo(args) => args.json,
            Self::Simulate(args) => args.json(),
            Self::Attest(_) | Self::Clear(_) | Self::Keys(_) | Self::Deploy(_) => false,
        }
    }
}

/// Where the configuration comes from.
#[derive(Clone, Debug, ClapArgs)]
pub(super) struct Settings {
    /// TOML file; docs/caplet.example.toml has every key with its default.
    #[arg(long, short, env = "CAPLET_CONFIG", value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Set one key over file and environment, such as `log.filter=debug`. May be repeated.
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = key_value)]
    pub(super) set: Vec<(String, String)>,
}

fn key_value(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("write it as KEY=VALUE")?;
    Ok((key.trim().to_owned(), value.trim().to_owned()))
}

#[derive(Debug, ClapArgs)]
pub(super) struct RunArgs {
    #[command(flatten)]
    pub(super) settings: Settings,
    /// Print one JSON object when the keeper is ready.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, ClapArgs)]
pub(super) struct ClearArgs {
    /// Book to clear, in the format of docs/book-format.md; `-` reads standard input.
    #[arg(long, value_name = "FILE")]
    pub(super) book: PathBuf,
    /// Where the clearing goes; `-` writes standard output.
    #[arg(long, value_name = "FILE")]
    pub(super) out: PathBuf,
}

#[derive(Debug, ClapArgs)]
pub(super) struct StatusArgs {
    #[command(flatten)]
    pub(super) settings: Settings,
    /// `http://host:port` of the keeper; the configured exchange address when absent.
    #[arg(long, value_name = "URL")]
    pub(super) url: Option<String>,
    /// Print one JSON object.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, ClapArgs)]
pub(super) struct AttachArgs {
    #[command(flatten)]
    pub(super) settings: Settings,
    /// Number or alias of the lease; of several, with --spread.
    #[arg(value_name = "LEASE", required = true)]
    pub(super) leases: Vec<String>,
    /// Makes one store of several leases, any K of which restore it.
    #[arg(long, value_name = "K", conflicts_with_all = ["socks", "port", "tun"])]
    pub(super) spread: Option<usize>,
    /// Local name of that store. Attached again by its name with another lease in place of a lost one, it is repaired.
    #[arg(long = "as", value_name = "NAME", default_value = "spread")]
    pub(super) name: String,
    /// Folder on which a store is mounted.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["socks", "port", "tun"])]
    pub(super) mount: Option<PathBuf>,
    /// Local port of an uplink's proxy (SOCKS5 and HTTP CONNECT).
    #[arg(long, value_name = "PORT", conflicts_with = "port")]
    pub(super) socks: Option<u16>,
    /// Network interface (TUN) that leads to an uplink, beside its proxy. Needs CAP_NET_ADMIN at the keeper.
    #[arg(long, value_name = "NAME", conflicts_with = "port")]
    pub(super) tun: Option<String>,
    /// Network that is routed into the interface, as 192.0.2.0/24; may be repeated. None unless asked for.
    #[arg(long = "route", value_name = "NETWORK", requires = "tun")]
    pub(super) routes: Vec<String>,
    /// Local port of a TCP service.
    #[arg(long, value_name = "PORT")]
    pub(super) port: Option<u16>,
    /// Least milliseconds between readings of a sensor; its own rate when absent.
    #[arg(long, value_name = "MS", conflicts_with = "spread")]
    pub(super) interval: Option<u32>,
    /// Seconds of readings of a sensor that are kept; the whole lease when absent.
    #[arg(long, value_name = "SECONDS", conflicts_with = "spread")]
    pub(super) window: Option<u32>,
    /// `http://host:port` of the keeper's desk; the configured keeper's when absent.
    #[arg(long, value_name = "URL")]
    pub(super) url: Option<String>,
    /// Print one JSON object.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, ClapArgs)]
pub(super) struct DetachArgs {
    #[command(flatten)]
    pub(super) settings: Settings,
    /// Number or alias of the lease.
    pub(super) lease: String,
    /// `http://host:port` of the keeper's desk; the configured keeper's when absent.
    #[arg(long, value_name = "URL")]
    pub(super) url: Option<String>,
    /// Print one JSON object.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, ClapArgs)]
pub(super) struct ExecArgs {
    #[command(flatten)]
    pub(super) settings: Settings,
    /// Local name of the leased machine.
    pub(super) alias: String,
    /// What runs: a WASI module; for containers a tar of a root file system, or nothing for the provider's own.
    #[arg(value_name = "MODULE")]
    pub(super) module: Option<PathBuf>,
    /// Arguments of the program, in a container the command with its arguments, after `--`.
    #[arg(last = true)]
    pub(super) args: Vec<String>,
    /// Give it what comes on standard input; into a container it goes as it comes.
    #[arg(long)]
    pub(super) stdin: bool,
    /// Let it get out of its container, where the provider's list leads: only if the lease grants it.
    #[arg(long)]
    pub(super) network: bool,
    /// Environment of the program; may be given again.
    #[arg(long, value_name = "NAME=VALUE")]
    pub(super) env: Vec<String>,
    /// Most units it may cost; 0 for what the lease allows.
    #[arg(long, default_value_t = 0)]
    pub(super) units: u64,
    /// `http://host:port` of the keeper's desk; the configured keeper's when absent.
    #[arg(long, value_name = "URL")]
    pub(super) url: Option<String>,
    /// Print one JSON object.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, ClapArgs)]
pub(super) struct AuditArgs {
    #[command(flatten)]
    pub(super) settings: Settings,
    /// Print one JSON object.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, ClapArgs)]
pub(super) struct WhyArgs {
    #[command(flatten)]
    pub(super) settings: Settings,
    /// Number of the demand in its market.
    #[arg(value_name = "DEMAND")]
    pub(super) demand: u64,
    /// The market.
    #[arg(long, value_name = "NUMBER")]
    pub(super) market: u32,
    /// `http://host:port` of a keeper; the configured exchange address when absent.
    #[arg(long, value_name = "URL")]
    pub(super) url: Option<String>,
    /// Print one JSON object.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, ClapArgs)]
pub(super) struct AttestArgs {
    #[command(flatten)]
    pub(super) settings: Settings,
    /// The device.
    #[arg(value_name = "DEVICE")]
    pub(super) device: u32,
    /// Its enclave's quote.
    #[arg(long, value_name = "FILE")]
    pub(super) quote: PathBuf,
    /// Hash of the block that registered the enclave, if the configured node keeps it no more.
    #[arg(long, value_name = "HEX")]
    pub(super) block: Option<String>,
    /// The attester's key file.
    #[arg(long, value_name = "FILE")]
    pub(super) key: PathBuf,
    /// JSON; docs/attestation.md has the keys. Without it: up to date, no debug, any code, a week.
    #[arg(long, value_name = "FILE")]
    pub(super) policy: Option<PathBuf>,
    /// Where collateral is published.
    #[arg(long, value_name = "URL", default_value = "https://api.trustedservices.intel.com")]
    pub(super) pccs: String,
    /// A root of your own, DER: its quotes prove nothing. Needs --test-network and a policy marked `test`.
    #[arg(long, value_name = "FILE", requires = "test_network")]
    pub(super) test_root: Option<PathBuf>,
    /// This chain is a test network: nothing of worth is on it.
    #[arg(long)]
    pub(super) test_network: bool,
    /// Tell the registry; the key's account must be an attester.
    #[arg(long)]
    pub(super) submit: bool,
}

#[derive(Debug, ClapArgs)]
pub(super) struct ReputationArgs {
    #[command(flatten)]
    pub(super) settings: Settings,
    /// Number of the device.
    #[arg(value_name = "DEVICE")]
    pub(super) device: u32,
    /// `http://host:port` of a keeper; the configured exchange address when absent.
    #[arg(long, value_name = "URL")]
    pub(super) url: Option<String>,
    /// Print one JSON object.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, ClapArgs)]
pub(super) struct OfferArgs {
    #[command(flatten)]
    pub(super) settings: Settings,
    /// Size and price what is spare; the one policy there is.
    #[arg(long, required = true)]
    pub(super) spare: bool,
    /// The market.
    #[arg(long, value_name = "NUMBER")]
    pub(super) market: u32,
    /// Lots that the device can do at a time, its own use included.
    #[arg(long, value_name = "LOTS")]
    pub(super) capacity: u32,
    /// Lots that are always kept for the owner.
    #[arg(long, value_name = "LOTS", default_value_t = 0)]
    pub(super) keep: u32,
    /// Lots that the owner uses now; from this machine's load when absent.
    #[arg(long, value_name = "LOTS")]
    pub(super) own: Option<u32>,
    /// Lots let out now.
    #[arg(long, value_name = "LOTS", default_value_t = 0)]
    pub(super) let_out: u32,
    /// Share of the own use kept beside it for growth, in basis points.
    #[arg(long, value_name = "BPS", default_value_t = 2_500)]
    pub(super) headroom: u32,
    /// Least ask a lot, in base units.
    #[arg(long, value_name = "AMOUNT")]
    pub(super) least: u64,
    /// Greatest ask a lot, in base units.
    #[arg(long, value_name = "AMOUNT")]
    pub(super) most: u64,
    /// Declare the capacity of this device on the market's ledger first, as its owner.
    #[arg(long, value_name = "DEVICE", requires = "key")]
    pub(super) declare: Option<u32>,
    /// The owner's key file, to declare with.
    #[arg(long, value_name = "FILE")]
    pub(super) key: Option<PathBuf>,
    /// Prices that lots cleared at, oldest first, as `PRICE:LOTS`. May be repeated.
    #[arg(long, value_name = "PRICE:LOTS", value_parser = cleared)]
    pub(super) cleared: Vec<(u64, u32)>,
    /// `http://host:port` of a keeper; the configured exchange address when absent.
    #[arg(long, value_name = "URL")]
    pub(super) url: Option<String>,
    /// Print one JSON object.
    #[arg(long)]
    pub(super) json: bool,
}

fn cleared(text: &str) -> Result<(u64, u32), String> {
    let read = || {
        let (price, lots) = text.split_once(':')?;
        Some((price.parse().ok()?, lots.parse().ok()?))
    };
    read().ok_or_else(|| format!("write {text} as PRICE:LOTS, such as 120:3"))
}

#[derive(Debug, ClapArgs)]
pub(super) struct ConfigArgs {
    #[command(subcommand)]
    pub(super) command: ConfigCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum ConfigCommand {
    /// Print every key with its value.
    Show {
        #[command(flatten)]
        settings: Settings,
        /// Also say where each value came from.
        #[arg(long)]
        origin: bool,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
}

impl ConfigArgs {
    const fn json(&self) -> bool {
        let ConfigCommand::Show { json, .. } = &self.command;
        *json
    }
}

#[derive(Debug, ClapArgs)]
pub(super) struct KeysArgs {
    #[command(subcommand)]
    pub(super) command: KeysCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum KeysCommand {
    /// Write a fresh private key, 64 hexadecimal digits, readable by you alone, and print its address.
    New {
        /// File to make; one that is there is left alone.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// Bech32 prefix of the address shown.
        #[arg(long, default_value = "wasm")]
        prefix: String,
    },
}

#[derive(Debug, ClapArgs)]
pub(super) struct DeployArgs {
    /// RPC address of a node.
    #[arg(long, value_name = "URL")]
    pub(super) rpc: String,
    /// File with the private key of the account that pays, and owns the contracts.
    #[arg(long, value_name = "FILE")]
    pub(super) key: PathBuf,
    /// What to deploy, as JSON; the local network's when absent.
    #[arg(long, value_name = "FILE")]
    pub(super) spec: Option<PathBuf>,
    /// Account that holds the local network's token. May be repeated.
    #[arg(long, value_name = "ADDRESS")]
    pub(super) holder: Vec<String>,
    /// Folder of the optimised contracts.
    #[arg(long, value_name = "DIR", default_value = "artifacts")]
    pub(super) artifacts: PathBuf,
    /// Deployment file to write.
    #[arg(long, value_name = "FILE", default_value = "deployment.json")]
    pub(super) out: PathBuf,
    /// Bech32 prefix of addresses.
    #[arg(long, default_value = "wasm")]
    pub(super) prefix: String,
    /// Price of a unit of gas.
    #[arg(long, default_value = "0.025ucap")]
    pub(super) gas_price: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_hangs_together() {
        Args::command().debug_assert();
    }

    #[test]
    fn a_setting_without_a_value_is_refused() {
        let refused = Args::try_parse_from(["caplet", "run", "--set", "log.filter"]).unwrap_err();
        assert!(refused.to_string().contains("KEY=VALUE"), "{refused}");
    }
}
