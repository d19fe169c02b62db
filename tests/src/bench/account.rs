//! Accounts of the benchmarks' own chains inside this process.

use caplet_chain::Signer;
use sha2::{Digest as _, Sha256};

/// Bech32 prefix of the chain's addresses.
const PREFIX: &str = "wasm";

/// The account of a name, the same on every run.
pub(super) fn account(name: &str) -> anyhow::Result<Signer> {
    let secret: [u8; 32] = Sha256::digest(format!("caplet bench account {name}")).into();
    Ok(Signer::from_bytes(&secret, PREFIX)?)
}
