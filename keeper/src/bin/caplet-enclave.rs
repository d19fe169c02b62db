//! `caplet-enclave`: what runs inside an enclave. It makes keys that stay there, says the enclave's consent, has the
//! hardware make a quote that binds the keys, and runs consumers' sealed programs over its standard input and output
//! for the keeper outside (`fabric.enclave`). `docs/attestation.md` has the sequence.

use anyhow::Context as _;
use caplet_attest::produce::{Gramine, QuoteProducer as _};
use caplet_attest::session::EnclaveKeys;
use caplet_fabric::kinds::jobs::serve;
use caplet_fabric_enclave::{Inside, Programs, Within};
use caplet_fabric_wasi::Machine;
use caplet_protocol::layout::QuoteBinding;
use caplet_protocol::{DeviceId, Domain};
use clap::{Args, Parser, Subcommand};
use serde_json::json;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The inside of an enclave that is let out.
#[derive(Debug, Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make the enclave's keys if there are none, and print their public halves.
    Keys(KeysArgs),
    /// Print the enclave's signature over its registration.
    Consent {
        #[command(flatten)]
        keys: KeysArgs,
        /// The device it works for.
        #[arg(long)]
        device: u32,
        /// Number of the registration, above the device's last.
        #[arg(long)]
        sequence: u64,
        /// The registry's domain, 64 hexadecimal digits.
        #[arg(long)]
        domain: String,
    },
    /// Have the hardware make a quote about a registration (Gramine).
    Quote {
        #[command(flatten)]
        keys: KeysArgs,
        /// The device it works for.
        #[arg(long)]
        device: u32,
        /// Height of the registration.
        #[arg(long)]
        height: u64,
        /// Hash of that block, 64 hexadecimal digits.
        #[arg(long)]
        block: String,
        /// The registry's domain, 64 hexadecimal digits.
        #[arg(long)]
        domain: String,
        /// Where the quote is put.
        #[arg(long)]
        out: PathBuf,
    },
    /// Serve sealed programs until standard input ends.
    Serve(KeysArgs),
}

#[derive(Debug, Args)]
struct KeysArgs {
    /// File of the secret keys: where only the enclave reads, such as Gramine's encrypted files.
    #[arg(long)]
    keys: PathBuf,
}

fn main() -> anyhow::Result<()> {
    match Cli::parse().command {
        Command::Keys(KeysArgs { keys }) => {
            let public = made(&keys)?.public();
            let (sealing, signing) = (hex::encode(public.sealing), hex::encode(public.signing));
            say(&json!({ "sealing": sealing, "signing": signing }))
        }
        Command::Consent { keys, device, sequence, domain } => {
            let domain = Domain(digits("domain", &domain)?);
            let consent = kept(&keys.keys)?.consent(DeviceId(device), sequence, &domain);
            say(&json!({ "consent": hex::encode(consent) }))
        }
        Command::Quote { keys, device, height, block, domain, out } => {
            let public = kept(&keys.keys)?.public();
            let binding = QuoteBinding {
                device: DeviceId(device),
                sealing: public.sealing,
                signing: public.signing,
                height,
                block: digits("block", &block)?,
            };
            let domain = Domain(digits("domain", &domain)?);
            let quote =
                Gramine::new(Path::new(Gramine::ROOT)).quote(&binding.report_data(&domain))?;
            fs::write(&out, quote).with_context(|| out.display().to_string())
        }
        Command::Serve(KeysArgs { keys }) => run(kept(&keys)?),
    }
}

#[tokio::main]
async fn run(keys: EnclaveKeys) -> anyhow::Result<()> {
    let inside = Inside::new(keys, Programs::new(Machine::new()?));
    let within = Arc::new(Within::new(Arc::new(inside)));
    Ok(serve(within, tokio::io::stdin(), tokio::io::stdout()).await?)
}

fn say(what: &serde_json::Value) -> anyhow::Result<()> {
    Ok(writeln!(std::io::stdout(), "{what}")?)
}

/// The keys of the file, made if there is none. They are on disk before anybody hears of them.
fn made(path: &Path) -> anyhow::Result<EnclaveKeys> {
    if path.exists() {
        return kept(path);
    }
    let keys = EnclaveKeys::generate()?;
    let mut options = OpenOptions::new();
    let opened = options.write(true).create_new(true).mode(0o600).open(path);
    let mut file = opened.with_context(|| format!("cannot make {}", path.display()))?;
    file.write_all(hex::encode(keys.to_bytes()).as_bytes())?;
    file.sync_all()?;
    Ok(keys)
}

fn kept(path: &Path) -> anyhow::Result<EnclaveKeys> {
    let text = fs::read_to_string(path).with_context(|| {
        format!("cannot read {}: make keys first, with `caplet-enclave keys`", path.display())
    })?;
    let keys = digits::<64>("file of keys", text.trim())?;
    Ok(EnclaveKeys::from_bytes(&keys))
}

fn digits<const N: usize>(what: &str, text: &str) -> anyhow::Result<[u8; N]> {
    let mut out = [0; N];
    let wanted = N.saturating_mul(2);
    hex::decode_to_slice(text, &mut out).with_context(|| {
        format!("the {what} has {} digits, {wanted} hexadecimal ones are wanted", text.len())
    })?;
    Ok(out)
}
